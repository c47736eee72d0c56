"""A crash between a command's intent and its result: UNKNOWN each time, never a second execution, then settled.

Keeper and shim are killed at once, at a set moment and a little later. What the command did is counted in a file; if
it was done is then told by the step's gate, on readings taken since, or by a person with a reason.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from crash_acting import Account, Night, left_running, night, until
from crash_figures import tell
from crash_lane import processes

from cockpit.actions.shim.record import read_status
from cockpit.audit.layout import action_log, action_status, keeper_lock
from cockpit.audit.locks import holder_alive
from cockpit.audit.verify import verify
from cockpit.run.commands import ConfirmStep, RunAction, SettleAction, SkipStep
from cockpit.run.events import ActionSettled
from cockpit.session.outcomes import Done

CRASHES, MANY_CRASHES = 10, 100
MOMENTS = ("intended", "claimed", "begun", "done")
"""The intent is in the log; the shim has said who it is; the command is started; its effect is there."""
LATER_S = 0.02

PROBE = """
[[probes]]
id = "effect"
kind = "file"
path = "{folder}/effects"
value = "last_line"
interval = 60
"""
STEP = """
[[phases.steps]]
id = "step_{n}"
title = "Step {n}"
kind = "command"
script = "echo 'step_{n}' >> '{folder}/effects'; echo 'did it'; read -r never < '{folder}/gate'"
gate = ['effect == "step_{n}"']
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder with a pipe that nobody writes to: a command that reads it ends only with a signal."""
    os.mkfifo(tmp_path / "gate")
    yield tmp_path
    end_commands(tmp_path)


def end_commands(folder: Path) -> None:
    """Kill what outlived its shim."""
    own = os.fsencode(folder)

    def left() -> list[int]:
        return [pid for pid, line in processes() if own in line and line.startswith(b"bash\0")]

    for pid in left():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not left(), "the end of the commands")


def done(folder: Path) -> Counter[str]:
    """How often each step's command had its effect."""
    path = folder / "effects"
    return Counter(path.read_text().split()) if path.exists() else Counter()


def come_to(night: Night, moment: str, step: str) -> None:
    """Wait for the moment in which to strike."""
    action = night.asked[-1]

    def started() -> object:
        status = read_status(str(action_status(night.run_dir, action)))
        return status is not None and status.child

    seen = {
        "intended": lambda: night.action is not None and night.action.started is not None,
        "claimed": action_status(night.run_dir, action).exists,
        "begun": started,
        "done": lambda: done(night.run_dir.parents[1])[step],
    }
    until(seen[moment], moment)
    time.sleep(night.dice.uniform(0, LATER_S))


def crash(night: Night) -> None:
    """Kill the keeper and its shim, one that it has only just started too."""
    keeper = night.keeper_pid()
    os.kill(keeper, signal.SIGSTOP)
    children = Path(f"/proc/{keeper}/task").glob("*/children")
    shims = {int(pid) for each in children for pid in each.read_text().split()}
    for pid in (keeper, *shims):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not holder_alive(keeper_lock(night.run_dir)), "the keeper's death")
    until(lambda: not [pid for pid, line in processes() if pid in shims and line], "the shim's death")


def explained(night: Night) -> None:
    """What is known is said: who it was and since when, or that it was never started; and its last words."""
    action = night.action
    assert action is not None
    status = read_status(str(action_status(night.run_dir, action.action)))
    assert status is not None
    if status.pid == 0:
        assert action.detail.endswith("ended before the command was started; it was not started since")
    elif status.child == 0:
        assert re.search(r"about to be started at \d\d:\d\d:\d\d UTC", action.detail)
    else:
        assert f"process {status.child}, started " in action.detail
    log = action_log(night.run_dir, action.action)
    if log.exists() and log.stat().st_size:
        assert action.tail[0] == "did it"
        assert "; it last wrote at " in action.detail


def settle(night: Night, step: str, *, by_gate: bool) -> None:
    """Say what became of it: the gate alone, where it vouches; else a person, with a reason."""
    cursor, action = night.state.cursor, night.action
    assert cursor is not None
    assert action is not None
    was_done = done(night.run_dir.parents[1])[step]
    here = {"step": step}
    refusal = night.seat.submit(night.seat.command(RunAction, **here, action="again", painted_seq=cursor.opened_seq))
    assert not isinstance(refusal, Done), "another try of what is unknown asks for a reason"
    if not (was_done and by_gate):
        outcome = "succeeded" if was_done else "failed"
        said = night.seat.submit(
            night.seat.command(SettleAction, action=action.action, outcome=outcome, reason="looked at the file")
        )
        assert isinstance(said, Done)
    if not was_done:
        skip = night.seat.command(SkipStep, **here, painted_seq=_opened(night), reason="not needed any more")
        assert isinstance(night.seat.submit(skip), Done)
        return
    until(lambda: _gate(night) == "pass", "the gate, on what the new keeper reads")
    confirm = night.seat.command(ConfirmStep, **here, painted_seq=_opened(night))
    assert isinstance(night.seat.submit(confirm), Done)


def _opened(night: Night) -> int:
    assert night.state.cursor is not None
    return night.state.cursor.opened_seq


def _gate(night: Night) -> str:
    assert night.state.cursor is not None
    gate = night.state.gates.get(night.state.cursor.gate)
    return gate.verdict if gate is not None else "pending"


@pytest.mark.timeout(600)
def test_a_crash_between_intent_and_end_is_unknown_and_nothing_is_done_again(
    place: Path, request: pytest.FixtureRequest
) -> None:
    crashes, seed = MANY_CRASHES if request.config.getoption("--many") else CRASHES, random.randrange(2**32)
    outcomes, by_gates = Counter[str](), 0
    with night(place, STEP, crashes, seed, PROBE.format(folder=place)) as walk:
        walk.attend()
        for number in range(crashes):
            step, said = f"step_{number}", f"crash {number}, seed {seed}"
            assert walk.order(), said
            come_to(walk, MOMENTS[number % len(MOMENTS)], step)
            crash(walk)
            walk.attend()
            outcomes[walk.ending()] += 1
            assert walk.ending() == "unknown", said
            end_commands(place)
            explained(walk)
            by_gates += number % 8 < 4 and done(place)[step]
            settle(walk, step, by_gate=number % 8 < 4)
    until(lambda: not left_running(place), "the end of all that was started")
    account, effects = Account(walk.events()), done(place)
    tell(
        "Keeper and shim killed between a command's intent and its end: UNKNOWN, then settled",
        outcomes["unknown"],
        done=len(account.intended),
        twice=sum(times > 1 for times in effects.values()),
        note=f"{sum(effects.values())} had been done, {by_gates} settled by the step's gate, the others by a person",
    )
    assert account.endings == [(action, "unknown") for action in walk.asked], f"one end each; seed {seed}"
    assert account.requested == walk.asked, f"nobody else asks; seed {seed}"
    assert account.intended == set(walk.asked), f"seed {seed}"
    assert max(effects.values()) == 1, f"seed {seed}"
    assert effects.total() >= crashes // len(MOMENTS)
    settled = [event for event in walk.events() if isinstance(event.body, ActionSettled)]
    assert len(settled) == crashes - by_gates
    assert by_gates
    assert verify(walk.run_dir, parallel=False).ok
