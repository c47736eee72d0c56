"""`cockpit stop`: end a run's keeper, with a reason. The run stays live."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from cockpit.audit.moved import place_now
from cockpit.cli.ending import Refused, say
from cockpit.cli.taking import told
from cockpit.errors import KeeperError, LogError, RunError
from cockpit.exits import Exit
from cockpit.run.commands import Refusal, StopKeeper
from cockpit.session import stopping
from cockpit.session.finding import find_run
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.runs import called
from cockpit.session.seat import Seat
from cockpit.session.sight import keeper_process
from cockpit.text import shortened, visible

_LOOK_EVERY_S = 0.2
_AGAIN_S = 2.0
"""For a keeper that was asked before, and had its time."""


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--reason", metavar="TEXT", help="Why, for the log.")
@click.option("--kill", is_flag=True, help="Kill it if it does not end by itself.")
def stop(run: str, reason: str | None, kill: bool) -> int:
    """End the keeper of RUN (the beginning of its id, or its folder).

    The run stays live, but nothing is probed and no time is counted until another keeper is started, by `cockpit
    resume` or by `.` on the screen that acts. What runs under a shim goes on.
    """
    run_dir = place_now(find_run(run))
    seat = Seat.open(run_dir, actor(), "watching")
    try:
        seat.glance()
        _require_keeper(seat)
        if seat.keeper_sight().is_elsewhere:
            return _stop_elsewhere(seat, reason, kill=kill)
        reason = _reason(reason)
        for sentence in stopping.under_way(seat.view.state, run_dir):
            say(sentence)
        epoch, pid = keeper_process(run_dir)
        known = seat.view.state.keeper
        patience_s = _AGAIN_S if known and known.stopped_by else stopping.PATIENCE_S
        unwritten = _ask(seat, reason, may_go_on=kill)
        if unwritten or not stopping.wait_for_end(run_dir, patience_s):
            if not kill:
                raise KeeperError(
                    f"the keeper of {run_dir.name} (process {pid}) was asked to end and did not within "
                    f"{patience_s:g} s: it hangs",
                    hint=f"kill it: cockpit stop {called(run_dir)} --reason TEXT --kill",
                )
            _kill(seat, epoch, reason)
            return Exit.OK
    finally:
        seat.close()
    run = called(run_dir)
    say(f"the keeper of {run} (process {pid}) ended; the run stays live. Go on: cockpit resume {run}")
    return Exit.OK


def _stop_elsewhere(seat: Seat, reason: str | None, *, kill: bool) -> int:
    """End a keeper that is on another host: asked through the log, and seen in the run's database."""
    keeper, name = seat.view.state.keeper, called(seat.run_dir)
    assert keeper is not None, "one of another host is known from the log"
    where = f"keeper {keeper.epoch} of {name} on {visible(keeper.host)}"
    if kill:
        raise Refused(f"{where} cannot be killed from here", hint=f"there: cockpit stop {name} --kill")
    _ask(seat, _reason(reason), may_go_on=False)
    give_up = time.monotonic() + stopping.PATIENCE_S
    while seat.keeper_sight().alive:
        if time.monotonic() > give_up:
            raise KeeperError(
                f"{where} was asked to end and did not within {stopping.PATIENCE_S:g} s: it hangs",
                hint=f"kill it there: cockpit stop {name} --reason TEXT --kill",
            )
        time.sleep(_LOOK_EVERY_S)
        seat.afar.glance()
    say(f"{where} ended; the run stays live. Whoever holds the pen takes over with a reason: . on their screen")
    return Exit.OK


def _require_keeper(seat: Seat) -> None:
    state, name = seat.view.state, seat.run_dir.name
    if state.started is None:
        trouble = seat.view.trouble or "its log holds no start of a run"
        raise RunError(f"the run in {seat.run_dir} cannot be opened: {trouble}")
    if state.status != "live":
        raise Refused(f"the run {name} was {state.status}: its keeper ends with it", hint="there is nothing to stop")
    sight = seat.keeper_sight()
    if sight.is_unknown:
        raise KeeperError(f"whether a keeper of {name} lives cannot be seen", hint="its database does not answer")
    if not sight.alive:
        why = f" ({shortened(state.keeper.stopped, 200)})" if state.keeper and state.keeper.stopped else ""
        raise Refused(f"no keeper of {name} lives{why}", hint=f"start one: cockpit resume {name}")


def _reason(given: str | None) -> str:
    if given is None and sys.stdin.isatty():
        given = click.prompt("the reason for stopping the keeper, for the log", err=True)
    if not (given or "").strip():
        raise Refused("stopping a keeper needs a reason", hint="give it: --reason TEXT")
    return str(given)


def _ask(seat: Seat, reason: str, *, may_go_on: bool) -> str:
    """Ask the keeper to end, in the log. Why that could not be written, if it `may_go_on` all the same; else empty."""
    state = seat.view.state
    outcome = seat.submit(seat.command(StopKeeper, epoch=state.keeper.epoch if state.keeper else 0, reason=reason))
    if isinstance(outcome, Done):
        return ""
    if isinstance(outcome, Refusal):
        raise Refused(f"the keeper was not stopped: {told(outcome)}")
    if not may_go_on:
        raise KeeperError(
            f"the keeper was not asked to end, since the log could not be told; to end it all the same, add --kill: "
            f"{told(outcome)}"
        )
    say(f"the log could not be told: {told(outcome)}")
    return told(outcome)


def _kill(seat: Seat, epoch: int, reason: str) -> None:
    run_dir: Path = seat.run_dir
    pid = stopping.kill(run_dir)
    say(f"the keeper of {run_dir.name} (process {pid}) was killed; the run stays live")
    try:
        stopping.record_killed(run_dir, epoch, seat.actor, reason)
    except LogError as error:
        say(f"that it was killed does not stand in the log: {error}")
