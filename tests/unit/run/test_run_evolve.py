"""What each event makes true."""

from __future__ import annotations

import pytest
from run_story import ANA, BO, PROFILE, Story

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.evolve import evolve, fold
from cockpit.run.readings import Reading
from cockpit.run.state import EMPTY


def test_a_run_starts_on_its_first_step_with_the_pen_in_its_starters_hand() -> None:
    story = Story()
    assert story.state.run == "RUN1"
    assert story.state.status == "live"
    assert story.state.cursor is not None
    assert (story.state.cursor.phase, story.state.cursor.step, story.state.cursor.opened_seq) == (
        "database",
        "maintenance",
        1,
    )
    assert story.state.pen is not None
    assert story.state.pen.user == "ana"
    assert list(story.state.steps) == ["maintenance", "migrate", "validate", "rollout", "smoke"]


def test_a_settled_step_moves_the_cursor_and_keeps_who_when_why_and_how_long() -> None:
    story = Story()
    story.passes(240)
    story.does(c.SkipStep, step="maintenance", reason="was on already")
    step = story.state.steps["maintenance"]
    assert (step.status, step.by, step.reason, step.spent_s, step.settled_seq) == (
        "skipped",
        ANA,
        "was on already",
        240,
        2,
    )
    assert story.state.cursor is not None
    assert story.state.cursor.step == "migrate"
    assert [d.kind for d in story.state.deviations] == ["skip"]


def test_a_phase_with_an_entry_gate_holds_the_cursor_at_its_door_until_it_is_entered() -> None:
    story = Story()
    story.comes_to("validate")
    story.judges("pass")
    story.does(c.ConfirmStep, step="validate")
    assert story.state.cursor is not None
    assert (story.state.cursor.step, story.state.cursor.gate) == (None, "phase:application")
    assert "application" not in story.state.phases_entered
    story.judges("pass")
    story.does(c.EnterPhase, phase="application")
    assert story.state.cursor.step == "rollout"
    assert "application" in story.state.phases_entered


def test_a_verdict_for_an_older_opening_does_not_count() -> None:
    story = Story()
    story.comes_to("validate")
    assert story.state.cursor is not None
    opened_seq = story.state.cursor.opened_seq
    story.judges("pass", opened_seq=opened_seq - 1)
    assert story.state.gates["step:validate"].verdict == "pending"
    story.judges("pass")
    assert story.state.gates["step:validate"].verdict == "pass"


def test_an_override_does_not_outlive_its_attempt() -> None:
    story = Story()
    story.comes_to("validate")
    story.judges("blocked")
    story.does(c.OverrideGate, gate="step:validate", reason="known, ticket 12")
    story.judges("blocked")  # a later verdict does not take it back
    assert story.state.gates["step:validate"].overridden_by == "ana"
    story.does(c.ConfirmStep, step="validate")
    story.does(c.ReopenStep, step="validate", reason="again")
    gate = story.state.gates["step:validate"]
    assert (gate.overridden_by, gate.verdict) == ("", "pending")
    assert story.state.steps["validate"].attempt == 2


def test_what_an_earlier_keeper_said_of_a_gate_does_not_count_for_a_new_one() -> None:
    story = Story()
    story.comes_to("validate")
    story.judges("pass")
    story.happens(e.KeeperStarted(epoch=2, pid=7, version="0"))
    assert story.state.gates["step:validate"].verdict == "pending"
    assert story.state.keeper is not None
    assert story.state.keeper.epoch == 2
    story.happens(e.KeeperStopped(epoch=1, reason="late goodbye"))
    assert story.state.keeper.stopped == ""
    story.happens(e.KeeperStopped(epoch=2, reason="asked to"))
    assert story.state.keeper.stopped == "asked to"


def test_reopening_begins_a_new_attempt_and_the_walk_returns_to_where_it_was() -> None:
    story = Story()
    story.comes_to("validate")
    story.does(c.ReopenStep, step="maintenance", reason="it fell off")
    assert story.state.cursor is not None
    assert (story.state.cursor.step, story.state.steps["maintenance"].attempt) == ("maintenance", 2)
    confirmed = story.does(c.ConfirmStep, step="maintenance")
    assert isinstance(confirmed, e.StepConfirmed)
    assert confirmed.attempt == 2
    assert story.state.cursor.step == "validate"


def test_a_jump_past_a_shut_door_enters_the_phase_and_the_deviation_says_so() -> None:
    story = Story()
    story.does(c.JumpTo, step="smoke", reason="the vendor waits")
    assert story.state.cursor is not None
    assert story.state.cursor.step == "smoke"
    assert "application" in story.state.phases_entered
    deviation = story.state.deviations[-1]
    assert deviation.where == ("1.1 Maintenance on → 2.2 Smoke test, entering phase 2 Application past its gate")
    story.does(c.ConfirmStep, step="smoke")
    assert story.state.cursor.step == "maintenance"  # after the last comes the first open one


def test_time_at_a_step_is_added_over_visits_and_across_a_reboot_by_the_wall_clock() -> None:
    story = Story()
    story.passes(100)
    story.does(c.JumpTo, step="migrate", reason="first")
    story.passes(50)
    story.does(c.JumpTo, step="maintenance", reason="back")
    story.boot = "boot-b"
    story.passes(30)
    story.does(c.ConfirmStep, step="maintenance")
    assert story.state.steps["maintenance"].spent_s == 130
    assert story.state.steps["migrate"].spent_s == 50


