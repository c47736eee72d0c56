"""All that a log never holds, looked for line by line: slower than the chain, and stricter than counting is.

A line that breaks one of these rules still counts: who wrote it was no cockpit, or one with a fault. Readers may
disagree about what such a line says, so an auditor wants to know of it. Memory does not grow with the log.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from msgspec import Struct

from cockpit.audit.beyond import lines_of
from cockpit.audit.chain import Recovery
from cockpit.audit.line import event_of, open_envelope
from cockpit.errors import LogError
from cockpit.patterns import late
from cockpit.run.events import BODIES, RunStarted
from cockpit.text import shortened

MOST = 100
"""So many are told."""
DEEPEST = 100
"""Levels of nesting, the line itself being the first."""
KEYS = ("v", "run", "seq", "prev", "class", "type", "id", "at", "boot", "mono", "actor", "data")
_AT = late(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_ID = late(r"[0-9A-Z]{26}")
_STRING = late(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET = late(rb"[\[\]{}]")
_SPACE = late(rb"[ \t\r]")
_ESCAPED = late(rb"\\u(?:0000|[dD][89a-fA-F])")
"""Perhaps U+0000, perhaps a half of a surrogate pair; perhaps neither."""
_NEVER = late("[\x00\ud800-\udfff]")


class Breach(Struct, frozen=True):
    """A line that holds what is never written."""

    line: int
    what: str
    """One sentence, which names the line and, if it is about one, the key."""


def find_breaches(fd: int, end: int, torn: Sequence[Recovery] = ()) -> list[Breach]:
    """Look through all lines up to byte `end` but those that were stepped over; tell at most `MOST` breaches."""
    found: list[Breach] = []
    for number, (offset, text) in enumerate(lines_of(fd, 0, end), 1):
        if text is None or any(each.offset <= offset < each.offset + each.length for each in torn):
            continue
        for what in breaches(text, is_first=number == 1):
            if len(found) == MOST:
                return [*found, Breach(number, f"line {number} and those after it were not looked at: there is more")]
            found.append(Breach(number, f"line {number} {what}"))
    return found


def breaches(text: bytes, *, is_first: bool = False) -> Iterator[str]:
    """What one line (no newline) holds that is never written, as predicates; nothing for what is no event at all."""
    twice: dict[str, None] = {}
    try:
        line = json.loads(text.decode(), object_pairs_hook=lambda pairs: _noted(pairs, twice))
    except (ValueError, RecursionError):
        return
    if not isinstance(line, dict) or not line.keys() >= set(KEYS):
        return
    yield from (f"gives the key `{shortened(key, 60)}` twice in one object" for key in twice)
    if tuple(line)[: len(KEYS)] != KEYS:
        yield "does not have its keys in the order of the format"
    if _SPACE.search(_STRING.sub(b"", text)):
        yield "has space between its tokens"
    if _depth(text) > DEEPEST:
        yield f"is nested deeper than {DEEPEST} levels"
    if _ESCAPED.search(text) and (key := _never_written(line)) is not None:
        yield f"holds U+0000 or a lone surrogate, at the key `{shortened(key, 60)}`"
    if not isinstance(line["at"], str) or not _AT.fullmatch(line["at"]):
        yield f"does not give its time (`at`) in UTC with six decimals: {shortened(str(line['at']), 60)}"
    if not isinstance(line["id"], str) or not _ID.fullmatch(line["id"]):
        yield f"has an `id` that is not 26 of 0-9 A-Z: {shortened(str(line['id']), 60)}"
    if is_first and line["type"] != RunStarted.type:
        yield f"is {shortened(str(line['type']), 60)}, but a log begins with {RunStarted.type}"
    yield from _of_type(text)


def _depth(text: bytes) -> int:
    """The levels of nesting of a line that is JSON."""
    opening = (1 if mark in b"{[" else -1 for mark in _BRACKET.findall(_STRING.sub(b"", text)))
    return max(accumulate(opening), default=0)


def _noted(pairs: list[tuple[str, Any]], twice: dict[str, None]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) < len(pairs):
        count = Counter(key for key, _ in pairs)
        twice.update((key, None) for key, times in count.items() if times > 1)
    return told


def _never_written(value: object, key: str = "") -> str | None:
    """The key at which a string holds what is never written; None if none does. No deeper than it was parsed."""
    if isinstance(value, str):
        return key if _NEVER.search(value) else None
    inside: list[tuple[str, object]] = []
    if isinstance(value, dict):
        inside = [(key, name) for name in value] + list(value.items())
    elif isinstance(value, list):
        inside = [(key, each) for each in value]
    return next((found for name, each in inside if (found := _never_written(each, name)) is not None), None)


def _of_type(text: bytes) -> Iterator[str]:
    """Whether the data are those of the type, and the class its class; of a type that is not known, nothing."""
    try:
        envelope = open_envelope(text)
        event_of(envelope)
    except LogError as error:
        yield f"is not what its type demands: {error.message.removeprefix('line 0 is not an event of this log: ')}"
        return
    known = BODIES.get(envelope.type)
    if known is not None and envelope.is_fact != known.is_fact:
        yield f"calls {envelope.type} {envelope.class_}, but it is {'fact' if known.is_fact else 'telemetry'}"
