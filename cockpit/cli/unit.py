"""`cockpit unit`: a systemd user unit for checkpoints that come long after everybody has gone."""

from __future__ import annotations

import os
import sys

import click

from cockpit.audit.moved import place_now
from cockpit.cli.ending import Refused, say
from cockpit.cli.taking import told
from cockpit.errors import RunError
from cockpit.exits import Exit
from cockpit.run.commands import AddNote
from cockpit.run.holding import holder_at
from cockpit.session.finding import find_run
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.runs import called
from cockpit.session.seat import Seat
from cockpit.session.spawn import require_trust
from cockpit.session.unit import install, is_there, unit_name, unit_text, units_folder


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--install", "install_", is_flag=True, help="Write it to ~/.config/systemd/user/, and note why.")
@click.option("--reason", metavar="TEXT", help="Why it is installed, for the log.")
def unit(run: str, install_: bool, reason: str | None) -> int:
    """Print a systemd user unit that keeps the keeper of RUN alive over logouts and reboots.

    Its comments say how it is enabled and which variables it wants; no secret is written into it. Only who holds the
    pen installs it.
    """
    seat = Seat.open(place_now(find_run(run)), actor())
    try:
        text = _text(seat)
        if not install_:
            click.echo(text, nl=False)
            return Exit.OK
        return _install(seat, text, reason)
    finally:
        seat.close()


def _text(seat: Seat) -> str:
    state = seat.view.state
    if state.started is None:
        trouble = seat.view.trouble or "its log holds no start of a run"
        raise RunError(f"the run in {seat.run_dir} cannot be opened: {trouble}")
    if state.status != "live":
        raise Refused(f"the run {state.run} was {state.status}: no keeper is needed any more", hint="there is no unit")
    umask = os.umask(0o077)
    os.umask(umask)
    return unit_text(seat.run_dir, state, seat.actor.user, os.environ, umask)


def _install(seat: Seat, text: str, reason: str | None) -> int:
    state = seat.view.state
    name = unit_name(state.run)
    path = units_folder(os.environ) / name
    if not is_there(path, text):
        if path.exists() or path.is_symlink():
            raise Refused(f"{path} is there already, and is another", hint="look at it, and move it away")
        _require_pen(seat)
        require_trust(seat.run_dir)
        _note(seat, name, _reason(reason))
        install(path, text)
        say(f"{path} was written")
    else:
        say(f"{path} is there already, as it should be")
    say("enable it: systemctl --user daemon-reload && systemctl --user enable --now " + name)
    say(f"let it outlive logins and reboots: loginctl enable-linger {seat.actor.user}")
    return Exit.OK


def _require_pen(seat: Seat) -> None:
    if not seat.has_pen:
        raise Refused(
            f"{holder_at(seat.view.state)} holds the pen: only who acts has a keeper started",
            hint=f"take it by: cockpit resume {called(seat.run_dir)}",
        )


def _reason(given: str | None) -> str:
    if given is None and sys.stdin.isatty():
        given = click.prompt("the reason for the unit, for the log", err=True)
    if not (given or "").strip():
        raise Refused("a unit that starts keepers needs a reason", hint="give it: --reason TEXT")
    return str(given)


def _note(seat: Seat, name: str, reason: str) -> None:
    """Before anything is written: who reads the log later knows where its keepers come from."""
    outcome = seat.submit(seat.command(AddNote, text=f"installs {name}, which starts keepers of this run: {reason}"))
    if not isinstance(outcome, Done):
        raise Refused(f"the unit was not installed: {told(outcome)}")
