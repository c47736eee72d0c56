"""`cockpit schema`: the JSON Schema (draft 2020-12) of a profile's TOML form, for editors.

It describes each installed kind's settings and carries the docstrings of the model. It is looser than `check`, which is
the authority: a file that extends another may leave out what it inherits.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TypeVar

import msgspec

from cockpit.profile.cel_words import RESERVED
from cockpit.profile.durations import EXPECTED
from cockpit.profile.kinds import Kinds, ProbeKind, Settings, StepKind
from cockpit.profile.model import Level, Phase, Probe, Profile, Risk, Role, Step, Value, Variable, Window
from cockpit.profile.show import toml_key
from cockpit.profile.window import DAYS

Schema = dict[str, object]
_Kind = TypeVar("_Kind", ProbeKind, StepKind)
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_DURATION: Schema = {
    "anyOf": [{"type": "string", "pattern": r"^([0-9.]+(d|h|ms|m|s) ?)+$"}, {"type": "number", "minimum": 0}],
    "description": EXPECTED,
}
_CONDITIONS: Schema = {
    "anyOf": [_TEXT, {"type": "array", "items": _TEXT}],
    "description": "Conditions in CEL, all of them; a single one may stand without brackets.",
}
_ID: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "maxLength": 64}
_MOMENT: Schema = {"type": "string", "description": '"HH:MM", or a date-time such as "2026-03-01T22:00".'}
_PLACING: Mapping[str, Schema] = {
    "remove": {"const": True, "description": "Take the inherited item of this id out."},
    "before": {**_TEXT, "description": "Place the item before the one of this id."},
    "after": {**_TEXT, "description": "Place the item after the one of this id."},
}


def schema(kinds: Kinds) -> Schema:
    """Return the schema for profiles that use the kinds given."""
    definitions: dict[str, object] = {}
    return {
        "$schema": _DIALECT,
        "title": "cockpit profile",
        **_object(
            Profile,
            {
                "id": _ID,
                "environment": _TEXT,
                "title": _TEXT,
                "description": _TEXT,
                "production": _FLAG,
                "requests_per_s": {"type": "number", "exclusiveMinimum": 0},
                "extends": _extends(),
                "partial": {"type": "boolean", "description": "Only a base: checked leniently, and never run."},
                "window": _window(),
                "variables": {"type": "object", "additionalProperties": _variable()},
                "roles": _items(_object(Role, {"id": _ID, "title": _TEXT, "people": _texts(), "contact": _TEXT})),
                "probes": _items(_probe(kinds.probes, definitions)),
                "phases": _items(_phase(kinds.steps, definitions)),
            },
        ),
        "$defs": definitions,
    }


def schema_json(kinds: Kinds) -> str:
    """Return the schema as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(schema(kinds)), indent=2).decode() + "\n"


