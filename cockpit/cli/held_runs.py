"""The runs of a store as a table that fits the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING

from cockpit.cli.table import Table, fitting, lines
from cockpit.text import shortened
from cockpit.text.cells import fitted

if TYPE_CHECKING:  # a driver, which only this command needs
    from datetime import datetime

    from cockpit.audit.postgres.listing import Dropped, Held

_WIDEST, _NARROW, _WIDEST_TOLD = 40, 16, 500
Cell = Callable[["Held"], str]


def table(held: Sequence[Held], columns: int | None) -> list[str]:
    """The runs as lines of at most `columns` characters, if that is given; what became of a dropped one below it.

    What gives way, in this order: when the last line was written; names are cut short; when it started; names go.
    Ids never do: a run is exported and dropped by them.
    """
    full: dict[str, Cell] = {
        "run": lambda each: shortened(each.run, 64),
        "profile": lambda each: shortened(each.profile, _WIDEST),
        "environment": lambda each: shortened(each.environment, _WIDEST),
        "state": lambda each: each.state,
        "started (UTC)": lambda each: _told(each.started),
        "last line (UTC)": lambda each: _told(each.last),
        "lines": lambda each: str(each.lines),
    }
    unended = {name: cell for name, cell in full.items() if name != "last line (UTC)"}
    cut = unended | {
        "profile": lambda each: shortened(each.profile, _NARROW),
        "environment": lambda each: shortened(each.environment, _NARROW),
    }
    unbegun = {name: cell for name, cell in cut.items() if name != "started (UTC)"}
    unnamed = {name: cell for name, cell in unbegun.items() if name not in ("profile", "environment")}
    chosen = fitting((_made(held, kind) for kind in (full, unended, cut, unbegun, unnamed)), columns)
    told = lines(chosen, columns, right=frozenset({len(chosen[0]) - 1}))
    found = [told[0]]
    for each, line in zip(held, told[1:], strict=True):
        found.append(line)
        if each.dropped is not None:
            found += [fitted(text, columns or _WIDEST_TOLD) for text in _dropped(each.dropped)]
    return found


def _made(held: Sequence[Held], cells: Mapping[str, Cell]) -> Table:
    return [list(cells), *([cell(each) for cell in cells.values()] for each in held)]


def _dropped(gone: Dropped) -> tuple[str, str]:
    return (
        f"  dropped on {gone.at.astimezone(UTC):%Y-%m-%d} by {gone.by}: {gone.reason}",
        f"  exported to {gone.exported}; its last line is {gone.digest[:32]}",
    )


def _told(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment is not None else ""
