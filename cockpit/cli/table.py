"""Tables that fit the terminal: what gives way is decided by their maker, and nothing is cut that could be left out."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence

from cockpit.text.cells import cells, filled, fitted

Table = Sequence[Sequence[str]]
GAP = "  "


def room() -> int | None:
    """Columns of the terminal that stdout is; None if it is none, and everything has room."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def widths(rows: Table) -> list[int]:
    """Of each column, in columns of the terminal."""
    return [max(map(cells, column)) for column in zip(*rows, strict=True)]


def width(rows: Table) -> int:
    """Of the whole table."""
    columns = widths(rows)
    return sum(columns) + len(GAP) * (len(columns) - 1)


def fitting(made: Iterable[Table], columns: int | None) -> Table:
    """The first of these tables that is narrow enough; the last one if none is."""
    rows: Table = []
    for rows in made:
        if columns is None or width(rows) <= columns:
            break
    return rows


def lines(rows: Table, columns: int | None = None, *, right: frozenset[int] = frozenset()) -> list[str]:
    """The rows as lines; what is still too wide is cut off visibly. Columns in `right` stand to the right."""
    wide = widths(rows)
    told = []
    for row in rows:
        line = GAP.join(filled(cell, wide[at], right=at in right) for at, cell in enumerate(row)).rstrip()
        told.append(line if columns is None else fitted(line, columns))
    return told
