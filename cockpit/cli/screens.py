"""`cockpit run`, `resume`, `join`: everything that opens a screen.

Invariant: every question is asked before the screen opens, and nothing is started before every question is answered.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.audit.layout import log_path
from cockpit.audit.moved import place_now, went_on
from cockpit.audit.places import require_run, require_way
from cockpit.cli.ending import Refused, say
from cockpit.cli.naming import as_option, named, prove
from cockpit.cli.options import despite_place_option, reasoned, store_option
from cockpit.cli.taking import get_pen, prepare, still_here
from cockpit.cli.terminal import require_screen
from cockpit.cli.variables import Typed, ask, environment, is_keeper_without, unprompted
from cockpit.errors import RunError, StoreAway
from cockpit.exits import Exit
from cockpit.run.commands import Role
from cockpit.run.events import Actor
from cockpit.run.holding import holds
from cockpit.session.afar import bring_up
from cockpit.session.creating import accept_place, create_run, origin
from cockpit.session.finding import find_run
from cockpit.session.identity import actor
from cockpit.session.runs import RunSummary, called, live_runs, runs_folder
from cockpit.session.seat import Seat
from cockpit.text import visible

if TYPE_CHECKING:  # loading a profile brings CEL and TOML positions, which resuming never needs
    from cockpit.profile.load import Loaded


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--another", metavar="REASON", help="Start it although the same profile has a live run, and why.")
@as_option
@despite_place_option
@store_option
def run(file: str, another: str | None, as_name: str | None, despite_place: str | None, dsn: str | None) -> int:
    """Start a run of the profile in FILE and open its screen.

    The run goes on when the screen is closed: a background process keeps watching. Come back with `cockpit resume`.
    """
    loaded = runnable(file)
    if loaded is None:
        return Exit.PROBLEMS
    return begin(loaded, another, as_name=as_name, despite_place=despite_place, dsn=dsn or "")


def runnable(file: str) -> Loaded | None:
    """The profile in a file; None if it cannot be run as it is, which has been said then."""
    from cockpit.profile.kinds import installed
    from cockpit.profile.load import load
    from cockpit.profile.problems import ProfileError

    try:
        return load(file, installed())
    except ProfileError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        say(f"{visible(file)} cannot be run as it is; {error.hint or 'correct it'}")
        return None


def begin(
    loaded: Loaded,
    another: str | None,
    *,
    rehearsal: bool = False,
    rehearsal_reason: str = "",
    as_name: str | None = None,
    despite_place: str | None = None,
    dsn: str = "",
) -> int:
    """Ask for what is missing, start a run and open its screen; or join a live one of the same profile."""
    from cockpit.profile.variables import prompts

    values = unprompted(loaded.profile, environment())
    require_screen()
    _bring_live(dsn)
    live = live_runs(loaded.profile.id, loaded.profile.environment)
    despite = _despite(live, another)
    if despite is None:
        run_dir = place_now(live[0].run_dir)
        _refuse_former(run_dir)
        return open_screen(run_dir, "acting", as_name=as_name)
    place_reason = reasoned(despite_place)
    require_way(runs_folder(), despite=bool(place_reason))
    if not rehearsal:
        _require_window(loaded)
    started_by = named(actor(), loaded.profile, as_name)
    asked = prompts(loaded.profile)
    typed = ask(asked)
    values |= {variable.name: typed.pop(variable.name) for variable in asked if not variable.secret}
    run_dir = create_run(
        loaded,
        values,
        despite=despite,
        rehearsal=rehearsal,
        rehearsal_reason=rehearsal_reason,
        despite_place=place_reason,
        started_by=started_by,
        dsn=dsn,
    )
    return open_screen(run_dir, "acting", typed, started_by=started_by)


def _require_window(loaded: Loaded) -> None:
    """A window that has ended is nobody's agreement to anything."""
    from datetime import UTC, datetime

    from cockpit.profile.window import resolve_window

    window, now = loaded.profile.window, datetime.now(UTC)
    if window is None:
        return
    _, end = resolve_window(window, now)
    if end <= now:
        raise Refused(
            f"the window of {visible(loaded.path.name)} has ended, on {end.astimezone(UTC):%Y-%m-%d at %H:%M} UTC",
            hint="agree on another and correct `[window]`; cockpit rehearse needs none",
        )


