"""Which lines are code between fences, told before anything is parsed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

_OPENS = re.compile(
    r"[ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]+){0,8}(?P<fence>`{3,}(?=[^`]*$)|~{3,})[ \t]*(?P<info>[^\s`]{0,60})"
)
_CLOSES = re.compile(r"[ \t>]*(?P<fence>`{3,}|~{3,})[ \t]*$")


class Fenced(Struct, frozen=True, kw_only=True):
    """The lines between two fences, by index from 0: `lines[first:end]`."""

    first: int
    end: int
    language: str
    """Of the info string, in lower case; empty: none was given."""


def fenced(lines: Sequence[str]) -> tuple[Fenced, ...]:
    """Every fenced block, in order, after CommonMark 0.31, 4.5: what is never closed goes on to the end."""
    found: list[Fenced] = []
    opened: tuple[str, int, str] | None = None
    for index, line in enumerate(lines):
        if "```" not in line and "~~~" not in line:
            continue
        if opened is None:
            if (begins := _OPENS.match(line)) and not _underlines(lines, index):
                opened = (begins["fence"], index + 1, begins["info"].lower())
        elif (ends := _CLOSES.match(line)) and ends["fence"].startswith(opened[0]):
            found.append(Fenced(first=opened[1], end=index, language=opened[2]))
            opened = None
    if opened is not None:
        found.append(Fenced(first=opened[1], end=len(lines), language=opened[2]))
    return tuple(found)


def _underlines(lines: Sequence[str], index: int) -> bool:
    """True if a line of tildes is as long as the line above it, which stands alone: an underlined heading."""
    rule = lines[index].strip()
    if set(rule) != {"~"} or len(rule) < 4 or not index:
        return False
    alone = index < 2 or not lines[index - 2].strip()
    return alone and bool(lines[index - 1].strip()) and abs(len(lines[index - 1].strip()) - len(rule)) < 3
