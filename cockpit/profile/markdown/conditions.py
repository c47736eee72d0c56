"""Conditions in words, for readers who do not know the conditions' language.

Only what is certain is said: comparisons, joined by `&&`, of a probe, a recorded value or a time since a step with a
literal. Of everything else nothing is said, and the condition stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cockpit.profile.markdown.words import lasting

_COMPARED = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\s*(?P<sign>==|!=|<=|>=|<|>)\s*"
    r"(?P<value>-?\d{1,18}(?:\.\d{1,18})?|true|false|'[^'\\\n]{0,200}'|\"[^\"\\\n]{0,200}\")"
)
_BARE = re.compile(r"(?P<no>!?)(?P<name>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)")
_SIGNS = {
    "==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"
}  # fmt: skip
_STATES = {"passing": ("passes", "does not pass")}
_LONGEST = 500


def meant(condition: str, probes: Mapping[str, str], called: Mapping[str, str]) -> str:
    """What a condition says, in words; empty: it cannot be told for certain.

    `probes` are titles by id, `called` the names of steps by id. Parts of the language that would need brackets
    (`||`, `? :`, calls) are left alone.
    """
    if len(condition) > _LONGEST:
        return ""
    said = [_part(part.strip(), probes, called) for part in condition.split("&&")]
    return " and ".join(said) if all(said) else ""


def _part(part: str, probes: Mapping[str, str], called: Mapping[str, str]) -> str:
    if found := _COMPARED.fullmatch(part):
        return _compared(found["name"], found["sign"], found["value"], probes, called)
    found = _BARE.fullmatch(part)
    if found is None:
        return ""
    name, _, field = found["name"].partition(".")
    if name not in probes:
        return ""
    if field in _STATES:
        return f"“{probes[name]}” {_STATES[field][1 if found['no'] else 0]}"
    return "" if field else f"“{probes[name]}” is {'not true' if found['no'] else 'true'}"


def _compared(name: str, sign: str, value: str, probes: Mapping[str, str], called: Mapping[str, str]) -> str:
    first, _, field = name.partition(".")
    literal = value.strip("'\"")
    if first == "since" and field in called:
        if sign in ("==", "!=") or not re.fullmatch(r"\d+(\.\d+)?", value):
            return ""
        than = {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least"}[sign]
        return f"{than} {lasting(float(value))} since {called[field]}"
    if first == "recorded" and field:
        return f"what was recorded as “{called.get(field, field)}” {_SIGNS[sign]} {literal or 'empty'}"
    if first not in probes:
        return ""
    if not field:
        return f"“{probes[first]}” {_SIGNS[sign]} {_number(literal) or 'empty'}"
    if field == "latency_ms":
        return f"“{probes[first]}” answers in a time that {_SIGNS[sign]} {_number(literal)} ms"
    if field == "status":
        return f"the status of “{probes[first]}” {_SIGNS[sign]} {literal}"
    return ""


def _number(literal: str) -> str:
    return literal.removesuffix(".0") if re.fullmatch(r"-?\d+\.0", literal) else literal
