"""An operator without a screen, as a process that can be killed: `crash_operator.py RUN_DIR SEED BEGAN [end]`.

Resumes the run as a screen does, then writes notes, runs step after step, says how what is unknown ended, confirms.
An event's id is printed only after it was acknowledged: whatever is printed must never be lost. `BEGAN` is when this
process was started, of CLOCK_MONOTONIC. With `end` it goes on for a few steps, and aborts the run.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from cockpit.audit.ids import new_id
from cockpit.run.commands import AbortRun, AddNote, Command, ConfirmStep, RunAction, SettleAction
from cockpit.run.refusals import KEEPER_SILENCE_S, TEXT_LIMIT
from cockpit.run.state import RunState
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat
from cockpit.session.spawn import start_keeper

PACE_S = 0.005
NOTES = 0.3
"""How often a note is written before the next look."""
LAST_STEPS = 3
STARTING_S = 0.4
"""How long a keeper is given to take its lock before another one is started beside it."""
RACES = 0.2
"""How often two are started at once, as two screens do."""


class Operator:
    """One seat, and the dice that say what is done next."""

    def __init__(self, run_dir: Path, dice: random.Random) -> None:
        self.run_dir, self.dice = run_dir, dice
        self.seat = Seat.open(run_dir, actor())
        self.seat.follow(lambda view: None)
        self._start_again = 0.0
        """Of CLOCK_MONOTONIC."""

    @property
    def state(self) -> RunState:
        return self.seat.view.state

    def resume(self, began: float) -> None:
        """Come back to a folded view and a keeper that beats, and say how long that took."""
        while not self._is_watched():
            self._see_to_keeper()
            time.sleep(PACE_S)
        say(f"here {time.monotonic() - began:.3f}")

    def _see_to_keeper(self) -> None:
        if time.monotonic() >= self._start_again:
            self._start_again = time.monotonic() + STARTING_S
            for _ in range(2 if self.dice.random() < RACES else 1):
                start_keeper(self.run_dir)

    def _is_watched(self) -> bool:
        sight = self.seat.keeper_sight()
        return sight.alive and sight.silent_s <= KEEPER_SILENCE_S

    def walk(self, until: int) -> None:
        """Go on until so many steps are confirmed, or until somebody kills this process."""
        while self.state.cursor is not None and self.confirmed < until:
            time.sleep(PACE_S)
            if not self.seat.keeper_sight().alive:
                self._see_to_keeper()
            if self.dice.random() < NOTES:
                self.does(AddNote, text=self._note())
            if self.state.action is None or not self.state.action.is_under_way:
                self._go_on()

    @property
    def confirmed(self) -> int:
        return sum(step.status == "confirmed" for step in self.state.steps.values())

    def _note(self) -> str:
        """Characters of one to four bytes: the line has up to 16 kB."""
        return self.dice.choice("aé€𝄞") * self.dice.randrange(1, TEXT_LIMIT)

    def _go_on(self) -> None:
        """The step at the cursor, one key further."""
        cursor, action = self.state.cursor, self.state.action
        assert cursor is not None
        here = {"step": cursor.step, "painted_seq": cursor.opened_seq}
        if action is not None and action.status == "succeeded":
            self.does(ConfirmStep, **here)
        elif action is not None and action.status == "unknown" and self.dice.random() < 0.7:
            outcome = self.dice.choice(("succeeded", "failed"))
            self.does(SettleAction, action=action.action, outcome=outcome, reason="looked")
        else:
            why = "once more" if action is not None and action.status == "unknown" else ""
            self.does(RunAction, **here, action=new_id(), reason=why)

    def does(self, kind: type[Command], **fields: object) -> None:
        outcome = self.seat.submit(self.seat.command(kind, **fields))
        if isinstance(outcome, Done):
            say("told " + " ".join(event.id for event in outcome.events))

    def end(self) -> None:
        """Go on a little, wait for what is under way, then end the run."""
        self.walk(self.confirmed + LAST_STEPS)
        while self.state.action is not None and self.state.action.is_under_way:
            time.sleep(PACE_S)
        self.does(AbortRun, reason="the test is over")
        self.seat.close()


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    operator = Operator(Path(sys.argv[1]), random.Random(sys.argv[2]))
    operator.resume(float(sys.argv[3]))
    operator.end() if "end" in sys.argv else operator.walk(until=len(operator.state.steps))
