"""Ending a demo's run from outside its screen: with a reason, in the log, as a person would."""

from __future__ import annotations

from pathlib import Path

from cockpit.errors import LogUnreadable, RunError
from cockpit.run.commands import AbortRun
from cockpit.run.friction import required_word
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat


def abort(run_dir: Path, reason: str) -> bool:
    """Abort the run if it lives; whether it did. Raises `RunError` if it cannot be.

    A run whose folder is gone does not live.
    """
    try:
        seat = Seat.open(run_dir, actor())
    except LogUnreadable:
        return False
    try:
        state = seat.view.state
        if state.status != "live":
            return False
        outcome = seat.submit(seat.command(AbortRun, reason=reason, typed=required_word(state, "abort")))
        if not isinstance(outcome, Done):
            raise RunError(f"the run {run_dir.name} could not be aborted: {outcome}", hint="abort it: cockpit resume")
    finally:
        seat.close()
    return True
