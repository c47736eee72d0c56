"""`cockpit runs`: what there is to come back to."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from cockpit.audit.layout import log_path
from cockpit.audit.line import decode
from cockpit.errors import LogError
from cockpit.exits import Exit
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY, RunState
from cockpit.run.walk import route, waits_to_be_finished
from cockpit.session.runs import RunSummary, list_runs, runs_folder
from cockpit.text import shortened

NEWEST = 20
_FACT, _BEGINNING = b'"class":"fact"', 256
"""Stands in the first bytes of a line that is a fact."""
_HEADINGS = ("run", "profile", "environment", "state", "started (UTC)", "steps", "pen", "keeper")


class Row(Struct, frozen=True):
    """One run, as `--format json` writes it."""

    run: str
    profile: str
    environment: str
    state: str
    """`live`, `finished`, `aborted` or `damaged`."""
    to_finish: bool
    """It is live, and nothing is left but to finish it."""
    rehearsal: bool
    started: datetime | None
    steps_settled: int
    steps: int
    pen: str
    """User who may act."""
    keeper: str
    """`alive`, `gone`, or empty once the run is over."""
    last: str
    """The last thing that happened."""
    folder: str
    problem: str


@click.command()
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print them.")
@click.option("--all", "all_", is_flag=True, help=f"All of them, not the newest {NEWEST} only.")
def runs(format_: str, all_: bool) -> int:
    """List the runs on this host, the newest first."""
    found = list_runs()
    rows = [_row(run) for run in (found if all_ else found[:NEWEST])]
    if format_ == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        return Exit.OK
    if not rows:
        click.echo(f"no runs in {runs_folder()}; start one with: cockpit run FILE", err=True)
        return Exit.OK
    _print_table([_HEADINGS, *(_cells(row) for row in rows)])
    for row in rows:
        if row.problem:
            click.echo(f"{row.run}: {row.problem}", err=True)
    if len(found) > len(rows):
        click.echo(f"{len(found) - len(rows)} older: cockpit runs --all", err=True)
    return Exit.OK


def _row(run: RunSummary) -> Row:
    state = _folded(run.run_dir) if run.status != "damaged" else EMPTY
    walked = route(state)
    is_live = run.status == "live"
    return Row(
        run=run.run,
        profile=run.profile_id,
        environment=run.environment,
        state=run.status,
        to_finish=waits_to_be_finished(state),
        rehearsal=run.is_rehearsal,
        started=run.began,
        steps_settled=sum(state.steps[step].status != "open" for step in walked),
        steps=len(walked),
        pen=state.pen.user if state.pen else run.user,
        keeper=("alive" if run.has_keeper else "gone") if is_live else "",
        last=run.last_sentence,
        folder=str(run.run_dir),
        problem=run.problem,
    )


def _folded(run_dir: Path) -> RunState:
    """The fold of the run's facts, unverified: a list must not take as long as a long night's samples."""
    state = EMPTY
    try:
        with log_path(run_dir).open("rb") as lines:
            for line in lines:
                if _FACT in line[:_BEGINNING]:
                    with suppress(LogError):  # torn, and stepped over by whoever appended next
                        state = evolve(state, decode(line))
    except OSError:
        return state
    return state


def _cells(row: Row) -> tuple[str, ...]:
    cells = (
        row.run,
        row.profile or "?",
        row.environment or "?",
        ", ".join(
            [row.state, *(["to be finished"] if row.to_finish else []), *(["rehearsal"] if row.rehearsal else [])]
        ),
        f"{row.started:%Y-%m-%d %H:%M}" if row.started else "?",
        f"{row.steps_settled}/{row.steps}",
        row.pen,
        row.keeper,
    )
    return tuple(shortened(cell, 40) for cell in cells)


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())
