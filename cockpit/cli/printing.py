"""`cockpit print`: what is left of a run, on paper. It writes to standard output and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from msgspec.structs import replace

from cockpit.actions.files import files_of
from cockpit.audit import clock
from cockpit.audit.packed import Unpacked
from cockpit.cli.ending import say
from cockpit.cli.reading import named, reading
from cockpit.errors import LogUnreadable
from cockpit.exits import Exit
from cockpit.report.paper.outside import Log, contents, read_log, traces
from cockpit.report.paper.paper import paper
from cockpit.report.paper.sheet import Sheet
from cockpit.session.elsewhere import Glances
from cockpit.session.identity import actor
from cockpit.session.placed import origin
from cockpit.session.sight import keeper_process, keeper_sight


@click.command("print")
@click.argument("run", metavar="RUN")
@click.option("--done", is_flag=True, help="What was done already, too.")
def print(run: str, done: bool) -> int:  # noqa: A001 - the command's name
    """Print what is left of RUN (a log file, a run's folder or its id) and every way back, as text for paper.

    It needs no keeper, no terminal and no room on the disk, writes nothing, and says first what is wrong with the log;
    the exit status is 1 then. For example: cockpit print RUN | lpr
    """
    with reading(run) as found:
        path, log = found.path, read_log(found.path)
        if log.state.started is None:
            why = f": {log.troubles[0]}" if log.troubles else ""
            raise LogUnreadable(f"no run began in {log.path}{why}")
        if found.is_copy:
            log = _of_given(log, found)
    for trouble in log.troubles:
        say(trouble)
    text = paper(_sheet(log, path if path.is_dir() else None, done=done))
    sys.stdout.write(text)
    return Exit.PROBLEMS if log.troubles else Exit.OK


def _of_given(log: Log, found: Unpacked) -> Log:
    """The log of a compressed file, as if it had been read in its place."""
    troubles = [named(trouble, found) for trouble in log.troubles] + ([found.trouble] if found.trouble else [])
    return replace(log, path=found.given, troubles=tuple(troubles))


def _sheet(log: Log, run_dir: Path | None, *, done: bool) -> Sheet:
    """Everything around the log that can be seen from here."""
    base_dir = origin(run_dir) if run_dir else None
    names = dict.fromkeys(name for _, step in log.state.profile.every_step() for name in files_of(step))
    return Sheet(
        state=log.state,
        head=log.head,
        source=log.path.absolute(),
        now=clock.now(),
        writer=actor(),
        base_dir=base_dir,
        troubles=log.troubles,
        keeper=_keeper(log, run_dir),
        traces=traces(log.state, run_dir) if run_dir else {},
        files=contents(names, base_dir),
        done=done,
    )


def _keeper(log: Log, run_dir: Path | None) -> str:
    """Who watches, as seen from here."""
    known = log.state.keeper
    if log.state.status != "live":
        return "none: the run is over"
    if known is None:
        return "none has begun to watch"
    named = f"epoch {known.epoch}, process {known.pid} on {known.host} as {known.user}"
    if run_dir is None:
        return f"{named}; whether it lives is not known: this is a log without its run"
    sight = keeper_sight(run_dir, clock.now(), Glances().of(run_dir), known.epoch)
    if sight.alive and sight.is_elsewhere:
        return f"one lives elsewhere: {named}"
    if sight.is_unknown:
        return f"{named}; whether it lives is not known: the database that keeps the run is away"
    if sight.alive:
        epoch, pid = keeper_process(run_dir)
        beat = ", no beat of it yet" if sight.is_unheard else f", last beat {sight.silent_s:.0f} s ago"
        return f"one lives here: epoch {epoch or known.epoch}, process {pid or known.pid}{beat}"
    why = f": {known.stopped}" if known.stopped else ""
    return f"NONE lives here that can be seen: nothing is probed; the last was {named}{why}"
