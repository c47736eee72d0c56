"""An operator without a screen who writes a few facts, each one tried again when it fails: `crash_syncing.py RUN_DIR`.

Prints `told ID` for what was acknowledged and `failed SENTENCE` for what was not.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from cockpit.run.commands import AddNote
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done, Failed
from cockpit.session.seat import Seat

NOTES = 4


def write_notes(run_dir: Path) -> None:
    """Come, write, go."""
    seat = Seat.open(run_dir, actor())
    has_come = threading.Event()
    seat.follow(lambda view: has_come.set() if view.state.seats or view.trouble else None)
    has_come.wait(60)
    for number in range(NOTES):
        for _ in range(2):
            outcome = seat.submit(seat.command(AddNote, text=f"note {number}"))
            if isinstance(outcome, Done):
                print("told", *(event.id for event in outcome.events), flush=True)
                break
            print("failed", outcome.sentence if isinstance(outcome, Failed) else outcome, flush=True)
    seat.close()


if __name__ == "__main__":
    write_notes(Path(sys.argv[1]))
