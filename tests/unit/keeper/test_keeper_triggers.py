"""When a trigger fires, and when it is over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keeper_moments import ENVIRONMENT, UNREAD, rate

from cockpit.keeper.gates import Known
from cockpit.keeper.triggers import TriggerWatch
from cockpit.profile.model import Trigger
from cockpit.run.events import TriggerCleared, TriggerFired

HIGH, LOW = rate(12.0), rate(1.0)
UNKNOWN = [rate(None), rate(12.0, stale=True), UNREAD]


def watch(*, is_firing: bool = False, **fields: object) -> TriggerWatch:
    settings = {"when": ("rate > 10.0",), "for_s": 60.0, "clear_for_s": 30.0} | fields
    return TriggerWatch(Trigger(id="slow", title="Slow", **settings), ENVIRONMENT, is_firing=is_firing)  # type: ignore[arg-type] # any field


def said(trigger: TriggerWatch, known: dict[str, Known], now_mono: float, suspended: str = "") -> str:
    told = trigger.look(known, {}, suspended, now_mono)
    return "" if told is None else told.type


def test_it_fires_once_its_conditions_held_for_its_time() -> None:
    trigger = watch()
    assert said(trigger, HIGH, 0) == said(trigger, HIGH, 59.9) == ""
    told = trigger.look(HIGH, {}, "", 1060.0)
    assert isinstance(told, TriggerFired)
    assert [condition.holds for condition in told.conditions] == [True]
    assert [(one.probe, one.value, one.age_s) for one in told.current] == [("rate", 12.0, 60.0)]
    assert said(trigger, HIGH, 2000) == ""


def test_without_a_time_it_fires_at_once() -> None:
    assert said(watch(for_s=0.0), HIGH, 0) == "trigger.fired"


@pytest.mark.parametrize("gap", [LOW, *UNKNOWN])
def test_a_gap_begins_its_time_anew(gap: dict[str, Known]) -> None:
    trigger = watch()
    said(trigger, HIGH, 0)
    assert said(trigger, gap, 50) == ""
    assert said(trigger, HIGH, 60) == ""
    assert said(trigger, HIGH, 119) == ""
    assert said(trigger, HIGH, 120) == "trigger.fired"


@pytest.mark.parametrize("known", UNKNOWN)
def test_what_is_not_known_never_fires_and_never_clears(known: dict[str, Known]) -> None:
    assert [said(watch(for_s=0.0), known, t) for t in (0.0, 100.0)] == ["", ""]
    assert [said(watch(is_firing=True, clear_for_s=0.0), known, t) for t in (0.0, 100.0)] == ["", ""]


@pytest.mark.parametrize("known", UNKNOWN)
def test_it_says_for_how_long_its_probes_could_not_be_read(known: dict[str, Known]) -> None:
    trigger = watch()
    said(trigger, LOW, 0)
    said(trigger, known, 10)
    said(trigger, known, 70)
    assert trigger.unjudged_s(75) == 65.0
    said(trigger, known, 80, "during 2 Database")
    assert trigger.unjudged_s(80) == 0.0
    said(trigger, known, 90)
    said(trigger, LOW, 95)
    assert trigger.unjudged_s(99) == 0.0


def test_what_nobody_recorded_yet_is_no_probe_that_cannot_be_read() -> None:
    trigger = watch(when=("recorded.go == 'go'",))
    said(trigger, {}, 0)
    assert trigger.unjudged_s(100) == 0.0


def test_it_stirs_while_its_time_runs() -> None:
    trigger = watch()
    assert not trigger.is_stirring
    said(trigger, HIGH, 0)
    assert trigger.is_stirring
    said(trigger, HIGH, 60)
    assert not trigger.is_stirring, "it fired"


def test_who_cannot_be_reached_is_not_passing() -> None:
    trigger = watch(when=("!rate.passing",))
    assert said(trigger, rate(None), 0) == ""
    assert said(trigger, rate(None), 60) == "trigger.fired"
    assert said(trigger, rate(None), 120) == "", "an error is no sign that it is over"
    assert said(trigger, LOW, 130) == ""
    assert said(trigger, LOW, 160) == "trigger.cleared"


@pytest.mark.parametrize("known", [rate(12.0, stale=True), UNREAD])
def test_what_nobody_reads_is_not_said_to_be_unreachable(known: dict[str, Known]) -> None:
    assert said(watch(when=("!rate.passing",), for_s=0.0), known, 0) == ""


def test_while_suspended_it_does_not_fire_and_forgets_its_time() -> None:
    trigger = watch()
    said(trigger, HIGH, 0)
    assert said(trigger, HIGH, 1060, suspended="during 2 Application") == ""
    assert said(trigger, rate(12.0, 61), 1061) == ""
    assert said(trigger, rate(12.0, 61), 1121) == "trigger.fired"


def test_a_reading_of_a_planned_outage_fires_nothing_once_that_is_over() -> None:
    trigger = watch(for_s=0.0)
    assert said(trigger, rate(12.0, 50), 1060, suspended="during 2 Application") == ""
    assert said(trigger, rate(12.0, 50), 1061) == ""
    assert said(trigger, rate(1.0, 62), 1062) == ""
    assert said(trigger, rate(12.0, 70), 1070) == "trigger.fired"


def test_it_clears_only_after_its_own_time_and_can_then_fire_again() -> None:
    trigger = watch(is_firing=True)
    assert said(trigger, LOW, 0) == ""
    assert said(trigger, HIGH, 20) == ""
    assert said(trigger, LOW, 25) == said(trigger, LOW, 54) == ""
    assert said(trigger, LOW, 55) == "trigger.cleared"
    assert said(trigger, HIGH, 60) == ""
    assert said(trigger, HIGH, 120) == "trigger.fired"


def test_with_hysteresis_it_clears_at_another_level_than_it_fired() -> None:
    trigger = watch(is_firing=True, clear_when=("rate < 5.0",), clear_for_s=0.0)
    assert said(trigger, rate(7.0), 0) == ""
    assert said(trigger, rate(4.0), 1) == "trigger.cleared"


def test_a_keeper_that_takes_over_does_not_fire_what_fired_before() -> None:
    assert said(watch(is_firing=True, for_s=0.0), HIGH, 0) == ""


def test_what_people_recorded_may_fire_it() -> None:
    trigger = watch(when=("recorded.count > 3.0",), for_s=0.0)
    assert trigger.look({}, {}, "", 0.0) is None
    assert isinstance(trigger.look({}, {"recorded.count": 4.0}, "", 1.0), TriggerFired)


_LOOKS = st.lists(st.tuples(st.floats(0.1, 30), st.sampled_from(["high", "low", "error"]), st.booleans()), max_size=80)


@given(_LOOKS)
def test_it_fires_exactly_when_it_was_armed_and_held_for_its_time(looks: list[tuple[float, str, bool]]) -> None:
    trigger, now_mono = watch(), 0.0
    held_since: float | None = None
    clear_since: float | None = None
    is_firing = False
    for pause_s, level, is_suspended in looks:
        now_mono += pause_s
        told = trigger.look(
            {"high": HIGH, "low": LOW, "error": rate(None)}[level], {}, "planned" if is_suspended else "", now_mono
        )
        if is_firing:
            clear_since = (now_mono if clear_since is None else clear_since) if level == "low" else None
            is_over = clear_since is not None and now_mono - clear_since >= 30
            assert isinstance(told, TriggerCleared) is is_over
            if is_over:
                is_firing, clear_since = False, None
            continue
        holds = level == "high" and not is_suspended
        held_since = (now_mono if held_since is None else held_since) if holds else None
        fires = held_since is not None and now_mono - held_since >= 60
        assert isinstance(told, TriggerFired) is fires
        if fires:
            is_firing, held_since = True, None
