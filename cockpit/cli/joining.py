"""Which run `cockpit join` means, where it was not said: the live one, or one of a list with who is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from cockpit.audit.moved import went_on
from cockpit.cli.table import GAP, lines, room, width
from cockpit.errors import RunError
from cockpit.run.holding import holder_called
from cockpit.run.people import name_of
from cockpit.run.state_people import SeatState
from cockpit.session.attendance import attendance
from cockpit.session.catalog import Catalog, Listed, RunsAsked
from cockpit.session.elsewhere import Elsewhere, Glances
from cockpit.session.finding import find_run
from cockpit.text import shortened, visible

_WIDEST = 24
_A_DAY = timedelta(hours=20)


def run_to_join(token: str | None) -> Path:
    """The run's folder. Without a token: the only live run; of several, the one that is picked from a list.

    Raises RunError if none is live or fits, click.Abort if nobody answers.
    """
    if token is not None:
        return find_run(token)
    catalog = Catalog(RunsAsked(outcomes=("live",)))
    live = [each for each in catalog.found() if not went_on(each.about.run_dir)]
    if not live:
        earlier = "look at earlier ones with: cockpit runs" if catalog.names else "start one with: cockpit run FILE"
        raise RunError(f"no run is live in {visible(str(catalog.folder))}", hint=earlier)
    if len(live) == 1:
        return live[0].about.run_dir
    click.echo("\n".join(listed(live, room())), err=True)
    number = click.prompt("join which (Ctrl+C leaves)", type=click.IntRange(1, len(live)), err=True)
    return live[number - 1].about.run_dir


def listed(live: list[Listed], columns: int | None) -> list[str]:
    """The runs as a numbered table of at most `columns` characters a line, headed.

    In little room names get shorter, then the time goes, so that who is here is always told, or counted: `bo, +2`.
    """
    glances = Glances()
    here = [_here(run, glances.of(run.about.run_dir)) for run in live]
    wanted = min(_WIDEST, max(len(", ".join(names)) for names, _ in here))
    rows: list[list[str]] = []
    left: int | None = None
    for widest, has_time in ((_WIDEST, True), (16, True), (10, True), (10, False)):
        rows = _rows(live, widest, has_time=has_time)
        left = None if columns is None else columns - width(rows) - len(GAP)
        if left is None or left >= wanted:
            break
    told = ["here", *(f"{_fitted(names, left)}{by}" for names, by in here)]
    return lines([[*row, cell] for row, cell in zip(rows, told, strict=True)], columns, right=frozenset({0}))


def _rows(live: list[Listed], widest: int, *, has_time: bool) -> list[list[str]]:
    """Headed; without who is here."""
    rows = [["", "profile", "environment", *(["since (UTC)"] if has_time else []), "pen"]]
    for number, run in enumerate(live, 1):
        about = run.about
        environment = shortened(about.environment, widest) + (" (rehearsal)" if about.is_rehearsal else "")
        began = [_since(about.began)] if has_time else []
        pen = shortened(holder_called(run.state), widest)
        rows.append([str(number), shortened(about.profile_id, widest), environment, *began, pen])
    return rows


def _since(began: datetime | None) -> str:
    if began is None:
        return "?"
    return f"{began.astimezone(UTC):{'%H:%M' if datetime.now(UTC) - began < _A_DAY else '%Y-%m-%d %H:%M'}}"


def _here(run: Listed, elsewhere: Elsewhere) -> tuple[list[str], str]:
    """The names of who is here, and how that is known where it is not by their locks."""
    found = attendance(run.about.run_dir, run.state, elsewhere)
    names = list(dict.fromkeys(_named(seat) for seat in found.here))
    return names or ["nobody"], " (by the log alone)" if found.is_hearsay and names else ""


def _fitted(names: list[str], room: int | None) -> str:
    for shown in range(len(names), 0, -1):
        told = ", ".join((*names[:shown], *([f"+{len(names) - shown}"] if shown < len(names) else [])))
        if room is None or len(told) <= room:
            return told
    more = f", +{len(names) - 1}" if names[1:] else ""
    return shortened(names[0], max(4, (room or 0) - len(more))) + more


def _named(seat: SeatState) -> str:
    return shortened(name_of(seat.by) if seat.by is not None else seat.user, _WIDEST)
