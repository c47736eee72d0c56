"""A run's screen, opened for whoever sits down at it, and what is said to them once they got up."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from pathlib import Path

from cockpit.audit.layout import log_path
from cockpit.audit.moved import went_on
from cockpit.cli.ending import Refused, say
from cockpit.cli.naming import named, prove
from cockpit.cli.taking import still_here
from cockpit.cli.variables import Typed, ask, is_keeper_without, tell_secrets
from cockpit.errors import RunError
from cockpit.run.commands import Role
from cockpit.run.events import Actor
from cockpit.session.afar import bring_up
from cockpit.session.attendance import MOST_SEATS, is_full
from cockpit.session.identity import actor
from cockpit.session.runs import called
from cockpit.session.seat import Seat


def open_screen(
    run_dir: Path,
    role: Role,
    typed: Mapping[str, str] | None = None,
    *,
    as_name: str | None = None,
    started_by: Actor | None = None,
) -> int:
    """Open a run's screen; `typed` are secrets that its keeper will ask for.

    `as_name` is whom the person says to be; `started_by` them with the name that they picked, where they did already.
    """
    seat = seat_at(run_dir, role, started_by)
    try:
        _require_room(seat, role)
        name_whoever_sits(seat, as_name, is_asked=started_by is not None)
    except BaseException:
        seat.close()
        raise
    return show(seat, typed or {})


def seat_at(run_dir: Path, role: Role, sitting: Actor | None = None) -> Seat:
    """Sit down at a run, as `sitting` where a name was picked already. Raises RunError if no run began there."""
    if away := bring_up(run_dir):
        say(away)
    seat = Seat.open(run_dir, sitting or actor(), role)
    if seat.view.state.started is None:
        trouble = seat.view.trouble or "its log holds no start of a run"
        seat.close()
        raise RunError(f"the run in {run_dir} cannot be opened: {trouble}")
    return seat


def _require_room(seat: Seat, role: Role) -> None:
    """That not too many watch already; whoever acts, or has the pen, is never kept out. Raises Refused."""
    if role != "watching" or seat.has_pen or seat.view.state.status != "live":
        return
    if is_full(seat.run_dir, seat.view.state):
        hint = f"close one, or read along: cockpit log --follow {called(seat.run_dir)}"
        raise Refused(f"{MOST_SEATS} screens are at this run already, which is as many as there may be", hint=hint)


def name_whoever_sits(seat: Seat, as_name: str | None, *, is_asked: bool = False) -> None:
    """Let whoever sits here say and prove who they are, where the account does not. Raises Refused."""
    state = seat.view.state
    if state.status != "live" or not os.access(log_path(seat.run_dir), os.W_OK):
        return  # nothing is written of who only reads
    if not is_asked:
        seat.actor = named(seat.actor, state.profile, as_name, state)
    prove(seat)


def show(seat: Seat, typed: Mapping[str, str]) -> int:
    """Open a seat's screen, and whichever follows it where the run goes on elsewhere; the exit status.

    `typed`: secrets for its keeper, by name.
    """
    # Until the first paint much is made and nothing dropped: looking for garbage then costs 30 ms and finds none.
    gc.disable()
    from cockpit.tui.app import run_cockpit

    tell_secrets(seat.view.state.profile)
    try:
        with Typed(seat.run_dir, typed):
            status = run_cockpit(seat)
    finally:
        seat.close("the screen was closed")
    if seat.moving.went_to is not None:
        return _show_there(seat.moving.went_to, seat.actor.person or None, seat.role)
    _last_keys(seat)
    _goodbye(seat)
    return status


def _show_there(run_dir: Path, as_name: str | None, role: Role = "acting") -> int:
    """The screen of a run that went on elsewhere; its keeper there asks for its secrets again."""
    if role == "watching":
        return open_screen(run_dir, role, as_name=as_name)
    seat = seat_at(run_dir, role)
    try:
        name_whoever_sits(seat, as_name)
        profile = seat.view.state.profile
        typed = ask(profile, is_keeper_without(run_dir, profile))
    except BaseException:
        seat.close()
        raise
    return show(seat, typed)


def _last_keys(seat: Seat) -> None:
    """What became of what was being written when the screen was closed."""
    from cockpit.run.wording import sentence
    from cockpit.session.outcomes import Done, Failed

    for outcome in seat.submitting.unheard:
        if isinstance(outcome, Done):
            say(f"the last key was written: {sentence(outcome.events[0], seat.view.state)}")
        elif isinstance(outcome, Failed):
            say(f"the last key did nothing: {outcome.sentence}")
    for doubt in seat.submitting.doubts.open:
        say(f"it is NOT KNOWN whether this was written, the log will tell ({doubt.id}): {doubt.what}")
    if seat.submitting.is_asking:
        say("it is NOT KNOWN whether the last key was written: the log will tell")


def _goodbye(seat: Seat) -> None:
    state = seat.view.state
    run = called(seat.run_dir)
    if state.status != "live":
        say(f"the run {run} was {state.status}; its log: {seat.run_dir / 'audit.jsonl'}")
    elif where := went_on(seat.run_dir):
        how = "join" if seat.role == "watching" else "resume"
        say(f"this run goes on in {where}; come to it there: cockpit {how} {where}")
    elif seat.role == "watching":
        say(f"the run {run} goes on without this screen; watch it again: cockpit join {run}")
    else:
        say(f"detached; the run {run} goes on. Come back: cockpit resume {run}")
        if others := still_here(seat):
            say(f"you have the pen still; {others} may take it now, with a reason")