def field_docs(struct: type) -> dict[str, str]:
    """Return the docstrings written under a struct's fields, by field name; none where there is no source."""
    try:
        source = textwrap.dedent(inspect.getsource(struct))
    except (OSError, TypeError):
        return {}
    (body,) = (node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    docs: dict[str, str] = {}
    for field, doc in pairwise(body):
        match field, doc:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                docs[name] = inspect.cleandoc(text)
    return docs


def _described(struct: type, properties: Mapping[str, object]) -> dict[str, object]:
    docs = {toml_key(name): doc for name, doc in field_docs(struct).items()}
    return {
        key: {**value, "description": docs[key]} if key in docs and isinstance(value, dict) else value
        for key, value in properties.items()
    }


def _object(struct: type[Value], properties: Mapping[str, Schema], *, closed: bool = True) -> Schema:
    return {
        "type": "object",
        "description": inspect.cleandoc(struct.__doc__ or ""),
        "properties": _described(struct, properties),
        **({"additionalProperties": False} if closed else {}),
    }


def _items(item: Schema) -> Schema:
    placed = {**item, "required": ["id"], "properties": {**_mapping(item["properties"]), **_PLACING}}
    return {"type": "array", "items": placed}


def _mapping(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, Mapping) else {}


def _texts(words: Iterable[str] = ()) -> Schema:
    item: Schema = {"enum": list(words)} if words else _TEXT
    return {"anyOf": [item, {"type": "array", "items": item}]}


def _extends() -> Schema:
    return {**_texts(), "description": "The profile, or profiles, this one is laid over: paths relative to this file."}


def _window() -> Schema:
    properties: dict[str, Schema] = {
        "start": _MOMENT, "end": _MOMENT, "timezone": _TEXT, "days": _texts(DAYS),
        "reserve": _DURATION, "rollback_estimate": _DURATION, "remove": _PLACING["remove"],
    }  # fmt: skip
    return _object(Window, properties)


def _variable() -> Schema:
    keys = ("value", "env", "prompt", "default", "pattern", "description")
    return _object(Variable, {**dict.fromkeys(keys, _TEXT), "secret": _FLAG, "remove": _PLACING["remove"]})


def _probe(kinds: Mapping[str, ProbeKind], definitions: dict[str, object]) -> Schema:
    properties: dict[str, Schema] = {
        "id": {**_ID, "not": {"enum": sorted(RESERVED)}}, "kind": _kind_names(kinds), "title": _TEXT,
        "interval": _DURATION, "timeout": _DURATION, "fail_after": {"type": "integer", "minimum": 1},
        "on_demand": _FLAG, "pass": _CONDITIONS, "warn": _CONDITIONS, "fail": _CONDITIONS, "value": _TEXT,
        "unit": _TEXT,
    }  # fmt: skip
    return {**_object(Probe, properties, closed=False), **_by_kind("probe", kinds, definitions, default="")}


def _phase(kinds: Mapping[str, StepKind], definitions: dict[str, object]) -> Schema:
    words = msgspec.json.schema(tuple[Risk, Level])["prefixItems"]
    properties: dict[str, Schema] = {
        "id": _ID, "title": _TEXT, "kind": _kind_names(kinds), "instructions": _TEXT, "command": _TEXT,
        "gate": _CONDITIONS, "estimate": _DURATION, "risk": words[0], "level": words[1], "owner": _TEXT,
        "rollback": _TEXT,
    }  # fmt: skip
    step = {**_object(Step, properties, closed=False), **_by_kind("step", kinds, definitions, default="confirm")}
    phase: dict[str, Schema] = {
        "id": _ID, "title": _TEXT, "gate": _CONDITIONS, "description": _TEXT, "steps": _items(step),
    }  # fmt: skip
    return _object(Phase, phase)


def _kind_names(kinds: Mapping[str, _Kind]) -> Schema:
    docs = [f"`{kind.name}`: {kind.doc}" for kind in kinds.values()]
    return {"enum": sorted(kinds), "description": "\n".join(sorted(docs))}


def _by_kind(what: str, kinds: Mapping[str, _Kind], definitions: dict[str, object], *, default: str) -> Schema:
    """The settings of each kind, valid beside the common keys once `kind` says so."""
    branches = []
    for kind in sorted(kinds.values(), key=lambda kind: kind.name):
        name = f"{what}_{kind.name}"
        definitions[name] = _settings(kind.settings, definitions)
        is_kind: Schema = {"properties": {"kind": {"const": kind.name}}}
        if kind.name != default:
            is_kind["required"] = ["kind"]
        branches.append({"if": is_kind, "then": {"$ref": f"#/$defs/{name}"}})
    return {"allOf": branches, "unevaluatedProperties": False}


def _settings(struct: type[Settings], definitions: dict[str, object]) -> Schema:
    (_,), components = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    own = components.pop(struct.__name__)
    definitions.update(components)
    properties = dict(own.get("properties", {}))
    docs = field_docs(struct)
    for field in msgspec.structs.fields(struct):
        below = properties[field.encode_name]
        if field.name.endswith("_s") and "type" in below:  # written as a duration, or as a number of seconds
            below = {**below, "type": ["string", below["type"]]}
        properties[field.encode_name] = {**below, "description": docs[field.name]} if field.name in docs else below
    return {"type": "object", "description": own.get("description", ""), "properties": properties}
