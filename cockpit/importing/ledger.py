"""What became of every line of a runbook.

Invariant: each line of the source has exactly one entry, in order; a line that nobody gave a fate is "not mapped", so
nothing can be forgotten silently. A line may have become several things.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from cockpit.importing.source import Source

Fate = Literal["mapped", "layout", "not mapped"]
"""`mapped`: it stands in the profile. `layout`: it says nothing by itself (blank, a rule, a fence's edge)."""


_MARKS = re.compile(r"[\s>|:*_~`=#+-]*(?:</?[a-zA-Z][^<>]{0,300}>[\s>-]*)*")
"""Of Markdown and HTML: such a line says nothing by itself."""


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the source."""

    line: int
    text: str
    fate: Fate
    became: tuple[str, ...] = ()
    """What holds it now: `step migrate`, `probe api_health`, `description of phase database`."""
    why: str = ""
    """Why it was not mapped; or what the layout is."""
    actionable: bool = False
    """It asks for something to be done or looked at: an item, a line of code, a row of a table."""


class Ledger:
    """Filled while a source is read; `entries` closes it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._became: dict[int, list[str]] = {}
        self._layout: dict[int, str] = {}
        self._why: dict[int, str] = {}
        self._actionable: set[int] = set()

    @property
    def source(self) -> Source:
        """What it accounts for."""
        return self._source

    def give(self, first: int, last: int, became: str) -> None:
        """Lines `first` to `last` stand in `became` now."""
        for line in range(first, last + 1):
            held = self._became.setdefault(line, [])
            if became not in held:
                held.append(became)

    def rename(self, old: str, new: str) -> None:
        """What stood in `old` stands in `new`."""
        for held in self._became.values():
            if old in held:
                held[held.index(old)] = new

    def withdraw(self, became: str, why: str) -> None:
        """`became` is not in the profile after all."""
        for line, held in self._became.items():
            if became in held:
                held.remove(became)
                self._why.setdefault(line, why)

    def lay(self, first: int, last: int, what: str) -> None:
        """Lines that are layout."""
        for line in range(first, last + 1):
            self._layout.setdefault(line, what)

    def leave(self, first: int, last: int, why: str) -> None:
        """Lines that are not mapped, and why; a line that is mapped as well stays mapped."""
        for line in range(first, last + 1):
            self._why.setdefault(line, why)

    def ask(self, first: int, last: int) -> None:
        """Lines that ask for something: those that count when what was mapped is counted."""
        self._actionable.update(range(first, last + 1))

    def entries(self) -> tuple[Entry, ...]:
        """One for each line."""
        return tuple(self._entry(number, text) for number, text in enumerate(self._source.lines, 1))

    def _entry(self, line: int, text: str) -> Entry:
        actionable = line in self._actionable and bool(text.strip())
        if not text.strip():
            return Entry(line=line, text=text, fate="layout", why="blank")
        if became := self._became.get(line):
            return Entry(line=line, text=text, fate="mapped", became=tuple(became), actionable=actionable)
        if (what := self._layout.get(line)) or _MARKS.fullmatch(text):
            return Entry(line=line, text=text, fate="layout", why=what or "marks alone")
        return Entry(
            line=line, text=text, fate="not mapped", why=self._why.get(line, "nothing reads it"), actionable=actionable
        )
