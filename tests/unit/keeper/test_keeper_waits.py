"""When a wait begins, begins again, stops and is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keeper_moments import ENVIRONMENT, START, UNREAD, at, rate

from cockpit.keeper.gates import Known
from cockpit.keeper.waits import WaitEvent, WaitWatch
from cockpit.profile.model import Phase, Profile, Step
from cockpit.run.events import (
    Actor,
    Body,
    Event,
    Instant,
    RunStarted,
    WaitBegan,
    WaitCompleted,
    WaitRestarted,
    WaitStopped,
)
from cockpit.run.evolve import evolve, fold
from cockpit.run.state import RunState

ANA = Actor("ana", "here")


class Night:
    """A run of one wait step, and the watch beside it: what the watch tells, the log has at once."""

    def __init__(self, *, duration: float = 60.0, healthy: bool = True, on_breach: str = "restart") -> None:
        settings = {"duration": duration, "on_breach": on_breach, "healthy": ["rate < 10.0"] if healthy else []}
        step = Step(id="settle", title="Settle", kind="wait", behaviour="wait", settings=settings)
        profile = Profile(id="shop", environment="staging", phases=(Phase(id="one", title="One", steps=(step,)),))
        self.seq = 0
        self.state: RunState = fold(())
        body = RunStarted(profile=profile, profile_digest="", sources=(), cockpit_version="1")
        self.append(body, at(0))
        self.step = step
        self.watch = WaitWatch(step, ENVIRONMENT)

    def append(self, body: Body, when: Instant) -> None:
        self.seq += 1
        event = Event(self.seq, str(self.seq), body.type, body.is_fact, when, ANA, body, "R")
        self.state = evolve(self.state, event)

    def look(self, when: Instant, known: dict[str, Known], corrected: float | None = None) -> WaitEvent | None:
        wall = when.at if corrected is None else START + timedelta(seconds=corrected)
        told = self.watch.look(self.state, known, {}, when, wall)
        if told is not None:
            self.append(told, when)
        return told


def began(until: float, detail: str = "") -> WaitBegan:
    return WaitBegan(step="settle", attempt=1, until=START + timedelta(seconds=until), detail=detail)


BREACH = "rate < 10.0 (rate is 12)"
DONE = WaitCompleted(step="settle", attempt=1)


def test_a_wait_begins_when_it_is_current_and_is_over_after_its_time() -> None:
    night = Night()
    assert night.look(at(1), UNREAD) == began(61)
    assert night.look(at(2), rate(1.0, 2)) is None
    assert night.look(at(60.9), rate(1.0, 60)) is None
    assert night.look(at(61), rate(1.0, 60)) == DONE
    assert night.look(at(62), rate(1.0, 62)) is None


def test_what_was_told_is_not_told_again_before_the_log_has_answered() -> None:
    night = Night()
    first = night.watch.look(night.state, UNREAD, {}, at(1), at(1).at)
    assert first is not None
    assert night.watch.look(night.state, UNREAD, {}, at(2), at(2).at) is None


def test_a_wait_that_watches_nothing_is_a_clock() -> None:
    night = Night(healthy=False)
    night.look(at(0), {})
    assert night.look(at(60), {}) == DONE


@pytest.mark.parametrize("bad", [rate(12.0), rate(None), rate(1.0, stale=True)])
def test_a_breach_begins_it_again_and_once_more_when_all_is_well(bad: dict[str, Known]) -> None:
    night = Night()
    night.look(at(0), rate(1.0))
    told = night.look(at(30), bad)
    assert isinstance(told, WaitBegan)
    assert told.until == START + timedelta(seconds=90)
    assert told.detail.startswith("rate < 10.0 (")
    assert night.look(at(31), bad) is None, "a breach that lasts is told once"
    assert night.look(at(40), rate(1.0, 40)) == began(100)
    assert night.look(at(99), rate(1.0, 98)) is None
    assert night.look(at(100), rate(1.0, 99)) == DONE
    assert night.state.steps["settle"].wait is not None
    assert night.state.steps["settle"].wait.breaches == 1


def test_a_breach_that_outlasts_the_wait_is_told_again_when_its_end_passes() -> None:
    night = Night()
    night.look(at(0), rate(1.0))
    night.look(at(30), rate(12.0))
    assert night.look(at(89), rate(12.0)) is None
    assert night.look(at(90), rate(12.0)) == began(150, BREACH)


def test_a_breach_that_one_keeper_saw_is_mended_by_the_next_one_with_the_whole_time() -> None:
    night = Night()
    night.look(at(0), rate(1.0))
    night.look(at(30), rate(12.0))
    night.watch = WaitWatch(night.step, ENVIRONMENT)
    assert night.look(at(80), rate(1.0, 80)) == began(140)
    assert night.look(at(90), rate(1.0, 90)) is None


def test_a_breach_stops_a_wait_that_says_so_until_a_person_goes_on() -> None:
    night = Night(on_breach="stop")
    night.look(at(0), rate(1.0))
    assert night.look(at(5), rate(12.0)) == WaitStopped(step="settle", attempt=1, detail=BREACH)
    assert night.look(at(6), rate(1.0)) is None
    night.append(WaitRestarted(step="settle", attempt=1), at(7))
    assert night.look(at(8), rate(1.0)) == began(68)


def test_a_clock_that_was_taken_away_between_two_looks_begins_anew() -> None:
    night = Night()
    assert night.look(at(1), UNREAD) == began(61)
    assert night.look(at(2), rate(1.0, 2)) is None
    night.append(WaitStopped(step="settle", attempt=1, detail="by another keeper"), at(3))
    night.append(WaitRestarted(step="settle", attempt=1), at(4))
    assert night.look(at(5), rate(1.0, 5)) == began(65)


def test_a_probe_that_is_still_to_be_read_is_no_breach_and_no_health() -> None:
    night = Night()
    night.look(at(0), UNREAD)
    assert night.look(at(30), UNREAD) is None
    assert night.look(at(61), UNREAD) is None


def test_it_is_not_over_before_everything_was_read_since_it_began() -> None:
    night = Night(duration=2.0)
    night.look(at(10), rate(1.0, 9))
    assert night.look(at(12), rate(1.0, 9)) is None
    assert night.look(at(13), rate(1.0, 12.5)) == DONE


def test_a_wall_clock_that_is_set_forward_does_not_shorten_it() -> None:
    night = Night()
    night.look(at(0), rate(1.0))
    assert night.look(at(10, wall=4000), rate(1.0, 10)) is None
    assert night.look(at(60, wall=4050), rate(1.0, 60)) == DONE


def test_a_wall_clock_that_is_set_back_does_not_lengthen_it() -> None:
    night = Night()
    night.look(at(0), rate(1.0))
    assert night.look(at(60, wall=-3540), rate(1.0, 60)) is None, "as long as nobody knows that it was set"
    assert night.look(at(60, wall=-3540), rate(1.0, 60), corrected=60) == DONE


def test_after_a_reboot_its_end_is_the_one_on_the_wall() -> None:
    night = Night()
    night.look(at(0), rate(1.0))
    assert night.look(at(-900, wall=59, boot="two"), rate(1.0, -900)) is None
    assert night.look(at(-899, wall=60, boot="two"), rate(1.0, -899)) == DONE


_LOOKS = st.lists(st.tuples(st.floats(0.1, 20), st.sampled_from(["well", "ill", "error", "stale"])), max_size=80)


@given(_LOOKS)
def test_it_is_never_over_without_its_whole_time_in_health(looks: list[tuple[float, str]]) -> None:
    night = Night()
    night.look(at(0), rate(1.0))
    seconds, well_since = 0.0, 0.0
    for pause_s, health in looks:
        seconds += pause_s
        known = {
            "well": rate(1.0, seconds), "ill": rate(12.0, seconds), "error": rate(None, seconds),
            "stale": rate(1.0, seconds, stale=True),
        }[health]  # fmt: skip
        told = night.look(at(seconds), known)
        if health != "well":
            well_since = float("inf")
            assert not isinstance(told, WaitCompleted)
        elif well_since == float("inf"):
            well_since = seconds
        if isinstance(told, WaitCompleted):
            assert seconds - well_since >= 60
            return