def _despite(live: list[RunSummary], another: str | None) -> dict[str, str] | None:
    """The reason for each live run of the same profile to start beside it; None to join the newest instead."""
    if not live:
        return {}
    if another is None:
        for run in live:
            since = f" since {run.began:%Y-%m-%d %H:%M} UTC" if run.began else ""
            what = "a live rehearsal" if run.is_rehearsal else "a live run"
            say(f"{run.profile_id} {run.environment} has {what}{since}, started by {run.user}: {run.run}")
        if click.prompt("join it, or start another", type=click.Choice(["join", "another"]), err=True) == "join":
            return None
        another = click.prompt("the reason for another, for the log", err=True)
    if not another.strip():
        raise Refused("another run of the same profile needs a reason", hint="give it: --another REASON")
    return {run.run: another for run in live}


@click.command()
@click.argument("run", required=False, metavar="[RUN]")
@click.option("--reason", metavar="REASON", help="Why you take the pen, if somebody else holds it.")
@click.option("--into", metavar="FOLDER", help="Its log can no longer be written: go on in this folder.")
@as_option
@despite_place_option
@store_option
def resume(
    run: str | None,
    reason: str | None,
    into: str | None,
    as_name: str | None,
    despite_place: str | None,
    dsn: str | None,
) -> int:
    """Come back to RUN (the beginning of its id, or its folder), exactly where it stood.

    Without RUN: the only live run, or the only one that you started. A keeper that died is started again. If somebody
    else holds the pen, it is taken from them, with a reason, once you have read the handover card: not while they are
    here and act, then join the run and ask for it. A run whose disk is full or broken goes on elsewhere:
    what was durable is copied into FOLDER, byte by byte, and the log goes on there.
    """
    require_screen()
    run_dir = _found(run, dsn or "")
    place_reason = reasoned(despite_place)
    if into is not None:
        run_dir, reason = _go_on(run_dir, Path(into), place_reason, reason)
    _refuse_former(run_dir)
    if place_reason:
        accept_place(run_dir, place_reason)
    require_run(run_dir)
    _find_demo(run_dir)
    seat = _seat(run_dir, "acting")
    try:
        state = seat.view.state
        if state.status != "live":
            raise Refused(
                f"the run {run_dir.name} was {state.status}", hint=f"look at it: cockpit replay {called(run_dir)}"
            )
        _name(seat, as_name)
        if not seat.has_pen:
            get_pen(seat, reason, is_shown=into is not None)
        typed = ask(is_keeper_without(run_dir, state.profile))
    except BaseException:
        seat.close()
        raise
    return _show(seat, typed)


def _go_on(run_dir: Path, folder: Path, despite_place: str, reason: str | None) -> tuple[Path, str | None]:
    """Let the run go on in another folder; its own folder there, and the reason for taking the pen there.

    Who does not hold the pen is asked for that reason first: nobody moves a run and then thinks better of it.
    """
    from cockpit.session.continuing import go_on
    from cockpit.session.follower import Follower

    follower = Follower(run_dir)
    try:
        view = follower.view
        if view.state.pen is not None and not holds(view.state, actor()):
            reason = prepare(view.state, tuple(seat.seat for seat in view.here), run_dir, reason)
        new_dir, former = go_on(run_dir, folder, actor(), follower, despite_place=despite_place)
    finally:
        follower.close()
    lost = f"; {former.lost} LINES OF IT ARE LOST" if former.lost else ""
    say(f"the run goes on in {new_dir}, from seq {former.cited.seq} ({former.cited.short}){lost}")
    if not went_on(run_dir):
        say(f"{run_dir} took no word of it: let nobody write there again, or there are two logs of one run")
    return new_dir, reason


