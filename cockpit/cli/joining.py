"""Which run `cockpit join` means, where it was not said: the live one, or one of a list with who is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from cockpit.audit.moved import went_on
from cockpit.cli.table import lines, room
from cockpit.errors import RunError
from cockpit.run.holding import holder_called
from cockpit.run.people import name_of
from cockpit.run.state import SeatState
from cockpit.session.attendance import attendance
from cockpit.session.catalog import Catalog, Listed, RunsAsked
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
    number = click.prompt("join which", type=click.IntRange(1, len(live)), err=True)
    return live[number - 1].about.run_dir


def listed(live: list[Listed], columns: int | None) -> list[str]:
    """The runs as a numbered table of at most `columns` characters a line, headed."""
    head = ["", "profile", "environment", "since (UTC)", "pen", "here"]
    rows = [
        [
            str(number),
            shortened(run.about.profile_id, _WIDEST),
            shortened(run.about.environment, _WIDEST) + (" (rehearsal)" if run.about.is_rehearsal else ""),
            _since(run.about.began),
            shortened(holder_called(run.state), _WIDEST),
            _here(run),
        ]
        for number, run in enumerate(live, 1)
    ]
    return lines([head, *rows], columns, right=frozenset({0}))


def _since(began: datetime | None) -> str:
    if began is None:
        return "?"
    return f"{began.astimezone(UTC):{'%H:%M' if datetime.now(UTC) - began < _A_DAY else '%Y-%m-%d %H:%M'}}"


def _here(run: Listed) -> str:
    found = attendance(run.about.run_dir, run.state)
    names = dict.fromkeys(_named(seat) for seat in found.here)
    told = ", ".join(names) or "nobody"
    return f"{told} (by the log alone)" if found.is_hearsay and names else told


def _named(seat: SeatState) -> str:
    return shortened(name_of(seat.by) if seat.by is not None else seat.user, _WIDEST)
