"""`cockpit runs`: what there is to come back to."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Struct

from cockpit.audit import clock
from cockpit.audit.layout import log_path
from cockpit.audit.line import decode
from cockpit.audit.moved import went_on
from cockpit.errors import LogError
from cockpit.exits import Exit
from cockpit.run.evolve import evolve
from cockpit.run.refusals import KEEPER_SILENCE_S
from cockpit.run.state import EMPTY, KeeperState, RunState
from cockpit.run.walk import route, waits_to_be_finished
from cockpit.session.runs import RunSummary, list_runs, runs_folder
from cockpit.session.sight import keeper_process, keeper_sight
from cockpit.text import shortened, visible

NEWEST = 20
_A_DAY = timedelta(hours=20)
"""From then on a time of day alone does not say which day it was."""
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
    keeper_pid: int
    """Process id of the living keeper, on this host; 0: there is none."""
    keeper_epoch: int
    """Of the living keeper; 0: there is none."""
    keeper_since: datetime | None
    """When the living keeper began."""
    keeper_silent_s: float | None
    """Since its last beat, seconds; None: there is no keeper, or it never beat."""
    keeper_stopped: str
    """Why the last keeper ended, where that is known and no other lives."""
    last: str
    """The last thing that happened."""
    folder: str
    problem: str
    went_on: str
    """Where a live run goes on whose log could no longer be written here; empty: here."""


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
        **_keeper(run, state, is_live=is_live),
        last=run.last_sentence,
        folder=str(run.run_dir),
        problem=run.problem,
        went_on=visible(went_on(run.run_dir)) if is_live else "",
    )


def _keeper(run: RunSummary, state: RunState, *, is_live: bool) -> dict[str, Any]:
    """What is to be said of a run's keeper, by the names of `Row`."""
    known = state.keeper
    if not (is_live and run.has_keeper):
        return {
            "keeper": "gone" if is_live else "",
            "keeper_pid": 0,
            "keeper_epoch": 0,
            "keeper_since": None,
            "keeper_silent_s": None,
            "keeper_stopped": _stopped(known) if is_live and known else "",
        }
    epoch, pid = keeper_process(run.run_dir)
    silent_s = keeper_sight(run.run_dir, clock.now()).silent_s
    return {
        "keeper": "alive",
        "keeper_pid": pid,
        "keeper_epoch": epoch,
        "keeper_since": known.started.at if known and known.epoch == epoch else None,
        "keeper_silent_s": round(silent_s, 1) if math.isfinite(silent_s) else None,
        "keeper_stopped": "",
    }


def _stopped(keeper: KeeperState) -> str:
    asked = f"stopped by {keeper.stopped_by}: {keeper.stop_reason}" if keeper.stopped_by else ""
    return visible(keeper.stopped or asked)


def _keeper_cell(row: Row) -> str:
    """`4711, epoch 2, since 22:04`, and for how long it is silent; `no keeper`, and why."""
    if row.state != "live":
        return ""
    if row.went_on:
        return f"went on in {row.went_on}"
    if row.keeper != "alive":
        return f"no keeper ({row.keeper_stopped})" if row.keeper_stopped else "no keeper"
    now = datetime.now(UTC)
    since = row.keeper_since
    began = f", since {since:{'%H:%M' if now - since < _A_DAY else '%m-%d %H:%M'}}" if since else ""
    is_silent = row.keeper_silent_s is None or row.keeper_silent_s > KEEPER_SILENCE_S
    silence = "" if not is_silent else ", silent" + (f" {row.keeper_silent_s:.0f} s" if row.keeper_silent_s else "")
    return f"{row.keeper_pid}, epoch {row.keeper_epoch}{began}{silence}"


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
        _keeper_cell(row),
    )
    return (*(shortened(cell, 40) for cell in cells[:-1]), shortened(cells[-1], 80))


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())