def _bring_live(dsn: str) -> None:
    """Have this host's copies of all live runs of the database. One that is away is told of: what is here is here."""
    if not dsn:
        return
    from cockpit.session.afar_runs import bring_live

    try:
        bring_live(dsn)
    except StoreAway as error:
        say(f"{error}; only what is on this host is known")


def _found(run: str | None, dsn: str) -> Path:
    """The run that is meant: of those here, or of the database."""
    if run is None:
        _bring_live(dsn)
    try:
        return place_now(find_run(run))
    except RunError:
        if run is None or not dsn:
            raise
    from cockpit.session.afar_runs import bring

    return place_now(bring(dsn, run))


def _refuse_former(run_dir: Path) -> None:
    """Nobody goes on from a log that went on elsewhere."""
    if where := went_on(run_dir):
        raise Refused(f"this run goes on in {where}", hint=f"come back to it there: cockpit resume {where}")


def _find_demo(run_dir: Path) -> None:
    """Take over where a demo's system is: the keeper may have to be started again, from this shell's environment."""
    profile_folder = origin(run_dir)
    if profile_folder is not None and "cockpit-demo-" in str(profile_folder):
        from cockpit.demo.whereabouts import environ_of

        os.environ.update(environ_of(profile_folder))


@click.command()
@click.argument("run", required=False, metavar="[RUN]")
@as_option
@store_option
def join(run: str | None, as_name: str | None, dsn: str | None) -> int:
    """Join RUN (the beginning of its id, or its folder): read everything, note and hold, but not act.

    Without RUN: the only live run; of several, the one that you pick from a list with who is there. The screen acts
    once the pen comes to it: ask for it there (P). Whoever may only read the run may look, and is told so.
    """
    from cockpit.cli.joining import run_to_join  # a list of runs, which the other commands here never need

    require_screen()
    if run is None:
        _bring_live(dsn or "")
        run_dir = run_to_join(None)
    else:
        run_dir = _found(run, dsn or "")
    _refuse_former(run_dir)
    return open_screen(run_dir, "watching", as_name=as_name)


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
    seat = _seat(run_dir, role, started_by)
    try:
        _name(seat, as_name, is_asked=started_by is not None)
    except BaseException:
        seat.close()
        raise
    return _show(seat, typed or {})


def _name(seat: Seat, as_name: str | None, *, is_asked: bool = False) -> None:
    """Let whoever sits here say and prove who they are, where the account does not. Raises Refused."""
    state = seat.view.state
    if state.status != "live" or not os.access(log_path(seat.run_dir), os.W_OK):
        return  # nothing is written of who only reads
    if not is_asked:
        seat.actor = named(seat.actor, state.profile, as_name, state)
    prove(seat)


def _seat(run_dir: Path, role: Role, sitting: Actor | None = None) -> Seat:
    if away := bring_up(run_dir):
        say(away)
    seat = Seat.open(run_dir, sitting or actor(), role)
    if seat.view.state.started is None:
        trouble = seat.view.trouble or "its log holds no start of a run"
        seat.close()
        raise RunError(f"the run in {run_dir} cannot be opened: {trouble}")
    return seat


def _show(seat: Seat, typed: Mapping[str, str]) -> int:
    # Until the first paint much is made and nothing dropped: looking for garbage then costs 30 ms and finds none.
    gc.disable()
    from cockpit.tui.app import run_cockpit

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
    seat = _seat(run_dir, role)
    try:
        _name(seat, as_name)
        typed = ask(is_keeper_without(run_dir, seat.view.state.profile))
    except BaseException:
        seat.close()
        raise
    return _show(seat, typed)


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
