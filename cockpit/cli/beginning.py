"""`cockpit run`: a new run of a profile, or the live one that there is.

Invariant: every question is asked before the screen opens, and nothing is started before every question is answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.audit.moved import place_now
from cockpit.audit.places import require_way
from cockpit.cli.ending import Refused, say
from cockpit.cli.found_runs import bring_live_runs, refuse_former
from cockpit.cli.naming import as_option, named
from cockpit.cli.options import despite_place_option, reasoned, store_option, unreviewed_option
from cockpit.cli.screens import open_screen
from cockpit.cli.terminal import require_screen
from cockpit.cli.variables import ask, environment, unprompted
from cockpit.exits import Exit
from cockpit.session.creating import create_run
from cockpit.session.identity import actor
from cockpit.session.runs import RunSummary, live_runs, runs_folder
from cockpit.text import visible

if TYPE_CHECKING:  # loading a profile brings CEL and TOML positions, which resuming never needs
    from cockpit.profile.load import Loaded


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--another", metavar="REASON", help="Start it although the same profile has a live run, and why.")
@as_option
@despite_place_option
@store_option
@unreviewed_option
def run(
    file: str,
    another: str | None,
    as_name: str | None,
    despite_place: str | None,
    dsn: str | None,
    unreviewed: str | None,
) -> int:
    """Start a run of the profile in FILE and open its screen.

    The run goes on when the screen is closed: a background process keeps watching. Come back with `cockpit resume`.
    At the first use of a profile on this machine, what it may execute is shown and you are asked.
    """
    loaded = runnable(file)
    if loaded is None:
        return Exit.PROBLEMS
    return begin(loaded, another, as_name=as_name, despite_place=despite_place, dsn=dsn or "", unreviewed=unreviewed)


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
    unreviewed: str | None = None,
) -> int:
    """Ask for what is missing, start a run and open its screen; or join a live one of the same profile."""
    from cockpit.cli.trusting import trusted  # the listing of a profile, which joining a live run never needs
    from cockpit.profile.variables import prompts

    values = unprompted(loaded.profile, environment())
    require_screen()
    bring_live_runs(dsn)
    live = live_runs(loaded.profile.id, loaded.profile.environment)
    despite = _despite(live, another)
    if despite is None:
        run_dir = place_now(live[0].run_dir)
        refuse_former(run_dir)
        return open_screen(run_dir, "acting", as_name=as_name)
    place_reason = reasoned(despite_place)
    require_way(runs_folder(), despite=bool(place_reason))
    if not rehearsal:
        _require_window(loaded)
    started_by = named(actor(), loaded.profile, as_name)
    trust = trusted(loaded, started_by, unreviewed)
    asked = prompts(loaded.profile)
    typed = ask(loaded.profile, asked, values)
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
        trust=trust,
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
