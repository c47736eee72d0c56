"""Two people decide at the same instant, over and over: one decision each time, and a clear answer to the other."""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from seated import until
from ssh_host import SshHost
from ssh_nights import PRODUCTION, Shared, past_return, shared, together

from cockpit.run.events import (
    HoldPlaced,
    HoldReleased,
    PenOffered,
    PenPassed,
    PenTaken,
    PenWithdrawn,
    StepConfirmed,
    StepCountersigned,
)

ROLES = """
[[roles]]
id = "dba"
people = ["ana", "bo"]
[[phases]]
id = "one"
title = "One"
"""
CONFIRMED = """
[[phases.steps]]
id = "step_{number}"
title = "Step {number}"
"""
APPROVED = CONFIRMED + 'kind = "signoff"\nrole = "dba"\n'
FOR_TWO = CONFIRMED + 'risk = "irreversible"\n'
SOON_S = 0.03
"""From when all are told until they act."""


class Racer:
    """A process of somebody's that acts when it is told to."""

    def __init__(self, it: Shared, account: str, role: str, *more: str) -> None:
        argv = [str(it.host.python), "-P", str(it.host.folder / "tree/tests/pty/ssh_racer.py"), str(it.run_dir), role]
        self.account = account
        self._process = subprocess.Popen(
            it.host.entered(account, *argv, *more),
            env={**it.host.environ(), "COCKPIT_RUNS": str(it.runs)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def told(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        try:
            self._process.wait(60)
        finally:
            self._process.kill()


@contextmanager
def racers(it: Shared, *who: tuple[str, str], keeper: bool = True) -> Iterator[list[Racer]]:
    """One for each account and role; the first starts the keeper, if there is to be one."""
    with ExitStack() as stack:
        found = []
        for account, role in who:
            racer = Racer(it, account, role, *(["keeper"] if keeper and not found else []))
            stack.callback(racer.close)
            found.append(racer)
        for racer in found:
            assert racer.answer() == {"ready": True}
        yield found


def race(racing: list[Racer], *what: str, step: str = "-") -> tuple[list[str], list[dict[str, Any]]]:
    """All do the same, or each their own, at the same instant: who did it, and what the others were told."""
    at = time.monotonic() + SOON_S
    for racer, each in zip(racing, itertools.cycle(what), strict=False):
        racer.told(f"{each} {at} {step}")
    answers = [(racer.account, racer.answer()) for racer in racing]
    return [who for who, answer in answers if "done" in answer], [answer for _, answer in answers if "code" in answer]


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    return 300 if request.config.getoption("--many") else 50


def test_of_those_who_decide_at_the_same_instant_exactly_one_did_it(ssh_host: SshHost, rounds: int) -> None:
    steps = "".join((CONFIRMED, APPROVED)[number % 2].format(number=number) for number in range(rounds))
    with shared(ssh_host, ROLES + steps) as it:
        with racers(it, ("ana", "acting"), ("ana", "acting"), ("bo", "acting")) as racing:
            won: Counter[str] = Counter()
            for number in range(rounds):
                did, told = race(racing, "approve" if number % 2 else "confirm", step=f"step_{number}")
                assert len(did) == 1, (number, did, told)
                won[did[0]] += 1
                step = f"1.{number + 1} Step {number}"
                for each in told:
                    assert each["code"] in ("not_current", "not_pen", "watching"), each
                    assert each["code"] != "not_current" or step in each["why"], each
        confirmed = [event.body.step for event in it.of(StepConfirmed)]
        assert confirmed == [f"step_{number}" for number in range(rounds)]
        assert it.host.run("ana", "cockpit", "verify", str(it.run_dir)).returncode == 0
    print(f"{rounds} rounds of three seats: {dict(won)}")


def test_of_those_who_agree_at_the_same_instant_one_is_the_second_person(ssh_host: SshHost) -> None:
    steps = "".join(FOR_TWO.format(number=number) for number in range(5))
    with shared(ssh_host, ROLES + steps, PRODUCTION + past_return()) as it:
        with racers(it, ("ana", "acting"), ("bo", "watching"), ("deploy", "watching")) as (ana, *others):
            for number in range(5):
                did, told = race([*others, ana], "agree", step=f"step_{number}")
                assert len(did) == 1, told
                assert did != ["ana"]
                assert {each["code"] for each in told} <= {"no_second_asked", "four_eyes"}, told
                assert race([ana], "confirm", step=f"step_{number}")[0] == ["ana"]
        assert len(it.of(StepCountersigned)) == len(it.of(StepConfirmed)) == 5


def test_of_those_who_stop_the_line_at_the_same_instant_one_did(ssh_host: SshHost) -> None:
    with shared(ssh_host, ROLES + CONFIRMED.format(number=0)) as it:
        with racers(it, ("ana", "acting"), ("bo", "watching")) as racing:
            for _ in range(10):
                did, told = race(racing, "hold")
                assert len(did) == 1
                assert [each["code"] for each in told] == ["already_held"]
                assert f"{did[0]} holds the run already" in told[0]["why"]
                released, _ = race(racing, "release")
                assert len(released) == 1
        assert len(it.of(HoldPlaced)) == len(it.of(HoldReleased)) == 10


def test_an_offer_of_the_pen_that_is_accepted_and_taken_back_at_the_same_instant_is_one_of_both(
    ssh_host: SshHost,
) -> None:
    with shared(ssh_host, ROLES + CONFIRMED.format(number=0)) as it:
        with racers(it, ("ana", "acting"), ("bo", "watching"), keeper=False) as racing:
            moved = 0
            for _ in range(10):
                offered, _ = race(racing[:1], "offer")
                assert offered == [racing[0].account]
                did, told = race(racing, "withdraw", "accept", step=str(it.of(PenOffered)[-1].seq))
                assert len(did) == 1, told
                assert told[0]["code"] in ("no_offer", "not_pen", "watching", "other_epoch"), told
                if did == [racing[1].account]:
                    racing.reverse()
                    moved += 1
        assert len(it.of(PenPassed)) == moved
        assert len(it.of(PenWithdrawn)) == 10 - moved
        assert [event.body.epoch for event in it.of(PenPassed)] == list(range(2, moved + 2))


def test_of_those_who_take_the_pen_at_the_same_instant_one_gets_it(ssh_host: SshHost) -> None:
    with shared(ssh_host, ROLES + CONFIRMED.format(number=0)) as it:
        with racers(it, ("bo", "watching"), ("deploy", "watching"), ("bo", "watching"), keeper=False) as racing:
            did, told = race(racing, "take")
        assert len(did) == 1, told
        assert {each["code"] for each in told} <= {"already_pen", "other_epoch", "holder_here"}, told
        assert len(it.of(PenTaken)) == 1


def test_keys_pressed_at_the_same_instant_in_two_sessions_confirm_once(ssh_host: SshHost) -> None:
    steps = "".join(CONFIRMED.format(number=number) for number in range(6))
    with shared(ssh_host, ROLES + steps) as it, it.sits("ana", "resume") as one, it.sits("ana", "resume") as two:
        for screen in (one, two):
            screen.wait_for(r"watching \(epoch 1")
        for number in range(5):
            for screen in (one, two):
                screen.wait_for(rf"▶ 1\.{number + 1}")
            together(one, two, key="c")
            told = f"✖ ana confirmed 1.{number + 1} Step {number} at "
            until(lambda told=told: told in one.text or told in two.text, "an answer for the second one")
            for screen in (one, two):
                screen.wait_for(rf"ana  confirmed 1\.{number + 1} Step {number}")
            assert (told in one.text) != (told in two.text)
            assert len(it.of(StepConfirmed)) == number + 1
