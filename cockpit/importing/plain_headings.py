"""Headings of a plain text: underlined by any sign, in capitals, or ending in a colon above a list."""

from __future__ import annotations

import re

from cockpit.importing.lines import Laid

_RULE = re.compile(r"[ \t]*([=~*#_+.^\"-])\1{2,200}[ \t]*$")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,6}[.)])[ \t]+\S")
_NOT = re.compile(r"[ \t]*(?:[-*+>|$]|\d{1,6}[.)][ \t]|/)|[ \t]{4}")
_CALLS = re.compile(
    r"(?:NOTE|NB|WARNING|CAUTION|IMPORTANT|DANGER|ATTENTION|TIP|INFO|STOP|TODO|DONE)\b[ :!]*", re.IGNORECASE
)
_LONGEST = 80
_MOST_WORDS = 12


def headings(lines: list[str]) -> list[Laid]:
    """Write headings as Markdown has them, in place; the lines above and below them that are layout."""
    laid: list[Laid] = []
    found: dict[int, int] = {}
    for row, line in enumerate(lines):
        if not _may_be(line):
            continue
        above = lines[row - 1] if row else ""
        below = lines[row + 1] if row + 1 < len(lines) else ""
        if (rule := _RULE.match(below)) and (not above.strip() or _RULE.match(above)) and len(below.strip()) > 2:
            found[row] = 1 if rule[1] == "=" else 2
            rules = [near for near in (row - 1, row + 1) if near >= 0 and _RULE.match(lines[near])]
            laid += [Laid(first=near + 1, last=near + 1, what="underline") for near in rules]
        elif above.strip():
            continue
        elif _is_capital(line):
            found[row] = 2
        elif line.rstrip().endswith(":") and _ITEM.match(_next(lines, row)):
            found[row] = 3 if 2 in found.values() else 2
    _title(lines, found)
    for each in laid:
        lines[each.first - 1] = ""
    for row, level in found.items():
        lines[row] = f"{'#' * level} {lines[row].strip().rstrip(':')}"
    return laid


def _may_be(line: str) -> bool:
    said = line.strip()
    if not said or len(said) > _LONGEST or len(said.split()) > _MOST_WORDS or _NOT.match(line) or _RULE.match(line):
        return False
    return said[-1] not in ".,;" and "://" not in said and any(char.isalpha() for char in said)


def _is_capital(line: str) -> bool:
    letters = [char for char in line if char.isalpha()]
    return (
        len(letters) >= 3
        and not any(char.islower() for char in letters)
        and line.upper() == line
        and ("=" not in line and not _CALLS.match(line))
    )


def _next(lines: list[str], row: int) -> str:
    """The next line that says something, at most one empty line below."""
    return next((line for line in lines[row + 1 : row + 3] if line.strip()), "")


def _title(lines: list[str], found: dict[int, int]) -> None:
    """The first line is the title of all if other headings follow it, and none is above them already."""
    first = next((row for row, line in enumerate(lines) if line.strip() and not _RULE.match(line)), None)
    if first is None or 1 in found.values() or not _may_be(lines[first]) or lines[first].rstrip().endswith(":"):
        return
    if not any(line.strip() for line in lines[first + 1 :]):
        return
    if first in found and len(found) < 2 and not any(_ITEM.match(line) for line in lines):
        return
    if any(row > first for row in found) or not (lines[first + 1 : first + 2] or [""])[0].strip():
        found[first] = 1
