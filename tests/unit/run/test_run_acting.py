"""Actions: asked for, tried again, settled; and what each end lets a person do."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from run_story import ANA, BO, GONE, KEEPER_EPOCH
from whole_story import CY, WHOLE, WholeStory

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.people import known
from cockpit.run.readings import ConditionVerdict


def at(step_id: str, **fields: object) -> WholeStory:
    story = WholeStory(**fields)  # type: ignore[arg-type]
    story.goes_to(step_id)
    return story


def test_the_whole_walk_goes_through_every_kind_of_step() -> None:
    story = at("")
    assert {step_id for step_id, step in story.state.steps.items() if step.status == "not_applicable"} == {"legacy"}
    assert story.state.values == {"backup": "b-77", "count": "7", "go": "go"}
    assert story.state.deviations == ()
    story.does(c.FinishRun)
    assert story.state.status == "finished"


def test_an_action_is_asked_for_begun_and_ended_and_then_a_person_confirms() -> None:
    story = at("scale")
    assert story.state.cursor is not None
    assert story.state.cursor.gate == "run:scale"
    request = story.asks_to_run("scale")
    assert (request.attempt, request.epoch) == (1, KEEPER_EPOCH)
    assert story.refused(c.ConfirmStep, step="scale").code == "under_way"
    story.ends("succeeded")
    assert story.state.steps["scale"].status == "open"
    story.does(c.ConfirmStep, step="scale")
    assert story.state.steps["scale"].status == "confirmed"


def test_the_end_of_a_try_opens_the_gate_that_guards_confirming_anew() -> None:
    story = at("migrate")
    before = story.state.cursor
    story.acts("migrate")
    after = story.state.cursor
    assert before is not None
    assert after is not None
    assert (before.gate, after.gate) == ("run:migrate", "step:migrate")
    assert after.opened_seq > before.opened_seq
    assert story.refused(c.ConfirmStep, step="migrate").code == "gate_pending"
    story.judges("pass", opened_seq=before.opened_seq)  # a verdict on readings taken before the end
    assert story.refused(c.ConfirmStep, step="migrate").code == "gate_pending"
    story.judges("blocked", ConditionVerdict("missing == 0", False, "missing is 3"))
    assert story.refused(c.ConfirmStep, step="migrate").code == "gate_blocked"
    story.judges("pass")
    story.does(c.ConfirmStep, step="migrate")


def test_what_an_action_requires_must_hold_before_it_is_run() -> None:
    story = at("scale")
    assert story.refused(c.RunAction, step="scale", action="X").code == "gate_pending"
    story.judges("blocked", ConditionVerdict("api.passing", False))
    assert story.refused(c.RunAction, step="scale", action="X").code == "gate_blocked"
    story.does(c.OverrideGate, gate="run:scale", reason="it is known")
    story.does(c.RunAction, step="scale", action="X")


@pytest.mark.parametrize("outcome", ["failed", "timed_out", "cancelled", "refused", "lapsed"])
def test_no_number_of_tries_that_did_not_succeed_passes_a_step(outcome: str) -> None:
    story = at("scale")
    for attempt in range(1, 6):
        story.acts("scale", outcome)
        assert story.action.attempt == attempt
        assert story.refused(c.ConfirmStep, step="scale").code == "not_succeeded"
    assert story.state.steps["scale"].attempt == 5
    story.acts("scale")
    story.does(c.ConfirmStep, step="scale")


def test_what_succeeded_is_not_run_again() -> None:
    story = at("scale")
    story.acts("scale")
    assert story.refused(c.RunAction, step="scale", action="X").code == "done_already"


def test_an_end_that_is_not_known_is_never_run_again_without_a_reason() -> None:
    story = at("migrate")
    story.acts("migrate", "unknown")
    assert story.refused(c.RunAction, step="migrate", action="X").code == "no_reason"
    story.does(c.RunAction, step="migrate", action="X", reason="the table is not there")
    assert story.action.attempt == 2
    assert any(isinstance(event.body, e.NoteAdded) for event in story.events)


def test_what_has_conditions_is_run_again_after_an_unknown_end_only_through_them() -> None:
    story = at("scale")
    story.acts("scale", "unknown")
    assert story.refused(c.ConfirmStep, step="scale").code == "unknown"
    assert story.refused(c.RunAction, step="scale", action="X", reason="r").code == "unknown"
    story.does(c.SettleAction, action=story.action.action, outcome="failed", reason="kubectl shows 3 replicas")
    assert story.refused(c.RunAction, step="scale", action="X").code == "gate_pending"
    story.judges("pass")
    story.does(c.RunAction, step="scale", action="X")
    assert story.action.attempt == 2


def test_an_end_that_is_not_known_is_settled_by_the_gate_on_fresh_readings() -> None:
    story = at("migrate")
    story.acts("migrate", "unknown")
    assert story.refused(c.ConfirmStep, step="migrate").code == "gate_pending"
    story.judges("pass")
    story.does(c.ConfirmStep, step="migrate")


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
def test_an_end_that_is_not_known_is_settled_by_a_person_with_a_reason(outcome: str) -> None:
    story = at("scale")
    story.acts("scale", "unknown")
    action = story.action.action
    assert story.refused(c.SettleAction, action=action, outcome=outcome, reason=" ").code == "no_reason"
    story.does(c.SettleAction, action=action, outcome=outcome, reason="I looked")
    assert (story.action.status, story.action.settled_by) == (outcome, "ana")
    assert [deviation.kind for deviation in story.state.deviations] == ["settled"]
    assert story.refused(c.SettleAction, action=action, outcome=outcome, reason="again").code == "not_unknown"


def test_a_later_word_on_an_unknown_end_counts_and_one_on_a_known_end_does_not() -> None:
    story = at("scale")
    story.acts("scale", "unknown")
    story.ends("succeeded")
    assert story.action.status == "succeeded"
    story.ends("failed")
    assert story.action.status == "succeeded"


def test_while_something_is_done_nothing_else_is_begun_and_the_plan_does_not_move() -> None:
    story = at("scale")
    story.asks_to_run("scale")
    for kind, fields in (
        (c.RunAction, {"step": "scale", "action": "X"}),
        (c.SkipStep, {"step": "scale", "reason": "r"}),
        (c.RecordDoneOutside, {"step": "scale", "reason": "r"}),
        (c.JumpTo, {"step": "migrate", "reason": "r"}),
        (c.ReopenStep, {"step": "go", "reason": "r"}),
        (c.ChooseRollback, {"plan": "back", "reason": "r"}),
    ):
        assert story.refused(kind, **fields).code == "under_way"
    story.does(c.PlaceHold, reason="stop")
    story.does(c.CancelAction, action=story.action.action, reason="stop")
    assert story.refused(c.CancelAction, action=story.action.action, reason="stop").code == "cancelled_already"
    story.ends("cancelled")
    assert story.action.status == "cancelled"


def test_nobody_is_asked_to_act_without_a_keeper() -> None:
    story = at("scale")
    story.opens()
    assert story.refused(c.RunAction, step="scale", action="X", keeper=GONE).code == "no_keeper"


def test_a_keeper_that_lives_and_has_not_said_so_yet_is_waited_for() -> None:
    story = at("scale")
    story.opens()
    story.state = replace(story.state, keeper=None)
    refusal = story.refused(c.RunAction, step="scale", action="X")
    assert (refusal.code, refusal.why) == ("no_keeper", "the keeper is only just starting")


def test_what_a_person_does_is_not_run() -> None:
    story = at("sign")
    assert story.refused(c.RunAction, step="sign", action="X").code == "wrong_kind"


def test_a_reopened_action_begins_from_nothing_and_keeps_who_did_it() -> None:
    story = at("migrate")
    story.does(c.ReopenStep, step="scale", reason="it came back up")
    step = story.state.steps["scale"]
    assert (step.action, step.attempt, step.workers) == (None, 2, (known(ANA),))
    assert step.touched_seq > 0
    assert story.asks_to_run("scale").attempt == 2


def test_output_is_kept_to_its_last_lines_and_says_what_was_left_out() -> None:
    story = at("scale")
    story.asks_to_run("scale")
    action = story.action.action
    story.happens(e.ActionOutput(action=action, text="one\ntw"))
    story.happens(e.ActionOutput(action=action, text="o\nthree", progress=("2 of 3",)))
    assert (story.action.tail, story.action.progress) == (("one", "two", "three"), ("2 of 3",))
    story.happens(e.ActionOutput(action=action, text="end\n", skipped_bytes=900))
    assert story.action.tail[-3:] == ("… 900 bytes left out", "end", "")
    for number in range(50):
        story.happens(e.ActionOutput(action=action, text=f"{number}\n" * 10))
    assert len(story.action.tail) <= 201
    story.happens(e.ActionOutput(action="another", text="x"))
    assert story.action.tail[-2:] == ("49", "")


def test_how_far_its_output_was_told_is_kept_for_the_next_keeper() -> None:
    story = at("scale")
    story.asks_to_run("scale")
    action = story.action.action
    story.happens(e.ActionOutput(action=action, text="one\n", end=4))
    story.happens(e.ActionOutput(action=action, progress=("half",)))
    assert story.action.told_bytes == 4
    story.happens(e.ActionOutput(action=action, text="two\n", end=8))
    assert story.action.told_bytes == 8


# ---- a person's values, waits, set times -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step_id", "value", "code"),
    [
        ("backup_id", "", "no_value"),
        ("backup_id", "  ", "no_value"),
        ("backup_id", "77", "bad_value"),
        ("backup_id", "b-77; rm", "bad_value"),
        ("backup_id", "b-7\x1b[31m", "bad_value"),
        ("backup_id", "b-" + "7" * 600, "bad_value"),
        ("count", "many", "bad_value"),
        ("count", "nan", "bad_value"),
        ("count", "1_000", "bad_value"),
        ("go", "perhaps", "no_choice"),
        ("go", "", "no_choice"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(step_id: str, value: str, code: str) -> None:
    assert at(step_id).refused(c.ConfirmStep, step=step_id, value=value).code == code


def test_a_choice_that_stops_holds_the_run() -> None:
    story = at("go")
    story.does(c.ConfirmStep, step="go", value="no_go")
    assert story.state.values["go"] == "no_go"
    assert story.state.hold is not None
    assert story.state.hold.reason == "No-go at 1.3 Go"


def test_a_value_recorded_again_replaces_the_first() -> None:
    story = at("count")
    story.does(c.ReopenStep, step="backup_id", reason="typo")
    story.does(c.ConfirmStep, step="backup_id", value="b-78")
    assert story.state.values["backup"] == "b-78"


def test_a_wait_is_confirmed_when_it_is_over_and_not_before() -> None:
    story = at("soak")
    assert story.refused(c.ConfirmStep, step="soak").code == "waiting"
    story.waits("soak")
    assert story.refused(c.ConfirmStep, step="soak").code == "waiting"
    story.happens(e.WaitCompleted(step="soak", attempt=1))
    story.does(c.ConfirmStep, step="soak")


def test_a_wait_that_a_breach_stopped_begins_again_or_is_cut_short() -> None:
    story = at("soak")
    story.waits("soak")
    story.happens(e.WaitStopped(step="soak", attempt=1, detail="api is fail"))
    assert story.refused(c.ConfirmStep, step="soak").code == "wait_stopped"
    story.happens(e.WaitCompleted(step="soak", attempt=1))  # too late: it was stopped
    assert story.refused(c.ConfirmStep, step="soak").code == "wait_stopped"
    story.does(c.RestartWait, step="soak")
    assert story.state.steps["soak"].wait is None
    story.waits("soak")
    assert story.refused(c.RestartWait, step="soak").code == "not_stopped"
    assert story.refused(c.EndWait, step="soak", reason="").code == "no_reason"
    story.passes(100)
    body = story.does(c.EndWait, step="soak", reason="enough")
    assert isinstance(body, e.WaitEndedEarly)
    assert body.left_s == 200
    assert [deviation.kind for deviation in story.state.deviations] == ["wait_early"]
    assert story.refused(c.EndWait, step="soak", reason="enough").code == "over_already"
    story.does(c.ConfirmStep, step="soak")


def test_a_checkpoint_is_looked_at_when_it_is_due_or_early_with_a_reason() -> None:
    story = at("half_hour")
    assert story.refused(c.ConfirmStep, step="half_hour").code == "not_due"
    story.does(c.EndWait, step="half_hour", reason="nobody is awake then")
    assert story.refused(c.EndWait, step="half_hour", reason="again").code == "over_already"
    story.does(c.ConfirmStep, step="half_hour")
    assert [deviation.kind for deviation in story.state.deviations] == ["wait_early"]


def test_a_message_is_sent_by_a_channel_or_by_hand_and_both_are_told_apart() -> None:
    story = at("tell")
    story.happens(e.StepDue(step="tell"))
    body = story.does(c.ConfirmStep, step="tell", digest="d" * 64)
    assert isinstance(body, e.StepConfirmed)
    assert body.sent == {"to": "all users", "digest": "d" * 64}
    story = at("tell")
    story.happens(e.StepDue(step="tell"))
    story.acts("tell")
    body = story.does(c.ConfirmStep, step="tell", digest="d" * 64)
    assert isinstance(body, e.StepConfirmed)
    assert body.sent == {}


def test_a_message_without_a_channel_is_not_sent_but_by_hand() -> None:
    templates = tuple(replace(each, channel="") for each in WHOLE.templates)
    story = WholeStory(replace(WHOLE, templates=templates))
    story.goes_to("tell")
    story.happens(e.StepDue(step="tell"))
    assert story.refused(c.RunAction, step="tell", action="X").code == "no_channel"
    story.does(c.ConfirmStep, step="tell", digest="ab")


def test_a_message_with_conditions_before_and_after_is_not_confirmed_unsent() -> None:
    phases = tuple(
        replace(
            phase,
            steps=tuple(
                replace(step, requires=("api.passing",), gate=("api.passing",)) if step.id == "tell" else step
                for step in phase.steps
            ),
        )
        for phase in WHOLE.phases
    )
    profile = replace(WHOLE, phases=phases)
    story = WholeStory(profile)
    story.goes_to("tell")
    story.happens(e.StepDue(step="tell"))
    assert story.refused(c.ConfirmStep, step="tell", digest="ab").code == "not_run"
    story.acts("tell", outcome="failed")
    assert story.refused(c.ConfirmStep, step="tell", digest="ab").code == "not_run"
    rehearsed = WholeStory(profile, rehearsal=True)
    rehearsed.goes_to("tell")
    rehearsed.happens(e.StepDue(step="tell"))
    rehearsed.opens()
    rehearsed.does(c.ConfirmStep, step="tell", digest="ab")


def test_a_rehearsal_does_not_say_that_a_message_was_sent_by_hand() -> None:
    story = WholeStory(rehearsal=True)
    story.goes_to("tell")
    story.happens(e.StepDue(step="tell"))
    body = story.does(c.ConfirmStep, step="tell", digest="ab")
    assert isinstance(body, e.StepConfirmed)
    assert body.sent == {}


def test_a_message_that_is_not_due_is_neither_sent_nor_confirmed() -> None:
    story = at("tell")
    assert story.refused(c.ConfirmStep, step="tell").code == "not_due"
    assert story.refused(c.RunAction, step="tell", action="X").code == "not_due"


# ---- whether it applies, free phases, exits ----------------------------------------------------------------------


def test_a_step_that_applies_is_done_and_one_that_does_not_is_passed_by() -> None:
    assert at("soak").state.steps["legacy"].status == "not_applicable"
    story = at("legacy", choice="later")
    assert story.state.cursor is not None
    assert story.state.cursor.is_considering
    assert story.refused(c.ConfirmStep, step="legacy").code == "considering"
    story.judges("pass")
    assert story.state.cursor.gate == "step:legacy"
    story.does(c.ConfirmStep, step="legacy")


def test_whether_it_applies_can_be_said_by_a_person_when_the_keeper_cannot() -> None:
    story = at("legacy", choice="later")
    story.judges("unknown")
    story.does(c.OverrideGate, gate="if:legacy", reason="it does apply")
    assert story.state.cursor is not None
    assert story.state.cursor.gate == "step:legacy"
    story.does(c.ConfirmStep, step="legacy")
    assert [deviation.kind for deviation in story.state.deviations] == ["override"]


def test_a_step_that_did_not_apply_can_be_done_all_the_same() -> None:
    story = at("soak")
    story.does(c.ReopenStep, step="legacy", reason="it does apply")
    story.does(c.ConfirmStep, step="legacy")
    assert story.state.steps["legacy"].status == "confirmed"


def test_within_a_free_phase_any_step_may_be_next_without_a_reason() -> None:
    story = WholeStory()
    story.does(c.JumpTo, step="go", reason="")
    assert story.state.deviations == ()
    assert story.refused(c.JumpTo, step="migrate", reason="").code == "no_reason"


def test_a_phase_with_an_exit_gate_is_left_only_when_it_passes() -> None:
    story = WholeStory()
    story.goes_to("tell")
    story.settles("tell")
    assert story.state.cursor is not None
    assert (story.state.cursor.step, story.state.cursor.gate) == (None, "exit:prepare")
    assert story.refused(c.LeavePhase, phase="prepare").code == "gate_pending"
    assert story.refused(c.EnterPhase, phase="prepare").code == "not_current"
    story.judges("pass")
    story.does(c.LeavePhase, phase="prepare")
    assert story.state.cursor.gate == "phase:database"
    story.does(c.ReopenStep, step="go", reason="think again")
    story.settles("go")
    assert story.state.cursor.gate == "exit:prepare"


def test_a_jump_past_an_exit_does_not_get_rid_of_it() -> None:
    story = WholeStory()
    story.does(c.JumpTo, step="rollout", reason="hurry")
    while story.state.cursor is not None and story.state.cursor.step is not None:
        story.does(c.SkipStep, step=story.state.cursor.step, reason="hurry")
        if story.state.cursor is not None and story.state.cursor.gate == "phase:database":
            story.opens()
            story.does(c.EnterPhase, phase="database")
    assert story.state.cursor is not None
    assert story.state.cursor.gate == "exit:prepare"
    assert story.refused(c.FinishRun).code in ("phase_not_left", "unsettled_steps")


# ---- people ------------------------------------------------------------------------------------------------------


def test_a_sign_off_is_by_somebody_of_the_role_who_did_not_do_the_work() -> None:
    story = at("sign")
    assert story.refused(c.ConfirmStep, step="sign").code == "signoff"
    assert story.refused(c.SignOff, step="sign").code == "not_role"  # ana holds the pen, and is not of the role
    story.does(c.SignOff, step="sign", actor=BO, role="watching")
    step = story.state.steps["sign"]
    assert step.by is not None
    assert (step.status, step.by.user) == ("confirmed", "bo")


def test_who_ran_a_step_of_the_phase_does_not_sign_it_off() -> None:
    story = at("scale")
    story.does(c.TakePen, actor=BO, reason="ana sleeps")
    story.acts("scale", actor=BO)
    story.does(c.ConfirmStep, step="scale", actor=BO)
    story.does(c.TakePen, reason="bo sleeps")
    story.goes_to("sign")
    assert story.refused(c.SignOff, step="sign", actor=BO, role="watching").code == "four_eyes"
    story.does(c.SignOff, step="sign", actor=CY, role="watching")


def test_who_is_barred_by_a_step_elsewhere_does_not_sign() -> None:
    story = WholeStory()
    story.does(c.TakePen, actor=CY, reason="cy records")
    story.does(c.ConfirmStep, step="backup_id", value="b-1", actor=CY)
    story.does(c.TakePen, reason="back")
    story.goes_to("sign")
    assert story.refused(c.SignOff, step="sign", actor=CY, role="watching").code == "four_eyes"
