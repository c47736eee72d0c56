"""The demo in a real terminal: walked by keys alone, and through kills of its screen and its keeper."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from demo_operator import DemoOperator, cockpit, moments
from demo_place import demo_place, left_behind, until
from seated import keeper_pid

from cockpit.audit import layout
from cockpit.audit.locks import holder_alive
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.run.evolve import evolve
from cockpit.run.numbering import step_label
from cockpit.run.state import EMPTY, RunState

SPEED = ("--speed", "5")
STEPS = {"1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "3.4"}


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with demo_place(monkeypatch) as folder:
        yield folder


def the_run(place: Path) -> Path:
    (run_dir,) = (place / "runs").iterdir()
    return run_dir


def folded(run_dir: Path) -> RunState:
    """The run as its log tells it."""
    state, tail = EMPTY, Tail(run_dir)
    while entries := tail.read():
        for entry in entries:
            state = evolve(state, entry.event)
    tail.close()
    return state


def confirmed(state: RunState) -> set[str]:
    """Labels of the steps that the log says were confirmed."""
    labels = {step_label(state.profile, name) for name, step in state.steps.items() if step.status == "confirmed"}
    return {label.split()[0] for label in labels}


@pytest.mark.parametrize(
    "size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.many)], ids=lambda size: f"{size[0]}x{size[1]}"
)
def test_the_demo_is_walked_from_start_to_finish_by_keys_alone(place: Path, size: tuple[int, int]):
    with cockpit(place, ["demo", *SPEED], columns=size[0], lines=size[1]) as terminal:
        operator = DemoOperator(terminal)
        assert operator.walk_to_the_end() == 0
        assert "was finished" in terminal.text
        assert terminal.modes_left_on() == []
    state = folded(the_run(place))
    assert state.status == "finished"
    assert confirmed(state) == STEPS
    assert state.deviations == ()
    verification = verify(the_run(place))
    assert verification.ok, verification.problem
    assert until(lambda: left_behind(place) == []), left_behind(place)
    assert list(place.glob("cockpit-demo-*")) == []


def test_closing_the_screen_detaches_and_resuming_goes_on_where_it_stood(place: Path):
    with cockpit(place, ["demo", *SPEED]) as terminal:
        operator = DemoOperator(terminal)
        operator.walk(lambda screen: "✔ 1.2" in screen)
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
        assert "cockpit demo --stop" in terminal.text
        assert terminal.modes_left_on() == []
    with cockpit(place, ["resume"]) as terminal:
        resumed = DemoOperator(terminal)
        terminal.wait_for("✔ 1.2")
        assert resumed.walk_to_the_end() == 0
    assert confirmed(folded(the_run(place))) == STEPS


def test_a_fault_is_held_noted_and_aborted_by_keys(place: Path):
    with cockpit(place, ["demo", *SPEED, "--fault", "empty-backup"]) as terminal:
        operator = DemoOperator(terminal)
        operator.walk(lambda screen: "backup > 0" in screen and "blocked" in screen)
        terminal.send("c")
        terminal.wait_for("o overrides|blocked")
        terminal.send("A")
        terminal.wait_for("why is it given up")
        terminal.fill("no backup, no deployment")
        terminal.send("enter")
        terminal.wait_for(r"type demo to go on +\(Esc")  # and the cursor is there
        terminal.fill("demo")
        terminal.send("enter")
        terminal.wait_for("was aborted|aborted at")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
    state = folded(the_run(place))
    assert state.status == "aborted"
    assert confirmed(state) == {"1.1"}
    assert until(lambda: left_behind(place) == []), left_behind(place)


@pytest.mark.timeout(1800)
def test_whatever_is_killed_no_confirmed_step_is_lost(place: Path, request: pytest.FixtureRequest):
    """Kills the screen or the keeper at random moments of one walk after the other, and resumes."""
    seed = random.randrange(10**6)
    kills = moments(seed, count=200 if request.config.getoption("--many") else 4, longest_s=1.5)
    print(f"seed {seed}: {[round(moment, 2) for moment in kills]}")
    while kills:
        kills = _walk_through_kills(place, kills)
        assert until(lambda: left_behind(place) == []), left_behind(place)
        for run_dir in (place / "runs").iterdir():
            run_dir.rename(place / f"done-{run_dir.name}")


def _walk_through_kills(place: Path, kills: list[float]) -> list[float]:
    """Walk one demo to its end, killing something after each of the times; returns the times that were not reached."""
    seen: set[str] = set()
    arguments = ["demo", *SPEED]
    while True:
        with cockpit(place, arguments) as terminal:
            operator = DemoOperator(terminal)
            terminal.wait_for(r"1\.1 ")
            assert seen <= _settled_soon(operator, seen), f"lost after a kill: {seen - operator.confirmed}"
            if kills:
                operator.walk_for(kills[0])
                seen |= operator.confirmed
            if not kills or "F finishes" in operator.look():
                assert operator.walk_to_the_end() == 0
                break
            if len(kills) % 2:
                terminal.kill()
            else:
                _kill_keeper(the_run(place))
                assert operator.leave() == 0
        kills = kills[1:]
        assert seen <= confirmed(folded(the_run(place))), "shown as confirmed, but not in the log"
        arguments = ["resume"]
    state = folded(the_run(place))
    assert (state.status, confirmed(state)) == ("finished", STEPS)
    verification = verify(the_run(place))
    assert verification.ok, verification.problem
    return kills


def _settled_soon(operator: DemoOperator, expected: set[str]) -> set[str]:
    """What the screen shows as confirmed, once it shows all that is expected or has had time to."""
    until(lambda: expected <= (operator.look() and operator.confirmed), timeout_s=10)
    return operator.confirmed


def _kill_keeper(run_dir: Path) -> None:
    """Kill the run's keeper, if it lives by now."""
    if holder_alive(layout.keeper_lock(run_dir)):
        with suppress(ProcessLookupError):
            os.kill(keeper_pid(run_dir), signal.SIGKILL)
