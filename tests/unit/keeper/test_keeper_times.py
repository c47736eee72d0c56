"""Clocks that are set, set times that come, and when a run rests."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keeper_moments import START, at
from msgspec.structs import replace

from cockpit.keeper.clockwatch import ClockWatch
from cockpit.keeper.dues import Dues
from cockpit.keeper.resting import Checkpoint, Pace, Rounds, is_resting, pace
from cockpit.keeper.vigil import Vigil
from cockpit.profile.model import Phase, Probe, Profile, Stage, Step
from cockpit.run.events import Actor, Body, Event, Instant, ProbeChanged, RunStarted, StepConfirmed, StepDue
from cockpit.run.evolve import fold
from cockpit.run.readings import Reading
from cockpit.run.state import RunState

# ---- the clock -----------------------------------------------------------------------------------------------------


def test_a_clock_that_is_set_is_told_once_with_its_sign() -> None:
    watch = ClockWatch(at(0))
    assert watch.look(at(0.5)) is None
    stepped = watch.look(at(1, wall=3601))
    assert stepped is not None
    assert stepped.by_s == 3600.0
    assert watch.look(at(2, wall=3602)) is None
    back = watch.look(at(3, wall=3))
    assert back is not None
    assert back.by_s == -3600.0


@given(st.lists(st.floats(0.1, 10), max_size=50), st.floats(-0.0005, 0.0005))
def test_a_clock_that_is_slewed_is_not_set(pauses: list[float], rate: float) -> None:
    watch, seconds = ClockWatch(at(0)), 0.0
    for pause_s in pauses:
        seconds += pause_s
        assert watch.look(at(seconds, wall=seconds * (1 + rate))) is None


def test_a_time_is_corrected_by_what_was_set_since_it_was_taken() -> None:
    watch = ClockWatch(at(0))
    watch.look(at(10, wall=110))
    assert watch.corrected(at(5), at(20, wall=120)) == START + timedelta(seconds=20)
    assert watch.corrected(at(15, wall=115), at(20, wall=120)) == START + timedelta(seconds=120)
    assert watch.corrected(at(5, boot="zero"), at(20, wall=120)) == START + timedelta(seconds=120)


# ---- set times -----------------------------------------------------------------------------------------------------


def run_of(*steps: Step, stage: Stage = "after", confirmed: dict[str, float] | None = None) -> RunState:
    phase = Phase(id="one", title="One", steps=steps, stage=stage)
    probes = (Probe(id="api", kind="http", interval_s=5), Probe(id="db", kind="http", interval_s=5))
    more = Probe(id="hand", kind="http", interval_s=20, on_demand=True)
    profile = Profile(id="shop", environment="x", probes=(*probes, more), phases=(phase,))
    first = RunStarted(
        profile=profile, profile_digest="", sources=(), cockpit_version="1",
        window_start=START, window_end=START + timedelta(hours=4),
    )  # fmt: skip
    bodies: list[tuple[Body, Instant]] = [(first, at(0))]
    bodies += [(StepConfirmed(step=step, attempt=1), at(when)) for step, when in (confirmed or {}).items()]
    return folded(bodies)


def folded(bodies: list[tuple[Body, Instant]]) -> RunState:
    return fold(
        Event(n, str(n), body.type, body.is_fact, when, Actor("ana", "here"), body, "R")
        for n, (body, when) in enumerate(bodies, 1)
    )


LOOK = Step(
    id="look", title="Look", kind="checkpoint", behaviour="checkpoint", gate=("api.passing",),
    settings={"since": "deploy", "delay": 1800.0, "interval": 60.0},
)  # fmt: skip
DEPLOY = Step(id="deploy", title="Deploy")


def test_a_checkpoint_is_due_once_after_its_event() -> None:
    state = run_of(DEPLOY, LOOK, confirmed={"deploy": 100})
    dues = Dues(state.profile)
    assert list(dues.look(state, at(1899))) == []
    assert list(dues.look(state, at(1900))) == [StepDue(step="look")]
    assert list(dues.look(state, at(1901))) == [], "the log has not answered yet"


def test_a_checkpoint_is_due_again_after_what_it_counts_from_was_done_again() -> None:
    dues = Dues(run_of(DEPLOY, LOOK).profile)
    assert list(dues.look(run_of(DEPLOY, LOOK, confirmed={"deploy": 100}), at(1900))) == [StepDue(step="look")]
    again = run_of(DEPLOY, LOOK, confirmed={"deploy": 3000})
    assert list(dues.look(again, at(4799))) == []
    assert list(dues.look(again, at(4800))) == [StepDue(step="look")]


def test_a_keeper_that_starts_late_says_at_once_what_is_due() -> None:
    state = run_of(DEPLOY, LOOK, confirmed={"deploy": 100})
    assert list(Dues(state.profile).look(state, at(90_000))) == [StepDue(step="look")]


def test_a_checkpoint_whose_event_has_not_come_is_not_due() -> None:
    state = run_of(DEPLOY, LOOK)
    assert list(Dues(state.profile).look(state, at(90_000))) == []


# ---- resting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "hours", "rests"),
    [
        ("before", -1, True), ("before", 1, False), ("after", 1, False), ("after", 4, True), ("after", 30, True),
        ("window", -1, False), ("window", 30, False),
    ],
)  # fmt: skip
def test_a_run_rests_outside_the_window_in_its_stages_before_and_after(stage: Stage, hours: int, rests: bool) -> None:
    state = run_of(DEPLOY, stage=stage)
    assert is_resting(state, START + timedelta(hours=hours)) is rests


def test_a_run_whose_steps_are_all_settled_rests_once_the_window_is_over_although_nobody_finished_it() -> None:
    state = run_of(DEPLOY, stage="window", confirmed={"deploy": 100})
    assert state.cursor is None
    assert not is_resting(state, START + timedelta(hours=1))
    assert is_resting(state, START + timedelta(hours=5))


NIGHT, LATER = START + timedelta(hours=1), START + timedelta(hours=5)


def paced(state: RunState, when: datetime, gate: tuple[str, ...] = (), watched: tuple[str, ...] = ()) -> Pace:
    return pace(state, when, gate=gate, watched=watched, checkpoints=(Checkpoint("look", 60.0, ("api", "hand")),))


def test_within_the_window_everything_is_read_as_declared() -> None:
    assert paced(run_of(DEPLOY), NIGHT, gate=("hand",)) == Pace()


def test_resting_only_what_is_waited_for_is_read() -> None:
    assert paced(run_of(DEPLOY), LATER).resting == {"api", "db"}
    assert paced(run_of(DEPLOY), LATER, gate=("api",)).resting == {"db"}
    assert paced(run_of(DEPLOY), LATER, watched=("db", "hand")) == Pace(
        resting=frozenset({"api"}), asked={"hand": 20.0}
    )


def test_what_is_read_on_demand_is_read_while_a_wait_or_a_trigger_needs_it() -> None:
    assert paced(run_of(DEPLOY), NIGHT, watched=("hand", "api")) == Pace(asked={"hand": 20.0})


def test_an_open_checkpoint_has_its_probes_read_at_its_own_interval() -> None:
    bodies: list[tuple[Body, Instant]] = [(StepDue(step="look"), at(1900))]
    due = run_of(DEPLOY, LOOK, confirmed={"deploy": 100})
    assert paced(due, LATER, gate=("api",)) == Pace(resting=frozenset({"api", "db"})), "not yet due"
    first = due.started
    assert first is not None
    due = folded([(first, at(0)), (StepConfirmed(step="deploy", attempt=1), at(100)), *bodies])
    assert paced(due, LATER, gate=("api",)) == Pace(resting=frozenset({"api", "db"}), asked={"api": 60.0, "hand": 60.0})


def test_resting_what_armed_triggers_go_by_is_read_no_oftener_than_the_checkpoint_that_is_waited_for() -> None:
    waiting = run_of(DEPLOY, LOOK, stage="after", confirmed={"deploy": 100})
    looks = (Checkpoint("look", 60.0, ("api",)),)

    def slowed(when: datetime, **more: tuple[str, ...]) -> Pace:
        fields: dict[str, tuple[str, ...]] = {"gate": ("api",), "watched": (), "armed": ("db", "hand")} | more
        return pace(waiting, when, checkpoints=looks, **fields)

    assert slowed(LATER) == Pace(resting=frozenset({"api", "db"}), asked={"db": 60.0, "hand": 60.0})
    assert slowed(LATER, watched=("db",)).asked == {"hand": 60.0}, "its time runs"
    assert slowed(LATER, watched=("db",)).resting == {"api"}
    assert slowed(NIGHT) == Pace(asked={"hand": 20.0})
    unhurried = pace(waiting, LATER, gate=(), watched=(), armed=("db",), checkpoints=(Checkpoint("look", 0.0, ()),))
    assert unhurried == Pace(resting=frozenset({"api"})), "a checkpoint that reads once slows nothing"


def test_rounds_ask_at_once_and_then_at_the_interval() -> None:
    rounds = Rounds()
    asked = {"api": 60.0}
    times = [second / 2 for second in range(400)]
    due = [t for t in times if rounds.due(asked, t, 0.25)]
    assert due == [0.0, 60.0, 120.0, 180.0]
    assert rounds.due({}, 200.0, 0.25) == ()
    assert rounds.due(asked, 201.0, 0.25) == ("api",), "asked for anew"


def test_while_the_log_is_full_only_what_is_waited_for_is_read_also_within_the_window() -> None:
    state = run_of(DEPLOY, LOOK, stage="window")
    assert paced(state, NIGHT, gate=("api",)).resting == frozenset()
    full = replace(state, filled="full")
    rests = paced(full, NIGHT, gate=("api",))
    assert "api" not in rests.resting
    assert rests.detail == "resting, since the log is full"
    assert "api" in paced(full, NIGHT).resting
    assert paced(replace(state, filled="near"), NIGHT) == paced(state, NIGHT)


def test_what_rests_is_said_to_rest_and_not_to_be_late() -> None:
    vigil = Vigil((Probe(id="api", kind="http", interval_s=5),), {}, 0.0)
    list(vigil.take(Reading(probe="api", status="pass", ended_mono=1.0)))
    vigil.pace(Pace(resting=frozenset({"api"})))
    assert list(vigil.look(10.0)) == []
    (changed,) = vigil.look(11.1)
    assert (changed.status, changed.detail) == ("stale", "resting outside the window")
    assert list(vigil.look(3600.0)) == []


def test_what_is_read_more_seldom_is_late_only_after_twice_that() -> None:
    vigil = Vigil((Probe(id="api", kind="http", interval_s=5),), {}, 0.0)
    vigil.pace(Pace(resting=frozenset({"api"}), asked={"api": 60.0}))
    list(vigil.take(Reading(probe="api", status="pass", ended_mono=1.0)))
    assert list(vigil.look(120.0)) == []
    assert not vigil.is_stale("api", 120.0)
    (changed,) = vigil.look(121.1)
    assert isinstance(changed, ProbeChanged)
    assert changed.detail == "no reading within 120 s"
