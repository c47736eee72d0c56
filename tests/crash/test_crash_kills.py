"""SIGKILL of operator, keeper, shim, or all, at random moments: nothing acknowledged is lost, nothing done twice.

Several runs are walked at once: most of a kill's time is the start of processes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from crash_acting import Account, left_running, started_as, until
from crash_figures import tell
from crash_lane import DURING_START, VICTIMS, Lane
from crash_operator import LAST_STEPS

from cockpit.audit.verify import verify
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.events import Event
from cockpit.session.creating import create_run

KILLS, MANY_KILLS = 20, 200
RESUMES, MANY_RESUMES = 2, 20
LANES = 4
STEPS_A_KILL = 25
"""More than can be walked between two kills."""

PROBE = '[[probes]]\nid = "plan"\nkind = "file"\npath = "{folder}/walk.toml"\ninterval = 5\n'
STEP = """
[[phases.steps]]
id = "step_{n}"
title = "Step {n}"
kind = "command"
script = "read -r shim < /proc/$PPID/stat; echo on; sleep 0.03; echo \\"$shim\\" >> '{folder}/effects'; echo over"
"""
GATE = 'gate = ["plan.passing"]\n'
"""Of every fifth step: a confirmation waits for readings that a new keeper takes."""


def lane(folder: Path, kills: int, dice: random.Random) -> Lane:
    folder.mkdir()
    steps = min(1900, kills * STEPS_A_KILL)
    plan = "".join(STEP.format(n=n, folder=folder) + (GATE if n % 5 == 4 else "") for n in range(steps))
    head = f'id = "walk"\nenvironment = "staging"\n{PROBE.format(folder=folder)}'
    (folder / "walk.toml").write_text(f'{head}[[phases]]\nid = "all"\ntitle = "All"\n{plan}')
    run_dir = create_run(load(folder / "walk.toml", installed()), {}, folder=folder / "runs")
    return Lane(run_dir, dice)


def walk(lane: Lane, victims: Sequence[str], during_start: float = DURING_START) -> None:
    try:
        lane.strike(victims, during_start)
        lane.finish()
    finally:
        lane.clear()


def in_turn(kills: int, first: int) -> list[str]:
    return [VICTIMS[number % len(VICTIMS)] for number in range(first, first + kills)]


def effects(lane: Lane) -> Counter[str]:
    """How often each try of a step was done."""
    shims = started_as(lane.run_dir)
    path = lane.run_dir.parents[1] / "effects"
    lines = path.read_text().splitlines() if path.exists() else []
    return Counter(shims[_who(line)] for line in lines)


def _who(stat: str) -> tuple[int, int]:
    """The process that a line of /proc/PID/stat is of: its number, and when it was started."""
    pid, _, rest = stat.partition(" ")
    return int(pid), int(rest.rpartition(")")[2].split()[19])


def lost(lane: Lane, events: list[Event]) -> list[str]:
    """What was acknowledged and is not there exactly once."""
    ids = Counter(event.id for event in events)
    return [each for each in lane.acknowledged if ids[each] != 1]


def check_walk(lane: Lane, events: list[Event], said: str) -> None:
    """Each acknowledged event is there once, the steps were confirmed in their order, the chain holds."""
    assert lane.acknowledged, said
    assert lost(lane, events) == [], said
    assert len({event.id for event in events}) == len(events), said
    confirmed = [event.body.step for event in events if event.type == "step.confirmed"]  # type: ignore[attr-defined] # a StepConfirmed
    assert confirmed == [f"step_{n}" for n in range(len(confirmed))], f"each once, in order; {said}"
    assert len(confirmed) >= LAST_STEPS, said
    found = verify(lane.run_dir, parallel=False)
    assert found.ok, f"{found.problem}; {said}"


def check_actions(done: Counter[str], account: Account, said: str) -> None:
    """Every try has one end, none was done twice, and no end lies."""
    account.check(done, said)
    for action, outcome in account.outcomes.items():
        if outcome == "succeeded":
            assert account.said[action] == "on\nover\n", f"told once, whoever told it; {said}"


def check(lane: Lane, said: str) -> None:
    events = lane.events()
    check_walk(lane, events, said)
    check_actions(effects(lane), Account(events), said)


def tell_of(lanes: Sequence[Lane], name: str, seconds: Sequence[float] = ()) -> None:
    logs = [lane.events() for lane in lanes]
    done = [times for lane in lanes for times in effects(lane).values()]
    tell(
        name,
        sum(len(lane.killed) for lane in lanes),
        acknowledged=sum(len(lane.acknowledged) for lane in lanes),
        lost=sum(len(lost(lane, events)) for lane, events in zip(lanes, logs, strict=True)),
        done=sum(len(Account(events).intended) for events in logs),
        twice=sum(times > 1 for times in done),
        seconds=seconds,
    )


@pytest.mark.timeout(900)
def test_whoever_is_killed_nothing_acknowledged_is_lost_and_nothing_is_done_twice(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    kills = (MANY_KILLS if request.config.getoption("--many") else KILLS) // LANES
    seed = random.randrange(2**32)
    lanes = [lane(tmp_path / f"lane-{n}", kills, random.Random(f"{seed} {n}")) for n in range(LANES)]
    with ThreadPoolExecutor(LANES) as pool:
        list(pool.map(walk, lanes, [in_turn(kills, first) for first in range(LANES)]))
    until(lambda: not left_running(tmp_path), "the end of all that was started")
    tell_of(lanes, f"SIGKILL of the operator's process, the keeper, a shim or all by turns, {LANES} runs at a time")
    for each in lanes:
        check(each, f"seed {seed}, {each.run_dir.parents[1].name}, killed {each.killed}")
    assert {victim for each in lanes for victim in each.killed} == set(VICTIMS)


@pytest.mark.timeout(300)
def test_a_run_that_lost_everybody_at_once_comes_back(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """How long it takes is told, and decides nothing."""
    kills = MANY_RESUMES if request.config.getoption("--many") else RESUMES
    alone = lane(tmp_path / "alone", kills, random.Random(kills))
    walk(alone, ["all"] * kills, during_start=0)
    until(lambda: not left_running(tmp_path), "the end of all that was started")
    # Neither the first start nor the last, which finds a keeper at work.
    tell_of([alone], "SIGKILL of all of them at once, one run at a time", alone.resumed_s[1:-1])
    check(alone, "alone")
