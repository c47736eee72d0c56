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
        elif may_confirm(state) and _confirmed(seat, state):
            print(f"confirmed {state.cursor.step}", flush=True)
        elif not seat.keeper_sight().alive:  # a gate that passed counts no more once its keeper is silent
            start_keeper(run_dir)
    seat.close()


def _confirmed(seat: Seat, state: RunState) -> bool:
    """Confirm the step at the cursor; whether that was acknowledged."""
    assert state.cursor is not None
    command = seat.command(ConfirmStep, step=state.cursor.step, painted_seq=state.cursor.opened_seq)
    return isinstance(seat.submit(command), Done)


def may_confirm(state: RunState) -> bool:
    """Whether the gate at the cursor passes, as far as the view knows."""
    assert state.cursor is not None
    gate = state.gates.get(state.cursor.gate)
    return gate is None or gate.verdict == "pass"


if __name__ == "__main__":
    walk(Path(sys.argv[1]))
