"""`cockpit schema`: the JSON Schema (draft 2020-12) of a profile's TOML form, for editors.

It describes each installed kind's settings and carries the docstrings of the model. It is looser than `check`, which is
the authority: a file that extends another may leave out what it inherits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from cockpit.profile.cel_words import RESERVED
from cockpit.profile.kinds import Kinds, ProbeKind, Settings, StepKind
from cockpit.profile.model import (
    Language,
    Level,
    Phase,
    PhaseOrder,
    Probe,
    Profile,
    Risk,
    Role,
    RollbackPlan,
    Stage,
    Step,
    Variable,
    Window,
)
from cockpit.profile.schema_around import around
from cockpit.profile.schema_parts import (
    CONDITIONS,
    DURATION,
    FLAG,
    ID,
    PLACING,
    TEXT,
    Schema,
    field_docs,
    items_of,
    object_of,
    texts,
    words,
)
from cockpit.profile.window import DAYS

_Kind = TypeVar("_Kind", ProbeKind, StepKind)
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MOMENT: Schema = {"type": "string", "description": '"HH:MM", or a date-time such as "2026-03-01T22:00".'}


def schema(kinds: Kinds) -> Schema:
    """Return the schema for profiles that use the kinds given."""
    definitions: dict[str, object] = {}
    step = _step(kinds.steps, definitions)
    return {
        "$schema": _DIALECT,
        "title": "cockpit profile",
        **object_of(
            Profile,
            {
                "id": ID,
                "environment": TEXT,
                "title": TEXT,
                "description": TEXT,
                "production": FLAG,
                "requests_per_s": {"type": "number", "exclusiveMinimum": 0},
                "extends": _extends(),
                "partial": {"type": "boolean", "description": "Only a base: checked leniently, and never run."},
                "window": _window(),
                "variables": {"type": "object", "additionalProperties": _variable()},
                "roles": items_of(object_of(Role, {"id": ID, "title": TEXT, "people": texts(), "contact": TEXT})),
                "probes": items_of(_probe(kinds.probes, definitions)),
                "phases": items_of(object_of(Phase, _phase(step))),
                "rollbacks": items_of(_plan(step)),
                **around(),
            },
        ),
        "$defs": definitions,
    }


def schema_json(kinds: Kinds) -> str:
    """Return the schema as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(schema(kinds)), indent=2).decode() + "\n"


def _extends() -> Schema:
    return {**texts(), "description": "The profile, or profiles, this one is laid over: paths relative to this file."}


def _window() -> Schema:
    properties: dict[str, Schema] = {
        "start": _MOMENT, "end": _MOMENT, "timezone": TEXT, "days": texts(DAYS),
        "reserve": DURATION, "rollback_estimate": DURATION, "remove": PLACING["remove"],
    }  # fmt: skip
    return object_of(Window, properties)


def _variable() -> Schema:
    keys = ("value", "env", "prompt", "default", "pattern", "description")
    return object_of(Variable, {**dict.fromkeys(keys, TEXT), "secret": FLAG, "remove": PLACING["remove"]})


def _probe(kinds: Mapping[str, ProbeKind], definitions: dict[str, object]) -> Schema:
    properties: dict[str, Schema] = {
        "id": {**ID, "not": {"enum": sorted(RESERVED)}}, "kind": _kind_names(kinds), "title": TEXT,
        "interval": DURATION, "timeout": DURATION, "fail_after": {"type": "integer", "minimum": 1},
        "on_demand": FLAG, "pass": CONDITIONS, "warn": CONDITIONS, "fail": CONDITIONS, "value": TEXT,
        "unit": TEXT,
    }  # fmt: skip
    return {**object_of(Probe, properties, closed=False), **_by_kind("probe", kinds, definitions, default="")}


def _step(kinds: Mapping[str, StepKind], definitions: dict[str, object]) -> Schema:
    properties: dict[str, Schema] = {
        "id": ID, "title": TEXT, "kind": _kind_names(kinds), "instructions": TEXT, "command": TEXT,
        "gate": CONDITIONS, "requires": CONDITIONS, "only_if": CONDITIONS, "estimate": DURATION,
        "risk": words(Risk), "level": words(Level), "owner": TEXT, "rollback": TEXT, "on_failure": TEXT,
        "claimed": TEXT, "undoes": texts(), "language": words(Language), "source": TEXT,
    }  # fmt: skip
    return {**object_of(Step, properties, closed=False), **_by_kind("step", kinds, definitions, default="confirm")}


def _phase(step: Schema) -> dict[str, Schema]:
    return {
        "id": ID, "title": TEXT, "gate": CONDITIONS, "exit": CONDITIONS, "order": words(PhaseOrder),
        "stage": words(Stage), "description": TEXT, "steps": items_of(step),
    }  # fmt: skip


def _plan(step: Schema) -> Schema:
    undo: Schema = {
        "type": "boolean",
        "description": "Make a step of the `undo` of every step of the walk, in reverse order, before its own steps.",
    }
    properties: dict[str, Schema] = {
        "id": ID, "title": TEXT, "when": CONDITIONS, "description": TEXT, "data_loss": TEXT,
        "phases": items_of(object_of(Phase, {**_phase(step), "undo": undo})),
    }  # fmt: skip
    return object_of(RollbackPlan, properties)


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
