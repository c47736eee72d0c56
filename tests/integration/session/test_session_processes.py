"""Seats in processes of their own: the same key pressed at once, and screens that are killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from cockpit.audit import layout
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Phase, Profile, Step
from cockpit.run import events as e
from cockpit.run.evolve import fold
from cockpit.session.creating import create_run
from cockpit.session.identity import actor
from cockpit.session.seat import Seat

STEPS = tuple(f"step_{n}" for n in range(40))
PRESSING = """
import sys, pathlib
from cockpit.run import commands as c
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat
seat = Seat.open(pathlib.Path(sys.argv[1]), actor())
seat.follow(lambda view: None)
print("ready", flush=True)
sys.stdin.readline()
while (cursor := seat.view.state.cursor) is not None:
    outcome = seat.submit(seat.command(c.ConfirmStep, step=cursor.step, painted_seq=cursor.opened_seq))
    print(cursor.step, type(outcome).__name__, getattr(outcome, "code", ""), flush=True)
seat.close("done")
"""


class Loaded(msgspec.Struct, frozen=True):
    profile: Profile
    sources: tuple[e.SourceFile, ...]
    digest: str


def new_run(tmp_path: Path) -> Path:
    steps = tuple(Step(id=step, title=step) for step in STEPS)
    profile = Profile(id="p", environment="staging", phases=(Phase(id="all", title="All", steps=steps),))
    source = e.SourceFile(str(tmp_path / "p.toml"), "0" * 64, "")
    loaded = Loaded(profile, (source,), "0" * 64)
    return create_run(loaded, {}, folder=tmp_path / "runs", kinds=Kinds({}, {}))  # type: ignore[arg-type]


def pressing(run_dir: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PRESSING, str(run_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def facts(run_dir: Path) -> list[e.Event]:
    tail, events = Tail(run_dir), []
    while entries := tail.read():
        events += [entry.event for entry in entries]
    tail.close()
    return events


def test_processes_that_confirm_the_same_steps_at_once_confirm_each_exactly_once(tmp_path: Path) -> None:
    run_dir = new_run(tmp_path)
    processes = [pressing(run_dir) for _ in range(3)]
    for process in processes:
        go(process)
    said = [line.split() for process in processes for line in process.communicate(timeout=60)[0].splitlines()]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(step for step, outcome, *_ in said if outcome == "Done") == sorted(STEPS)
    refusals = [rest for _, outcome, *rest in said if outcome != "Done"]
    assert {tuple(rest) for rest in refusals} <= {("not_current",)}
    events = facts(run_dir)
    assert [event.body.step for event in events if isinstance(event.body, e.StepConfirmed)] == list(STEPS)
    assert fold(events).seats == {}
    assert not verify(layout.log_path(run_dir)).problem


def test_no_acknowledged_confirmation_is_lost_when_a_screen_is_killed(tmp_path: Path) -> None:
    run_dir = new_run(tmp_path)
    chance = random.Random(int.from_bytes(os.urandom(4)))
    acknowledged: set[str] = set()
    for _ in range(5):
        process = pressing(run_dir)
        go(process)
        time.sleep(chance.uniform(0.0, 0.02))  # the moment of the kill is what varies; nothing waits for it
        process.send_signal(signal.SIGKILL)
        said, _ = process.communicate(timeout=60)
        # A last line without its end was printed by nobody who was told anything.
        whole = said[: said.rfind("\n") + 1]
        acknowledged |= {line.split()[0] for line in whole.splitlines() if line.split()[1] == "Done"}
    seat = Seat.open(run_dir, actor())
    confirmed = {step for step, state in seat.view.state.steps.items() if state.status == "confirmed"}
    seat.follow(lambda view: None)
    seat.close()
    assert acknowledged <= confirmed
    assert confirmed == set(STEPS[: len(confirmed)])
    assert not verify(layout.log_path(run_dir)).problem
