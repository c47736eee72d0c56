"""`cockpit resume`, `cockpit join`: a seat at a run that lives.

Invariant: as `beginning`. Nobody goes on from a log that went on elsewhere.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from cockpit.audit.moved import went_on
from cockpit.audit.places import require_run
from cockpit.cli.ending import Refused, say
from cockpit.cli.found_runs import bring_live_runs, found, refuse_former
from cockpit.cli.naming import as_option
from cockpit.cli.options import despite_place_option, reasoned, store_option
from cockpit.cli.screens import name_whoever_sits, open_screen, seat_at, show
from cockpit.cli.taking import get_pen, prepare
from cockpit.cli.terminal import require_screen
from cockpit.cli.variables import ask, is_keeper_without
from cockpit.run.holding import holds
from cockpit.session.identity import actor
from cockpit.session.placed import accept_place, origin
from cockpit.session.runs import called
from cockpit.session.trust_foreign import foreign


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
    run_dir = found(run, dsn or "")
    place_reason = reasoned(despite_place)
    if into is not None:
        run_dir, reason = _go_on(run_dir, Path(into), place_reason, reason)
    refuse_former(run_dir)
    if place_reason:
        accept_place(run_dir, place_reason)
    require_run(run_dir)
    _find_demo(run_dir)
    seat = seat_at(run_dir, "acting")
    try:
        state = seat.view.state
        if state.status != "live":
            raise Refused(
                f"the run {run_dir.name} was {state.status}", hint=f"look at it: cockpit replay {called(run_dir)}"
            )
        _confirm_foreign(run_dir)
        name_whoever_sits(seat, as_name)
        if not seat.has_pen:
            get_pen(seat, reason, is_shown=into is not None)
        typed = ask(state.profile, is_keeper_without(run_dir, state.profile))
    except BaseException:
        seat.close()
        raise
    return show(seat, typed)


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


def _confirm_foreign(run_dir: Path) -> None:
    """Ask whoever comes to a run that began elsewhere: its keeper may be started here, with their hands."""
    started = foreign(run_dir)
    if started is not None:
        from cockpit.cli.trusting import trusted_run  # the listing of a profile, which resuming one's own never needs

        trusted_run(run_dir.name, started)


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
        bring_live_runs(dsn or "")
        run_dir = run_to_join(None)
    else:
        run_dir = found(run, dsn or "")
    refuse_former(run_dir)
    return open_screen(run_dir, "watching", as_name=as_name)
