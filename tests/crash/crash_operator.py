"""An operator without a screen, as a process that can be killed: `crash_operator.py RUN_DIR`.

Starts the keeper as a screen does, then confirms step after step. A step's id is printed only after its confirmation
was acknowledged: whatever is printed must never be lost.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from cockpit.run.commands import ConfirmStep, FinishRun
from cockpit.run.state import RunState
from cockpit.session.identity import actor
from cockpit.session.seat import Done, Seat
from cockpit.session.spawn import start_keeper

PACE_S = 0.01


def walk(run_dir: Path) -> None:
    """Confirm until nothing is left, then finish the run."""
    seat = Seat.open(run_dir, actor())
    print("seated", flush=True)
    start_keeper(run_dir)
    seat.follow(lambda view: None)
    while (state := seat.view.state).status == "live":
        time.sleep(PACE_S)
        if state.cursor is None:
            seat.submit(seat.command(FinishRun))
        elif may_confirm(state):
            step, seq = state.cursor.step, state.cursor.opened_seq
            if isinstance(seat.submit(seat.command(ConfirmStep, step=step, painted_seq=seq)), Done):
                print(f"confirmed {step}", flush=True)
        elif not seat.keeper_sight().alive:
            start_keeper(run_dir)
    seat.close()


def may_confirm(state: RunState) -> bool:
    """Whether the gate at the cursor passes, as far as the view knows."""
    assert state.cursor is not None
    gate = state.gates.get(state.cursor.gate)
    return gate is None or gate.verdict == "pass"


if __name__ == "__main__":
    walk(Path(sys.argv[1]))
