"""Where a preview stands: which side, which row of each, and what belongs to it on the other. It draws nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cockpit.tui.importing.sheets import Sheet

Side = Literal["source", "profile"]
Way = Literal[1, -1]
_AHEAD = 3
"""Rows that stay in sight before and after where one is."""


class Place:
    """A row of each side. Moving on one side brings what belongs to it into sight on the other."""

    def __init__(self, source: Sheet, shown: Sheet) -> None:
        self.side: Side = "source"
        self.sheets: dict[Side, Sheet] = {"source": source, "profile": shown}
        self.rows: dict[Side, int] = {"source": 0, "profile": 0}
        self.firsts: dict[Side, int] = {"source": 0, "profile": 0}
        """The first row in sight."""
        self.sought = ""
        """What was searched last, in lower case."""
        self._follow()

    @property
    def other(self) -> Side:
        """The side that follows."""
        return "profile" if self.side == "source" else "source"

    @property
    def sheet(self) -> Sheet:
        """Of the side one moves on."""
        return self.sheets[self.side]

    @property
    def row(self) -> int:
        """Where one is on it."""
        return self.rows[self.side]

    def marked(self, side: Side) -> frozenset[int]:
        """The rows of a side that belong to where one is."""
        return frozenset(self.sheets[side].of(self._keys()))

    def move(self, by: int) -> None:
        """Up or down by rows."""
        self.go(self.row + by)

    def go(self, row: int) -> None:
        """To a row; beyond an end: to that end."""
        self.rows[self.side] = max(0, min(row, len(self.sheet) - 1))
        self._follow()

    def turn(self) -> None:
        """To the other side, where one is already."""
        self.side = self.other

    def show(self, sheet: Sheet) -> None:
        """Another sheet of the profile, at what the row of the former one is about."""
        keys = self._keys("profile")
        self.sheets["profile"] = sheet
        rows = sheet.of(keys) or ([0] if self.side == "profile" else sheet.of(self._keys("source")))
        self.rows["profile"] = min(rows[0] if rows else 0, max(0, len(sheet) - 1))
        self.firsts["profile"] = 0

    def next(self, among: Sequence[int], way: Way) -> bool:
        """To the next of these rows, which are in order; False if there is none."""
        beyond = [row for row in among if (row - self.row) * way > 0]
        if not beyond:
            return False
        self.go(beyond[0] if way > 0 else beyond[-1])
        return True

    def find(self, words: str, way: Way = 1) -> bool:
        """To the next row that has the words, whatever their case; from the end it goes on at the beginning."""
        self.sought = words.lower()
        count = len(self.sheet)
        for off in range(1, count + 1):
            row = (self.row + off * way) % count
            if self.sought in self.sheet.text(row).lower():
                self.go(row)
                return True
        return False

    def window(self, side: Side, height: int) -> range:
        """The rows in sight: where one is always, and on the other side as much as fits of what belongs to it."""
        count, row, first = len(self.sheets[side]), self.rows[side], self.firsts[side]
        height = max(1, height)
        last = row if side == self.side else self._last_marked(side, row, height)
        if side == self.side:
            ahead = min(_AHEAD, (height - 1) // 3)
            first = max(min(first, row - ahead), row + ahead - height + 1)
        elif row < first or last >= first + height:
            first = row - min(height // 4, height - 1 - (last - row))
        first = max(0, min(first, count - height))
        self.firsts[side] = first
        return range(first, min(count, first + height))

    def _last_marked(self, side: Side, row: int, height: int) -> int:
        """The last row in a row that belongs to where one is, at most as far off as there is room."""
        marked = self.marked(side)
        last = row
        while last + 1 in marked and last + 1 < row + height:
            last += 1
        return last

    def _keys(self, side: Side | None = None) -> tuple[tuple[str, str], ...]:
        side = side or self.side
        sheet = self.sheets[side]
        return sheet.keys[self.rows[side]] if len(sheet) else ()

    def _follow(self) -> None:
        if rows := self.sheets[self.other].of(self._keys()):
            self.rows[self.other] = rows[0]
