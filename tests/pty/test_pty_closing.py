"""The window is closed in the middle of a confirmation or a command: nothing half done, nothing lost, nothing twice."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from crash.crash_figures import tell
from seated import Night, night, until
from terminal import Terminal

from cockpit.audit.verify import verify
from cockpit.run.commands import ConfirmStep
from cockpit.run.events import ActionEnded, ActionRequested, StepConfirmed
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat

TIMES, MANY_TIMES = 10, 100
LONGEST_S = 0.2
"""From the key that decides to the closing: deciding and appending take 0.02 s of it."""
PHASES = """production = true
[[phases]]
id = "all"
title = "All"
"""
CONFIRMED = """
[[phases.steps]]
id = "s{n}"
title = "Step {n}"
risk = "irreversible"
"""
RUN = """
[[phases.steps]]
id = "s{n}"
title = "Step {n}"
kind = "command"
script = "echo {n} >> '{folder}/effects'; sleep 0.4; echo over"
"""


def confirm_and_close(terminal: Terminal, dice: random.Random, n: int) -> bool:
    """Close the window while the word is typed, or after the Enter that sends it; whether the screen said it."""
    word = f"s{n}"
    terminal.send("c")
    terminal.wait_for(f"type {word}")
    is_sent = dice.random() < 0.8
    if is_sent:
        terminal.fill(word)
        terminal.send("enter")
        time.sleep(dice.uniform(0, LONGEST_S))
    else:
        terminal.type(word[:1])
    was_said = f"confirmed 1.{n + 1}" in terminal.text
    terminal.close_window()
    return was_said


def run_and_close(night: Night, terminal: Terminal, dice: random.Random) -> None:
    """Close the window while a command runs."""
    asked = len(night.bodies(ActionRequested))
    terminal.send("r")
    until(lambda: len(night.bodies(ActionRequested)) > asked, "an order")
    time.sleep(dice.uniform(0, LONGEST_S))
    terminal.close_window()


def confirm_by_another_seat(night: Night) -> None:
    seat = Seat.open(night.run_dir, actor())
    try:
        cursor = seat.view.state.cursor
        assert cursor is not None
        assert cursor.step is not None
        command = seat.command(ConfirmStep, step=cursor.step, painted_seq=cursor.opened_seq, typed=cursor.step)
        outcome = seat.submit(command)
        assert isinstance(outcome, Done), outcome
    finally:
        seat.close()


@pytest.mark.timeout(600)
def test_a_window_closed_in_the_middle_does_things_wholly_or_not_at_all(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    times = MANY_TIMES if request.config.getoption("--many") else TIMES
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    steps = "".join((RUN if n % 2 else CONFIRMED).format(n=n, folder=tmp_path) for n in range(times))
    said = 0
    with night(tmp_path, PHASES + steps) as it:
        for n in range(times):
            with it.screen() as terminal:
                terminal.wait_for(rf"▶ 1\.{n + 1} Step {n}\b")
                it.keeper_pid()
                if n % 2:
                    run_and_close(it, terminal, dice)
                elif confirm_and_close(terminal, dice, n):
                    said += 1
                    assert it.state.steps[f"s{n}"].status == "confirmed", f"it was said to be; seed {seed}"
                terminal.process.wait(60)
            if n % 2:
                until(lambda n=n: len(it.bodies(ActionEnded)) == (n + 1) // 2, f"the result; seed {seed}")
            if it.state.steps[f"s{n}"].status != "confirmed":
                confirm_by_another_seat(it)
        confirmed = [body.step for body in it.bodies(StepConfirmed)]
        endings = [body.outcome for body in it.bodies(ActionEnded)]
    assert confirmed == [f"s{n}" for n in range(times)], f"each once; seed {seed}"
    assert endings == ["succeeded"] * (times // 2), f"seed {seed}"
    effects = (tmp_path / "effects").read_text().split()
    assert effects == [str(n) for n in range(1, times, 2)], f"each once; seed {seed}"
    assert verify(it.run_dir).ok
    tell(
        "The window closed in the middle of a confirmation or a command",
        times,
        acknowledged=said + times // 2,
        lost=0,
        done=times // 2,
        twice=0,
    )
