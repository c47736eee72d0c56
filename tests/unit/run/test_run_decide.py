"""What is allowed, what is refused, and what a refusal says."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from run_story import ALIVE, BO, GONE, PROFILE, Story, in_production

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.commands import KeeperSight
from cockpit.run.readings import ConditionVerdict, Evidence, Reading

EVERY_ACT = [
    (c.ConfirmStep, {"step": "maintenance"}),
    (c.RecordDoneOutside, {"step": "maintenance", "reason": "r"}),
    (c.SkipStep, {"step": "maintenance", "reason": "r"}),
    (c.JumpTo, {"step": "smoke", "reason": "r"}),
    (c.ReopenStep, {"step": "maintenance", "reason": "r"}),
    (c.AbortRun, {"reason": "r"}),
    (c.FinishRun, {}),
]


def at_validate(profile: object = PROFILE) -> Story:
    story = Story(profile)  # type: ignore[arg-type]
    story.comes_to("validate")
    return story


def test_nothing_is_decided_before_the_start_or_after_the_end() -> None:
    assert Story(start=False).refused(c.AddNote, text="x").code == "not_started"
    story = Story()
    story.does(c.AbortRun, reason="no")
    for kind, fields in [*EVERY_ACT, (c.AddNote, {"text": "x"}), (c.PlaceHold, {"reason": "x"})]:
        assert story.refused(kind, **fields).code == "over"


def test_a_log_with_unknown_types_is_read_only_and_says_to_update() -> None:
    story = Story()
    story.state = replace(story.state, unknown_types=("rollback.begun",))
    refusal = story.refused(c.AddNote, text="x")
    assert (refusal.code, refusal.instead) == ("read_only", "update cockpit")
    assert "rollback.begun" in refusal.why


@pytest.mark.parametrize(("kind", "fields"), EVERY_ACT)
def test_a_watching_seat_and_one_without_the_pen_do_not_act(kind: type[c.Command], fields: dict[str, object]) -> None:
    story = Story()
    assert story.refused(kind, **fields, role="watching").code == "watching"
    refusal = story.refused(kind, **fields, actor=BO)
    assert (refusal.code, refusal.why) == ("not_pen", "ana holds the pen")
    assert "P asks for it" in refusal.instead


def test_the_same_user_on_another_host_does_not_hold_the_pen() -> None:
    other = e.Actor("ana", "bastion-2")
    refusal = Story().refused(c.ConfirmStep, step="maintenance", actor=other)
    assert (refusal.code, refusal.why) == ("not_pen", "ana holds the pen from bastion-1")


def test_a_watcher_notes_and_holds_and_releases_its_own_hold_only() -> None:
    story = Story()
    story.does(c.AddNote, text="lag settled", step="nope", actor=BO, role="watching")
    story.does(c.PlaceHold, reason="wait", actor=BO, role="watching")
    cy = e.Actor("cy", "bastion-1")
    assert story.refused(c.ReleaseHold, reason="go", actor=cy, role="watching").code == "not_pen"
    assert story.refused(c.ReleaseHold, reason="go", actor=cy).code == "not_pen"
    story.does(c.ReleaseHold, reason="fine now", actor=BO, role="watching")
    assert story.state.hold is None


def test_a_step_without_a_gate_needs_no_keeper() -> None:
    story = Story()
    confirmed = story.does(c.ConfirmStep, step="maintenance", keeper=GONE)
    assert confirmed == e.StepConfirmed(
        step="maintenance",
        attempt=1,
        current=tuple(Evidence(probe, "unread") for probe in ("api", "missing", "manual")),
        counts={"unread": 3},
    )


def test_a_confirmation_carries_what_was_seen_what_is_current_and_the_counts() -> None:
    story = at_validate()
    story.happens(e.ProbeChanged(probe="api", previous="unread", status="pass", value=142, unit="ms"))
    story.happens(e.ProbeChanged(probe="missing", previous="unread", status="pass", value=0))
    story.happens(e.ProbesSampled(readings=(Reading(probe="api", status="pass", value=150, unit="ms"),), ages=(1, 2)))
    story.judges("pass")
    story.passes(2)
    seen = (Evidence("api", "pass", 142, "ms", 1.0),)
    confirmed = story.does(c.ConfirmStep, step="validate", seen=seen)
    assert isinstance(confirmed, e.StepConfirmed)
    assert confirmed.seen == seen
    assert confirmed.current == (
        Evidence("api", "pass", 150, "ms", 3.0),
        Evidence("missing", "pass", 0, "", 4.0),
        Evidence("manual", "unread"),
    )
    assert confirmed.counts == {"pass": 2, "unread": 1}
    assert story.state.steps["validate"].evidence == confirmed.current


def test_evidence_from_a_screen_is_bounded() -> None:
    seen = tuple(Evidence(f"p{n}", "pass", "x" * 9999) for n in range(500))
    confirmed = Story().does(c.ConfirmStep, step="maintenance", seen=seen)
    assert isinstance(confirmed, e.StepConfirmed)
    assert len(confirmed.seen) == 64
    assert len(str(confirmed.seen[0].value)) == 160


def test_a_key_pressed_on_an_older_screen_is_refused_and_told_what_happened() -> None:
    story = Story()
    painted_seq = 1
    story.does(c.ConfirmStep, step="maintenance")
    refusal = story.refused(c.ConfirmStep, step="maintenance", painted_seq=painted_seq)
    assert refusal.code == "not_current"
    assert refusal.why == "ana confirmed 1.1 Maintenance on at 22:00:00 UTC"
    assert story.refused(c.ConfirmStep, step="migrate", painted_seq=painted_seq).code == "not_current"
    assert story.refused(c.ConfirmStep, step="rollout").code == "not_current"
    assert story.refused(c.ConfirmStep, step="nope").code == "not_current"


def test_a_keeper_is_stopped_by_whoever_may_write_with_a_reason_and_only_the_one_that_was_meant() -> None:
    story = Story()
    story.happens(e.KeeperStarted(epoch=2, pid=7, version="0"))
    assert story.refused(c.StopKeeper, epoch=1, reason="r").code == "other_keeper"
    assert story.refused(c.StopKeeper, epoch=2, reason=" ").code == "no_reason"
    story.does(c.StopKeeper, epoch=2, reason="the host is patched", actor=BO, role="watching")
    keeper = story.state.keeper
    assert keeper is not None
    assert (keeper.stopped_by, keeper.stop_reason, keeper.stopped) == ("bo", "the host is patched", "")
    assert [(each.kind, each.by) for each in story.state.deviations] == [("keeper", "bo")]
    story.happens(e.KeeperStarted(epoch=3, pid=8, version="0"))
    story.happens(e.KeeperStopRequested(epoch=2, reason="late"), BO)
    assert story.state.keeper is not None
    assert story.state.keeper.stopped_by == "", "another keeper takes no notice"


def test_a_hold_stops_the_plan_and_nothing_else() -> None:
    story = Story()
    story.does(c.PlaceHold, reason="look at replica 2", actor=BO)
    for kind, fields in EVERY_ACT[:5]:
        refusal = story.refused(kind, **fields)
        assert refusal.code == "held"
        assert refusal.why == "bo holds the run: look at replica 2"
    assert story.refused(c.PlaceHold, reason="me too").code == "already_held"
    story.does(c.AddNote, text="noted")
    story.does(c.AbortRun, reason="enough")
    assert story.state.status == "aborted"


def test_there_is_nothing_to_release_without_a_hold() -> None:
    assert Story().refused(c.ReleaseHold, reason="x").code == "nothing_to_release"


def test_a_gate_without_fresh_readings_is_pending() -> None:
    assert at_validate().refused(c.ConfirmStep, step="validate").code == "gate_pending"


def test_a_blocked_gate_names_the_condition_and_offers_the_override() -> None:
    story = at_validate()
    story.judges(
        "blocked",
        ConditionVerdict("api.passing", True),
        ConditionVerdict("missing == 0", False, "missing is 12"),
    )
    refusal = story.refused(c.ConfirmStep, step="validate")
    assert refusal.code == "gate_blocked"
    assert refusal.why == "the gate of 1.3 Validate is blocked: missing == 0 (missing is 12)"
    assert "override" in refusal.instead


def test_a_gate_that_cannot_be_judged_says_why() -> None:
    story = at_validate()
    story.judges("unknown", ConditionVerdict("missing == 0", None, "missing is stale"))
    refusal = story.refused(c.ConfirmStep, step="validate")
    assert (refusal.code, "missing is stale" in refusal.why) == ("gate_unknown", True)


@pytest.mark.parametrize(
    "sight", [GONE, KeeperSight(alive=False, silent_s=0.1), KeeperSight(alive=True, silent_s=3.1),
              KeeperSight(alive=True, silent_s=float("inf"))]
)  # fmt: skip
def test_a_verdict_does_not_count_without_a_keeper_behind_it(sight: KeeperSight) -> None:
    story = at_validate()
    story.judges("pass")
    assert story.refused(c.ConfirmStep, step="validate", keeper=sight).code == "keeper_silent"
    overridden = story.does(c.OverrideGate, gate="step:validate", reason="looked by hand", keeper=sight)
    assert isinstance(overridden, e.GateOverridden)
    assert overridden.verdict == "unknown"
    story.does(c.ConfirmStep, step="validate", keeper=sight)


@pytest.mark.parametrize(
    ("sight", "why", "instead"),
    [
        (KeeperSight(alive=True, silent_s=float("inf")), "no keeper has been heard of yet", "its first beat"),
        (KeeperSight(alive=False, silent_s=float("inf")), "no keeper is running", "wait for a keeper"),
        (KeeperSight(alive=True, silent_s=30.0), "the keeper has been silent for 30 s", "wait for a keeper"),
    ],
)
def test_what_is_refused_for_want_of_a_keeper_tells_a_silence_only_where_it_has_a_length(
    sight: KeeperSight, why: str, instead: str
) -> None:
    story = at_validate()
    story.judges("pass")
    refusal = story.refused(c.ConfirmStep, step="validate", keeper=sight)
    assert refusal.why == f"{why}, so the gate's verdict does not count"
    assert instead in refusal.instead
    assert "or override the gate with a reason" in refusal.instead


def test_an_override_is_for_a_current_gate_that_does_not_pass() -> None:
    story = Story()
    assert story.refused(c.OverrideGate, gate="step:maintenance", reason="r").code == "no_gate"
    story = at_validate()
    assert story.refused(c.OverrideGate, gate="step:migrate", reason="r").code == "not_current"
    assert story.refused(c.OverrideGate, gate="step:validate", reason="\n\t ").code == "no_reason"
    story.judges("pass")
    assert story.refused(c.OverrideGate, gate="step:validate", reason="r").code == "gate_passes"
    story.judges("blocked")
    story.does(c.OverrideGate, gate="step:validate", reason="r")
    assert story.refused(c.OverrideGate, gate="step:validate", reason="r").code == "already_overridden"


def test_a_phase_is_entered_through_its_gate_and_not_twice() -> None:
    story = at_validate()
    story.judges("pass")
    story.does(c.ConfirmStep, step="validate")
    assert story.refused(c.ConfirmStep, step="rollout").code == "phase_not_entered"
    assert story.refused(c.EnterPhase, phase="application").code == "gate_pending"
    assert story.refused(c.EnterPhase, phase="database").code == "not_current"
    story.judges("blocked")
    story.does(c.OverrideGate, gate="phase:application", reason="go")
    entered = story.does(c.EnterPhase, phase="application")
    assert isinstance(entered, e.PhaseEntered)
    assert story.refused(c.EnterPhase, phase="application").code == "not_current"


def test_jumps_go_to_open_steps_and_reopening_to_settled_ones() -> None:
    story = Story()
    assert story.refused(c.JumpTo, step="nope", reason="r").code == "unknown_step"
    assert story.refused(c.JumpTo, step="maintenance", reason="r").code == "already_current"
    assert story.refused(c.ReopenStep, step="maintenance", reason="r").code == "not_settled"
    assert story.refused(c.ReopenStep, step="nope", reason="r").code == "unknown_step"
    story.does(c.ConfirmStep, step="maintenance")
    assert story.refused(c.JumpTo, step="maintenance", reason="r").code == "settled"
    assert story.does(c.JumpTo, step="smoke", reason="r") == e.CursorJumped(step="smoke", left="migrate", reason="r")
    assert story.does(c.ReopenStep, step="maintenance", reason="r") == e.StepReopened(
        step="maintenance", attempt=2, reason="r"
    )


def test_done_outside_needs_a_reason_and_neither_gate_nor_keeper() -> None:
    story = at_validate()
    assert story.refused(c.RecordDoneOutside, step="validate", reason="", keeper=GONE).code == "no_reason"
    story.does(c.RecordDoneOutside, step="validate", reason="by the DBA", keeper=GONE)
    assert story.state.steps["validate"].status == "done_outside"


def test_a_run_is_finished_when_every_step_is_settled() -> None:
    story = Story()
    refusal = story.refused(c.FinishRun)
    assert refusal.code == "unsettled_steps"
    assert refusal.why == "5 steps are not settled: 1.1 Maintenance on, 1.2 Migrate, 1.3 Validate, …"
    story.comes_to("")
    story.does(c.FinishRun)
    assert story.state.status == "finished"


def test_production_asks_for_the_word_of_what_would_be_hurt() -> None:
    story = Story(in_production())
    story.does(c.ConfirmStep, step="maintenance")
    assert story.refused(c.ConfirmStep, step="migrate").code == "typed_word"
    assert story.refused(c.ConfirmStep, step="migrate", typed="production").code == "typed_word"
    assert story.refused(c.SkipStep, step="migrate", reason="r", typed="migrate").code == "typed_word"
    assert story.refused(c.SkipStep, step="migrate", reason="", typed="production").code == "no_reason"
    story.does(c.ConfirmStep, step="migrate", typed=" migrate ")
    assert story.refused(c.OverrideGate, gate="step:validate", reason="r").code == "typed_word"
    story.does(c.OverrideGate, gate="step:validate", reason="r", typed="production")
    refusal = story.refused(c.AbortRun, reason="r", typed="yes")
    assert (refusal.code, refusal.instead) == ("typed_word", "type production to go on")
    story.does(c.AbortRun, reason="r", typed="production")


def test_staging_asks_for_no_word() -> None:
    story = Story()
    story.does(c.ConfirmStep, step="maintenance")
    story.does(c.ConfirmStep, step="migrate")
    story.does(c.OverrideGate, gate="step:validate", reason="r", keeper=ALIVE)
    story.does(c.AbortRun, reason="r")


def test_what_people_write_is_kept_visible_and_bounded() -> None:
    story = Story()
    skipped = story.does(c.SkipStep, step="maintenance", reason=" \x1b[31mred\u202e ")
    assert isinstance(skipped, e.StepSkipped)
    assert skipped.reason == "␛[31mred‹U+202E›"
    note = story.does(c.AddNote, text="two\nlines", step="migrate")
    assert note == e.NoteAdded(text="two\nlines", step="migrate")
    assert story.refused(c.AddNote, text="x" * 4001).code == "too_long"
    assert story.refused(c.AddNote, text="  ").code == "no_reason"
