"""Sample answers in runbooks as conditions of the probe that asks.

Only what says how the system is becomes a condition: a good word (`"status": "healthy"`), a count of what is wrong that
is 0, a percentage that is 100, a flag that is true. Times, versions, ids and totals differ every time.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

from cockpit.importing.answers import ANSWERS, all_of, from_prose, member, quoted

_GOOD = re.compile(
    r"healthy|ok|okay|up|connected|operational|active|ready|running|pass|passed|passing|success|successful|succeeded"
    r"|alive|available|online|green|enabled|completed?|pong|valid|synced|in_sync|normal|serving|started|live|applied"
    r"|accepting|open",
    re.IGNORECASE,
)
_WRONG = re.compile(
    r"(?:^|_)(?:errors?|missing|fail(?:ed|ures?|ing)?|unhealthy|dead|broken|invalid|orphan(?:ed|s)?|stale|lost|dropped"
    r"|rejected|conflicts?|mismatch(?:es|ed)?|degraded|critical|violations?|pending_migrations|duplicates?)(?:_|$)"
)
_FULL = re.compile(r"(?:percent(?:age)?|pct|rate|ratio|coverage|completeness)$|^(?:percent|pct)_")
_FLAGS = re.compile(
    r"^(?:ok|ready|healthy|up|alive|connected|success|valid|live|available|enabled|initialized|synced)$|^(?:is|has)_"
)
_DEEPEST, _MOST, _LONGEST = 8, 40, 64 << 10
_LINE_COMMENT = re.compile(r"^\s*(?:#|//).*$")
_TRAILING = re.compile(r",(\s*[}\]])")


def answer(body: str) -> dict[str, object] | list[object] | None:
    """The JSON (or Python) value that a text is, comments taken off; None if it is none, or is no object."""
    if len(body) > _LONGEST:
        return None
    text = "\n".join(line for line in body.split("\n") if not _LINE_COMMENT.match(line)).strip()
    if text.startswith("HTTP/"):
        text = text.partition("\n\n")[2].strip()
    if not text.startswith(("{", "[")) or not text.endswith(("}", "]")):
        return None
    try:
        found = json.loads(_TRAILING.sub(r"\1", text))
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            return None
    return found if isinstance(found, dict | list) else None


def conditions(value: object) -> tuple[str, ...]:
    """What a sample answer says of how the system is, at most 40 conditions."""
    found: list[str] = []
    for condition in _conditions(value, ()):
        found.append(condition)
        if len(found) == _MOST:
            break
    return tuple(found)


def said_of(text: str) -> tuple[str, ...]:
    """Conditions of what came back in a recorded terminal, or is told to: JSON, a status line, one good word."""
    value = answer(text)
    if value is not None:
        return all_of(conditions(value))
    words = text.split()
    if len(words) == 1 and _GOOD.fullmatch(words[0].strip(".\"'")):
        return (ANSWERS, f"text.contains({quoted(words[0].strip('.'))})")
    return from_prose(text.split("\n")[:20])


def keys(value: object, depth: int = 0) -> Iterator[str]:
    """Every key's words."""
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, inner in value.items():
            yield str(key)
            yield from keys(inner, depth + 1)


def _conditions(value: object, path: tuple[str | int, ...]) -> Iterator[str]:
    if isinstance(value, dict) and len(path) < _DEEPEST:
        for key, inner in value.items():
            if isinstance(key, str) and 0 < len(key) <= 80:
                yield from _conditions(inner, (*path, key))
    elif isinstance(value, list) and path:
        yield from _of_list(value, path)
    elif path and isinstance(path[-1], str):
        said = _of_value(path[-1].lower().replace("-", "_"), value)
        if said:
            yield f"{member(path)} == {said}"


def _of_value(key: str, value: object) -> str:
    """What a value has to be, as CEL; empty: nothing is asked of it."""
    wrong = bool(_WRONG.search(re.sub(r"([a-z])([A-Z])", r"\1_\2", key)))
    match value:
        case bool():
            return "true" if value and not wrong and _FLAGS.search(key) else "false" if not value and wrong else ""
        case str():
            return quoted(value) if _GOOD.fullmatch(value) else ""
        case int() | float():
            if wrong and value == 0:
                return "0"
            return "100" if _FULL.search(key) and value == 100 else ""
        case None:
            return "null" if wrong else ""
    return ""


def _of_list(value: list[object], path: tuple[str | int, ...]) -> Iterator[str]:
    """An empty list of what is wrong stays empty; in a list of parts that all are well, all are."""
    if not value and isinstance(path[-1], str) and _WRONG.search(path[-1].lower()):
        yield f"size({member(path)}) == 0"
    parts = [each for each in value if isinstance(each, dict)]
    if parts and len(parts) == len(value):
        for key in parts[0]:
            said = {_of_value(str(key).lower(), each.get(key)) for each in parts}
            if len(said) == 1 and (only := said.pop()):
                inner = member((str(key),)).removeprefix("json")
                yield f"{member(path)}.all(part, part{inner} == {only})"