def test_samples_give_readings_ages_and_a_bounded_history() -> None:
    story = Story()
    for n in range(70):
        story.happens(e.ProbesSampled(readings=(Reading(probe="api", status="pass", value=n),), ages=(1, None, 3)), BO)
    probe = story.state.probes["api"]
    assert probe.reading is not None
    assert (probe.reading.value, probe.age_s, len(probe.history), probe.history[-1]) == (69, 1.0, 60, 69.0)
    assert (probe.as_of_mono, probe.as_of_boot) == (story.mono, "boot-a")
    assert probe.status == "unread"  # only a fact says otherwise
    assert story.state.probes["missing"].age_s is None
    assert story.state.probes["manual"].age_s == 3.0
    assert story.state.last_fact_seq == 1
    assert story.state.last_seq == 71


def test_a_reading_without_a_number_leaves_a_gap_in_the_history() -> None:
    story = Story()
    for value in (True, "text", None, 2.5):
        story.happens(e.ProbesSampled(readings=(Reading(probe="api", status="pass", value=value),)))
    assert story.state.probes["api"].history == (None, None, None, 2.5)


def test_a_probes_status_moves_by_facts() -> None:
    story = Story()
    story.happens(e.ProbeChanged(probe="api", previous="unread", status="fail", value=500, detail="status is 500"))
    probe = story.state.probes["api"]
    assert (probe.status, probe.detail) == ("fail", "status is 500")
    assert probe.reading is not None
    assert probe.reading.value == 500
    story.happens(e.ProbeChanged(probe="api", previous="fail", status="stale"))
    assert story.state.probes["api"].status == "stale"
    assert story.state.probes["api"].reading == probe.reading


def test_hold_release_pen_and_seats_follow_their_events() -> None:
    story = Story()
    story.happens(e.OperatorAttached(seat="s1", role="watching"), BO)
    assert story.state.seats["s1"].user == "bo"
    story.does(c.PlaceHold, reason="look first", actor=BO)
    assert story.state.hold is not None
    assert story.state.hold.by == BO
    story.does(c.ReleaseHold, reason="looked", actor=BO)
    assert story.state.hold is None
    story.does(c.TakePen, reason="ana sleeps", actor=BO)
    assert story.state.pen is not None
    assert (story.state.pen.user, story.state.pen.epoch) == ("bo", 2)
    story.happens(e.OperatorDetached(seat="s1"), BO)
    assert story.state.seats == {}


def test_the_end_takes_the_cursor_away_and_nothing_moves_after_it() -> None:
    story = Story()
    story.does(c.AbortRun, reason="no")
    assert (story.state.status, story.state.cursor) == ("aborted", None)
    story.happens(e.StepConfirmed(step="maintenance", attempt=1))
    assert story.state.steps["maintenance"].status == "open"
    assert story.state.last_fact_seq == 3


def test_an_unknown_type_is_remembered_and_changes_nothing_else() -> None:
    story = Story()
    before = story.state
    event = e.Event(2, "x", "rollback.begun", True, story.now(), ANA, e.UnknownBody(data={"a": 1}), "RUN1")
    after = evolve(before, event)
    assert after.unknown_types == ("rollback.begun",)
    assert (after.cursor, after.steps, after.last_fact_seq) == (before.cursor, before.steps, 2)
    assert evolve(after, event).unknown_types == ("rollback.begun",)


@pytest.mark.parametrize(
    "body",
    [
        e.StepConfirmed(step="nope", attempt=1),
        e.StepReopened(step="nope", attempt=2, reason="r"),
        e.CursorJumped(step="nope", reason="r"),
        e.PhaseEntered(phase="nope"),
        e.GateChanged(gate="step:nope", opened_seq=1, verdict="pass"),
        e.GateOverridden(gate="nope", reason="r", verdict="blocked"),
        e.ProbeChanged(probe="nope", previous="pass", status="fail"),
        e.ProbesSampled(readings=(Reading(probe="nope", status="pass"),)),
        e.OperatorDetached(seat="nope"),
        e.StepSkipped(step="migrate", attempt=1, reason="not current, but known"),
    ],
)
def test_foreign_events_move_the_numbers_and_never_raise(body: e.Body) -> None:
    story = Story()
    cursor = story.state.cursor
    story.happens(body)
    assert story.state.cursor == cursor
    assert story.state.last_seq == 2


def test_events_before_the_start_and_a_second_start_are_stepped_over() -> None:
    story = Story(start=False)
    story.happens(e.StepConfirmed(step="maintenance", attempt=1))
    assert (story.state.status, story.state.last_fact_seq) == ("empty", 1)
    other = Story()
    other.comes_to("validate")
    before = other.state
    other.happens(e.RunStarted(profile=PROFILE, profile_digest="11", sources=(), cockpit_version="9"))
    assert other.state.steps == before.steps
    assert other.state.started == before.started


def test_a_run_started_despite_another_says_so_as_a_deviation() -> None:
    story = Story(despite={"OLD": "ana's screen died"})
    assert [(d.kind, d.where, d.reason) for d in story.state.deviations] == [("second_run", "OLD", "ana's screen died")]


def test_a_profile_without_steps_is_walked_at_once() -> None:
    from msgspec.structs import replace

    story = Story(replace(PROFILE, phases=()))
    assert story.state.cursor is None
    assert isinstance(story.does(c.FinishRun), e.RunFinished)


def test_folding_makes_new_values_and_leaves_the_old_ones_alone() -> None:
    story = Story()
    states = [story.state]
    copies = [repr(story.state)]
    for kind, fields in ((c.ConfirmStep, {"step": "maintenance"}), (c.PlaceHold, {"reason": "x"})):
        story.does(kind, **fields)
        states.append(story.state)
        copies.append(repr(story.state))
    story.happens(e.ProbeChanged(probe="api", previous="unread", status="pass"))
    assert [repr(state) for state in states] == copies
    assert fold(story.events) == story.state
    assert fold([], EMPTY) is EMPTY
