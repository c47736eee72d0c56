"""Findings for eyes: by area, a line each with its cure below it, and what is in order in one line.

Invariant: a glyph and a word say how grave it is, no colour; prose is at most as wide as asked for. A command is never
broken, since it is there to be pasted.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from cockpit.doctor.findings import Finding, Level
from cockpit.text import counted

WIDEST = 80
_GLYPHS = {Level.ERROR: "✖", Level.WARNING: "!", Level.UNKNOWN: "?", Level.ADVICE: "·", Level.OK: "✔"}
_INDENT = 12
_HEADINGS = {
    "files": "files of yours",
    "profile": "this profile",
    "runs": "where runs are kept",
    "environment": "environment",
    "host": "this host",
    "ssh": "SSH and who you are",
    "terminal": "terminal",
    "tmux": "tmux",
    "store": "the store",
    "tools": "programs",
}


def told(findings: Iterable[Finding], columns: int = WIDEST, *, everything: bool = False) -> Iterator[str]:
    """Lines for people. With `everything`, what is in order has a line each."""
    is_first = True
    for area, group in groupby(findings, key=lambda one: one.area):
        if not is_first:
            yield ""
        is_first = False
        yield _HEADINGS.get(area, area)
        well = []
        for one in group:
            if one.level is Level.OK and not everything:
                well.append(one.what)
            else:
                yield from _lines(one, columns)
        if well:
            yield from _wrapped(Level.OK, f"in order: {', '.join(dict.fromkeys(well))}", columns)


def _lines(one: Finding, columns: int) -> Iterator[str]:
    yield from _wrapped(one.level, f"{one.what}: {one.found}{f'; {one.why}' if one.why else ''}", columns)
    for line in one.cure:
        if line.startswith("#"):
            yield from _folded(line.lstrip("# "), columns, f"{'':{_INDENT}}→ ")
        else:
            yield f"{'':{_INDENT}}→ {line}"


def _wrapped(level: Level, text: str, columns: int) -> Iterator[str]:
    head = f"  {_GLYPHS[level]} {level.word}"
    yield from _folded(text, columns, f"{head:{_INDENT}}")


def _folded(text: str, columns: int, head: str) -> list[str]:
    return textwrap.wrap(
        text,
        max(columns, _INDENT + 20),
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_on_hyphens=False,
    )


def summary(findings: Iterable[Finding]) -> str:
    """One sentence: how many of each level."""
    many = Counter(one.level for one in findings)
    return (
        f"{counted(many[Level.ERROR], 'error')}, {counted(many[Level.WARNING], 'warning')}, "
        f"{many[Level.ADVICE]} to consider, {many[Level.UNKNOWN]} not known, {many[Level.OK]} in order"
    )
