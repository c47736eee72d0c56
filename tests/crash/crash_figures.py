"""What the crash tests count, on its way into the README: a test tells a row, `python -m tests.crash` prints all.

Without somebody who asks (`COCKPIT_CRASH_FIGURES` names a file) telling does nothing. Rows come from several test
processes: each is one line of JSON, written at once.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

ASKED_BY = "COCKPIT_CRASH_FIGURES"


class Row(Struct, frozen=True, kw_only=True):
    """One line of the table. None: nothing of the kind was counted."""

    name: str
    """What was killed or cut."""
    times: int
    acknowledged: int | None = None
    """Events that somebody was told were durable."""
    lost: int | None = None
    """Of them, not in the log exactly once afterwards."""
    done: int | None = None
    """Commands or statements that were begun."""
    twice: int | None = None
    """Of them, done more than once."""
    seconds: tuple[float, ...] = ()
    """Of each resume: from the start of a process to a beating keeper and a folded view."""
    note: str = ""


def tell(
    name: str,
    times: int,
    *,
    acknowledged: int | None = None,
    lost: int | None = None,
    done: int | None = None,
    twice: int | None = None,
    seconds: Sequence[float] = (),
    note: str = "",
) -> None:
    """Contribute a row; print it too, for whoever runs the test with `-s`."""
    row = Row(
        name=name, times=times, acknowledged=acknowledged, lost=lost, done=done, twice=twice,
        seconds=tuple(seconds), note=note,
    )  # fmt: skip
    print(line(row))
    if path := os.environ.get(ASKED_BY):
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(fd, msgspec.json.encode(row) + b"\n")
        finally:
            os.close(fd)


def told(path: Path) -> list[Row]:
    """The rows of a file, in the order of their names."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    return sorted((msgspec.json.decode(each, type=Row) for each in lines), key=lambda row: row.name.lower())


def table(rows: Sequence[Row]) -> str:
    """A Markdown table."""
    head = (
        "| what was done to it | times | acknowledged | lost | begun | done twice | resumed within, median and most |"
    )
    return "\n".join((head, "|---|--:|--:|--:|--:|--:|---|", *(line(row) for row in rows)))


def line(row: Row) -> str:
    """A row of it."""
    counts = (row.acknowledged, row.lost, row.done, row.twice)
    cells = (row.name, f"{row.times:,}", *("" if count is None else f"{count:,}" for count in counts), _within(row))
    return f"| {' | '.join(cells)} |"


def _within(row: Row) -> str:
    spread = f"{statistics.median(row.seconds):.2f} s, {max(row.seconds):.2f} s" if row.seconds else ""
    return "; ".join(each for each in (spread, row.note) if each)
