"""A keeper that a systemd user unit started: it waits while another lives, and retires its unit when the run is over.

Invariant: it never undoes what a person did. Who had the last keeper end keeps it ended, until a screen starts one.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from cockpit.keeper.ending import say
from cockpit.run.state import RunState
from cockpit.session.runs import summary
from cockpit.text import shortened

_SYSTEMCTL_S = 10.0


def why_not(state: RunState) -> str:
    """Why a keeper that no person started must not begin; empty: it may."""
    keeper = state.keeper
    if keeper is None or not keeper.stopped_by:
        return ""
    told = keeper.stopped or f"stopped by {keeper.stopped_by}: {keeper.stop_reason}"
    return f"the last keeper was {shortened(told, 300)}; cockpit resume {state.run} starts another"


def retire(run_dir: Path, unit: str) -> None:
    """Disable the unit if the run is over: nothing is left to be started. Never raises; what failed is said."""
    if summary(run_dir).status not in ("finished", "aborted"):
        return
    command = ["systemctl", "--user", "disable", unit]
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SYSTEMCTL_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"the run is over, and {unit} could not be disabled: {type(error).__name__}")
        return
    if ended.returncode:
        say(f"the run is over, and {unit} could not be disabled: {shortened(ended.stderr.strip(), 200)}")
    else:
        say(f"the run is over: {unit} is disabled")
