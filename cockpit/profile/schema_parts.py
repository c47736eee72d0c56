"""What the schema is built of: the types of TOML values, and objects described by the model's docstrings."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Mapping
from itertools import pairwise

import msgspec

from cockpit.profile.durations import EXPECTED
from cockpit.profile.model import Value
from cockpit.profile.show import toml_key

Schema = dict[str, object]
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
DURATION: Schema = {
    "anyOf": [{"type": "string", "pattern": r"^([0-9.]+(w|d|h|ms|m|s) ?)+$"}, {"type": "number", "minimum": 0}],
    "description": EXPECTED,
}
CONDITIONS: Schema = {
    "anyOf": [TEXT, {"type": "array", "items": TEXT}],
    "description": "Conditions in CEL, all of them; a single one may stand without brackets.",
}
ID: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "maxLength": 64}
PLACING: Mapping[str, Schema] = {
    "remove": {"const": True, "description": "Take the inherited item of this id out."},
    "before": {**TEXT, "description": "Place the item before the one of this id."},
    "after": {**TEXT, "description": "Place the item after the one of this id."},
}


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


def object_of(struct: type[Value], properties: Mapping[str, Schema], *, closed: bool = True) -> Schema:
    """A table, described by the docstrings of the struct that it becomes."""
    return {
        "type": "object",
        "description": inspect.cleandoc(struct.__doc__ or ""),
        "properties": _described(struct, properties),
        **({"additionalProperties": False} if closed else {}),
    }


def items_of(item: Schema) -> Schema:
    """An array of tables that merge by id."""
    placed = {**item, "required": ["id"], "properties": {**_mapping(item["properties"]), **PLACING}}
    return {"type": "array", "items": placed}


def _mapping(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, Mapping) else {}


def texts(among: Iterable[str] = ()) -> Schema:
    """Texts; a single one may stand without brackets."""
    item: Schema = {"enum": list(among)} if among else TEXT
    return {"anyOf": [item, {"type": "array", "items": item}]}


def words(literal: object) -> Schema:
    """One of the words of a `Literal`."""
    schema: Schema = msgspec.json.schema(literal)
    return schema
