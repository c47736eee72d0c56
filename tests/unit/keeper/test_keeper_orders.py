"""Which orders are still carried out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keeper_moments import at
from msgspec.structs import replace

from cockpit.keeper.orders import LATEST_S, age_s, left_behind, objection, still_wanted
from cockpit.profile.model import Phase, Profile, Step
from cockpit.run import events as e
from cockpit.run.evolve import fold
from cockpit.run.messages import digest
from cockpit.run.readings import ConditionVerdict
from cockpit.run.state import RunState

ANA = e.Actor("ana", "here")
ORDER = e.ActionRequested(action="A", step="act", attempt=1, epoch=2)


def after(*bodies: e.Body, requires: tuple[str, ...] = ()) -> RunState:
    act = Step(id="act", title="Act", kind="command", behaviour="action", requires=requires)
    phase = Phase(id="one", title="One", steps=(act, Step(id="look", title="Look")))
    profile = Profile(id="shop", environment="staging", phases=(phase,))
    first = e.RunStarted(profile=profile, profile_digest="", sources=(), cockpit_version="1")
    everything = enumerate((first, *bodies), 1)
    return fold(e.Event(seq, str(seq), b.type, b.is_fact, at(0), ANA, b, "R") for seq, b in everything)


def test_a_fresh_order_for_the_current_step_is_carried_out() -> None:
    assert objection(ORDER, at(10), after(ORDER), 2, at(10.1)) is None


def test_an_order_of_another_epoch_lapses() -> None:
    against = objection(replace(ORDER, epoch=1), at(10), after(ORDER), 2, at(10))
    assert against is not None
    assert (against.outcome, "keeper 1" in against.detail) == ("lapsed", True)


@pytest.mark.parametrize(("age", "lapses"), [(0.0, False), (LATEST_S, False), (LATEST_S + 0.1, True), (-6.0, True)])
def test_an_order_that_comes_too_late_or_from_the_future_lapses(age: float, lapses: bool) -> None:
    against = objection(ORDER, at(100 - age), after(ORDER), 2, at(100))
    assert (against is not None and against.outcome == "lapsed") is lapses


@given(st.floats(-1e4, 1e4), st.floats(-1e6, 1e6))
def test_within_one_boot_only_the_monotonic_clock_counts(seconds: float, wall: float) -> None:
    assert age_s(at(0), at(seconds, wall=wall)) == pytest.approx(seconds)


@given(st.floats(-1e4, 1e4), st.floats(-1e6, 1e6))
def test_between_boots_only_the_wall_clock_counts(mono: float, wall: float) -> None:
    assert age_s(at(0), at(mono, wall=wall, boot="two")) == pytest.approx(
        timedelta(seconds=wall).total_seconds(), abs=1e-5
    )


@pytest.mark.parametrize(
    ("bodies", "outcome", "why"),
    [
        ((ORDER, e.CursorJumped(step="look", reason="x")), "refused", "no longer the current step"),
        ((), "refused", "asked for in another way"),
        ((replace(ORDER, action="B"),), "refused", "asked for in another way"),
        ((ORDER, e.ActionCancelled(action="A", reason="not now")), "cancelled", "not now"),
        ((ORDER, e.HoldPlaced(reason="a noise")), "refused", "ana holds the run: a noise"),
        ((ORDER, e.RunAborted(reason="x")), "refused", "the run is over"),
    ],
)
def test_what_happened_meanwhile_speaks_against_it(bodies: tuple[e.Body, ...], outcome: str, why: str) -> None:
    against = still_wanted(ORDER, after(*bodies))
    assert against is not None
    assert against.outcome == outcome
    assert why in against.detail


@pytest.mark.parametrize(("verdict", "is_refused"), [("pass", False), ("blocked", True), ("unknown", True)])
def test_what_it_requires_is_looked_at_again(verdict: e.Verdict, is_refused: bool) -> None:
    said = ConditionVerdict("api.passing", None if verdict == "unknown" else verdict == "pass", "api is fail")
    judged = e.GateChanged(gate="run:act", opened_seq=1, verdict=verdict, conditions=(said,))
    against = still_wanted(ORDER, after(judged, ORDER, requires=("api.passing",)))
    assert (against is not None) is is_refused
    if against is not None:
        assert "api is fail" in against.detail


def test_a_gate_that_a_person_opened_lets_the_order_pass() -> None:
    overridden = e.GateOverridden(gate="run:act", reason="known", verdict="blocked")
    assert still_wanted(ORDER, after(overridden, ORDER, requires=("api.passing",))) is None


def test_what_has_no_end_was_left_behind() -> None:
    started = e.ActionStarted(action="A", step="act", attempt=1, shown="x", runs_as="ana@here")
    ended = e.ActionEnded(action="A", step="act", outcome="succeeded")
    assert [action.status for action in left_behind(after(ORDER))] == ["requested"]
    assert [action.status for action in left_behind(after(ORDER, started))] == ["running"]
    assert left_behind(after(ORDER, started, ended)) == ()


def test_what_is_done_is_what_the_screen_showed_or_nothing_is_done() -> None:
    shown = Step(id="act", title="Act", kind="command", behaviour="action", command="deploy ${tag}")
    phase = Phase(id="one", title="One", steps=(Step(id="tag", title="Tag", kind="record", behaviour="record"), shown))
    profile = Profile(id="shop", environment="staging", phases=(phase,))
    order = replace(ORDER, digest=digest("deploy v1"))

    def recorded(tag: str) -> RunState:
        bodies = (
            e.RunStarted(profile=profile, profile_digest="", sources=(), cockpit_version="1"),
            e.StepConfirmed(step="tag", attempt=1, values={"tag": tag}),
            order,
        )
        return fold(
            e.Event(seq, str(seq), body.type, body.is_fact, at(0), ANA, body, "R") for seq, body in enumerate(bodies, 1)
        )

    assert objection(order, at(10), recorded("v1"), 2, at(10)) is None
    against = objection(order, at(10), recorded("v2"), 2, at(10))
    assert against is not None
    assert (against.outcome, "press again" in against.detail) == ("refused", True)
