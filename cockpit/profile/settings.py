"""A kind's own settings: taken out of the flat table of a probe or step, and checked against the kind's declaration.

Every field is converted on its own, so that all problems are found; the kind's own judgement (`problems`) is asked for
only when every field is right.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, get_args, get_origin

import msgspec

from cockpit.patterns import late
from cockpit.profile import durations
from cockpit.profile.fields import Fields
from cockpit.profile.kinds import Settings
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.problems import nearest, one_of
from cockpit.profile.references import REFERENCE, fill, fill_within

_AT = late(r" - at `(?:key in )?\$(.*?)`$")
_GOT = late(r"^Expected `(.+?)`(.*), got `(.+?)`$")
_QUOTED = late(r"`([a-z_][a-z0-9_]*)")
_PLAIN_WORDS = {"str": "a string", "int": "a whole number", "float": "a number", "bool": "true or false",
                "object": "a table", "array": "an array", "null": "nothing"}  # fmt: skip


def take_settings(
    fields: Fields, declared: type[Settings], findings: Findings
) -> tuple[dict[str, object], Settings | None]:
    """Take the settings out of `fields`, as written but with durations in seconds; and typed, if all are right."""
    settings: dict[str, object] = {}
    right = True
    for field in msgspec.structs.fields(declared):
        node = fields.take(field.encode_name, required=field.required, expected=_expected(field.type))
        if node is None:
            right = right and not field.required
            continue
        if (dated := _dated(node)) is not None:
            findings.add(dated, f"`{field.encode_name}` holds a date", expected="a string")
            right = False
            continue
        value = node.plain()
        if field.name.endswith("_s") and isinstance(value, str):
            value = durations.seconds(value)
            if value is None:
                fields.wrong(node, field.encode_name, durations.EXPECTED)
                right = False
                continue
        try:
            msgspec.convert(value, field.type)
        except msgspec.ValidationError as error:
            _wrong_type(node, field.encode_name, field.type, str(error), findings)
            right = False
            continue
        _unknown_below(node, field.type, field.encode_name, findings)
        settings[field.encode_name] = value
    return settings, _typed(fields, declared, settings, findings) if right else None


def _typed(
    fields: Fields, declared: type[Settings], settings: dict[str, object], findings: Findings
) -> Settings | None:
    try:
        return msgspec.convert(settings, declared)
    except msgspec.ValidationError as error:  # a struct may check its fields together
        findings.add(_named(fields.node, str(error)), f"{fields.what}: {error}")
        return None


def judge_settings(
    node: Node,
    what: str,
    settings: Mapping[str, object],
    declared: type[Settings],
    problems: Callable[[Settings], tuple[str, ...]],
    values: Mapping[str, str],
    findings: Findings,
    *,
    together: bool = False,
) -> Settings | None:
    """Ask the kind what is wrong with settings, their references filled in from `values`.

    What it says about a setting with a reference that cannot be filled yet is left aside; with `together` not if it
    also names a setting without one. Returns the typed settings only if every reference is filled.
    """
    filled = filled_settings(settings, values)
    open_keys = {key for key, value in filled.items() if REFERENCE.search(repr(value))}
    if typed_settings(settings, declared) is None:
        return None
    try:
        typed = msgspec.convert(filled, declared)
    except msgspec.ValidationError as error:
        if not open_keys:
            findings.add(_named(node, str(error)), f"{what}: {error}")
        return None
    for sentence in problems(typed):
        named = set(_QUOTED.findall(sentence)) & set(node.table)
        is_settled = not named <= open_keys if together else named and not named & open_keys
        if not open_keys or is_settled:
            findings.add(_named(node, sentence), f"{what}: {sentence}")
    return None if open_keys else typed


def typed_settings(settings: Mapping[str, object], declared: type[Settings]) -> Settings | None:
    """Return settings as their kind declares them, or `None` if they do not fit."""
    try:
        return msgspec.convert(settings, declared)
    except msgspec.ValidationError:  # whoever took them has said so
        return None


def filled_settings(settings: Mapping[str, object], values: Mapping[str, str]) -> dict[str, object]:
    """Return settings with every reference to one of `values` filled in; others stay."""
    return {key: fill_within(below, lambda text: fill(text, values)) for key, below in settings.items()}


def _named(node: Node, sentence: str) -> Node:
    """The value of the first key that a sentence names in backquotes; else the table."""
    return next((node.table[name] for name in _QUOTED.findall(sentence) if name in node.table), node)


def _dated(node: Node) -> Node | None:
    return next((below for below in node.walk() if isinstance(below.value, dt.date | dt.time)), None)


def _unknown_below(node: Node, type_: object, key: str, findings: Findings) -> None:
    """Report keys that the structs of a setting do not have: structs of the model take those of newer versions."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        known = [field.encode_name for field in msgspec.structs.fields(type_)]
        for name, below in node.table.items():
            if name not in known:
                near = nearest(name, known)
                expected = "" if near else one_of(known)
                findings.add(below, f"`{key}` has no key `{name}`", key=True, expected=expected, nearest=near)
        return
    for inner in get_args(type_):
        for item in node.items:
            _unknown_below(item, inner, key, findings)


def _wrong_type(node: Node, key: str, type_: object, said: str, findings: Findings) -> None:
    if (at := _AT.search(said)) is not None:
        said = said[: at.start()]
        for part in re.findall(r"\[(\d+|\.\.\.)\]|\.(\w+)", at[1]):
            step = part[1] or part[0]
            node = node.find(int(step) if step.isdigit() else step)
    if (got := _GOT.match(said)) is not None:
        wanted = " or ".join(_PLAIN_WORDS.get(word, word) for word in got[1].split(" | "))
        findings.add(node, f"`{key}` is {_PLAIN_WORDS.get(got[3], got[3])}", expected=wanted + got[2])
    elif said.startswith("Expected "):
        findings.add(node, f"`{key}` does not fit", expected=said.removeprefix("Expected "))
    elif isinstance(node.value, str) and (words := [word for word in _words(type_) if isinstance(word, str)]):
        said, near = f"`{key}` cannot be `{node.value}`", nearest(node.value, words)
        findings.add(node, said, expected=one_of(words), nearest=near)
    else:
        findings.add(node, f"`{key}`: {said}")


def _words(type_: object) -> Iterator[object]:
    """The words of every `Literal` in a type."""
    for below in get_args(type_):
        if get_origin(type_) is Literal:
            yield below
        else:
            yield from _words(below)


def _expected(type_: object) -> str:
    names = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(type_, "") if isinstance(type_, type) else ""
