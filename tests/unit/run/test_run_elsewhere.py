"""Going elsewhere: free phases, jumps away from a wait, steps that are opened again, and what people leave behind."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from run_story import ANA, BO, in_production
from whole_profile import CY, WHOLE, step
from whole_story import WholeStory

from cockpit.profile.model import Phase, Profile
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.commands import Refusal
from cockpit.run.decide import decide
from cockpit.run.forecast import forecast
from cockpit.run.readings import ConditionVerdict
from cockpit.run.state_walk import Cursor


def at(step_id: str, profile: Profile = WHOLE) -> WholeStory:
    story = WholeStory(profile)
    story.goes_to(step_id)
    return story


def cursor(story: WholeStory) -> Cursor:
    assert story.state.cursor is not None
    return story.state.cursor


def free() -> Profile:
    """A free phase of three steps, then an ordered one."""
    wait = step("soak", "wait", settings={"duration": 300.0})
    steps = (step("one"), wait, step("three"))
    then = Phase(id="next", title="Next", steps=(step("four"),))
    phases = (Phase(id="any", title="Any", order="free", steps=steps), then)
    return replace(WHOLE, phases=phases, rollbacks=(), triggers=())


# ---- free phases and waits ---------------------------------------------------------------------------------------


def test_a_free_phase_is_gone_on_from_only_when_all_of_it_is_settled() -> None:
    story = WholeStory(free())
    story.does(c.JumpTo, step="three", reason="")
    story.does(c.ConfirmStep, step="three")
    assert cursor(story).step == "one"
    story.does(c.ConfirmStep, step="one")
    assert cursor(story).step == "soak"
    assert story.state.deviations == ()


def areas() -> Profile:
    """Three areas of two steps, the last one behind a gate; then an ordered phase."""

    def area(name: str, *gate: str) -> Phase:
        steps = (step(f"{name}_1"), step(f"{name}_2"))
        return Phase(id=name, title=name.title(), order="area", steps=steps, gate=gate)

    then = Phase(id="next", title="Next", steps=(step("last"),))
    return replace(WHOLE, phases=(area("a"), area("b"), area("c", "api.passing"), then), rollbacks=(), triggers=())


def test_areas_beside_each_other_are_gone_through_in_any_order_and_all_of_them_before_what_follows() -> None:
    story = WholeStory(areas())
    story.does(c.JumpTo, step="b_2", reason="")
    story.does(c.ConfirmStep, step="b_2")
    assert cursor(story).step == "b_1", "the area first"
    story.does(c.JumpTo, step="a_2", reason="")
    story.does(c.ConfirmStep, step="a_2")
    story.does(c.ConfirmStep, step="a_1")
    assert cursor(story).step == "b_1"
    story.does(c.ConfirmStep, step="b_1")
    assert (cursor(story).phase, cursor(story).step) == ("c", None), "its gate"
    assert story.state.deviations == ()


def test_what_is_no_area_or_behind_a_shut_gate_still_takes_a_reason() -> None:
    story = WholeStory(areas())
    assert story.refused(c.JumpTo, step="c_1", reason="").code == "no_reason"
    assert story.refused(c.JumpTo, step="last", reason="").code == "no_reason"
    story.does(c.JumpTo, step="last", reason="hurry")
    assert story.refused(c.JumpTo, step="a_1", reason="").code == "no_reason"
    assert [each.kind for each in story.state.deviations] == ["jump"]


def test_a_reason_makes_going_to_another_area_a_deviation_as_it_was_in_older_logs() -> None:
    story = WholeStory(areas())
    story.does(c.JumpTo, step="b_1", reason="before the others wake up")
    assert [each.kind for each in story.state.deviations] == ["jump"]


def test_within_a_free_phase_a_wait_goes_on_while_something_else_is_done() -> None:
    story = WholeStory(free())
    story.does(c.JumpTo, step="soak", reason="")
    story.waits("soak")
    story.does(c.JumpTo, step="one", reason="")
    wait = story.state.steps["soak"].wait
    assert wait is not None
    assert wait.status == "running"
    story.happens(e.WaitCompleted(step="soak", attempt=1))
    story.does(c.JumpTo, step="soak", reason="")
    story.does(c.ConfirmStep, step="soak")


def test_a_jump_out_of_the_order_takes_a_waits_clock_away() -> None:
    story = at("soak")
    story.waits("soak")
    story.does(c.JumpTo, step="rollout", reason="hurry")
    assert story.state.steps["soak"].wait is None
    story.does(c.JumpTo, step="soak", reason="back to it")
    assert story.refused(c.ConfirmStep, step="soak").code == "waiting"


def test_a_wait_that_was_over_begins_anew_when_what_it_watched_is_done_again() -> None:
    story = at("soak")
    story.waits("soak")
    story.happens(e.WaitCompleted(step="soak", attempt=1))
    story.does(c.ReopenStep, step="migrate", reason="once more")
    story.goes_to("soak")
    assert story.refused(c.ConfirmStep, step="soak").code == "waiting"


def test_a_wait_that_was_stopped_is_forecast_to_begin_again_whole() -> None:
    story = at("soak")
    story.waits("soak")
    story.passes(200)
    story.happens(e.WaitStopped(step="soak", attempt=1, detail="api is fail"))
    told = forecast(story.state, story.now())
    assert told.remaining_s == pytest.approx(300 + 900 * told.pace)


def test_the_pace_of_people_does_not_shorten_a_wait_that_is_to_come() -> None:
    story = at("migrate")  # all before it took no time
    told = forecast(story.state, story.now())
    assert told.pace < 1.0
    assert told.remaining_s == pytest.approx((600 + 900) * told.pace + 300)


# ---- a hold ------------------------------------------------------------------------------------------------------


def test_under_a_hold_no_step_is_passed_by_and_what_was_found_counts_when_it_is_released() -> None:
    story = at("legacy")
    story.does(c.PlaceHold, reason="stop")
    story.judges("blocked", ConditionVerdict("recorded.go == 'later'", False))
    assert (cursor(story).step, story.state.steps["legacy"].status) == ("legacy", "open")
    story.does(c.ReleaseHold, reason="go on")
    assert story.state.steps["legacy"].status == "not_applicable"
    assert cursor(story).step == "soak"


def test_under_a_hold_nothing_begins_to_apply_either() -> None:
    story = at("legacy")
    story.does(c.PlaceHold, reason="stop")
    story.judges("pass")
    assert cursor(story).is_considering
    story.does(c.ReleaseHold, reason="go on")
    assert cursor(story).gate == "step:legacy"


# ---- whether a step applies --------------------------------------------------------------------------------------


def test_whether_a_step_applies_is_found_anew_after_what_it_goes_by_was_decided_again() -> None:
    story = WholeStory(choice="later")
    story.goes_to("legacy")
    story.judges("pass")
    assert cursor(story).gate == "step:legacy"
    story.does(c.ReopenStep, step="go", reason="we go all the same")
    story.choice = "go"
    story.does(c.ConfirmStep, step="go", value="go")
    story.goes_to("legacy")
    assert cursor(story).is_considering
    story.judges("blocked")
    assert story.state.steps["legacy"].status == "not_applicable"


def test_that_a_person_said_that_a_step_applies_stays() -> None:
    story = WholeStory(choice="later")
    story.goes_to("legacy")
    story.judges("unknown")
    story.does(c.OverrideGate, gate="if:legacy", reason="it does apply")
    story.does(c.ReopenStep, step="go", reason="we go all the same")
    story.choice = "go"
    story.does(c.ConfirmStep, step="go", value="go")
    story.goes_to("legacy")
    assert cursor(story).gate == "step:legacy"


# ---- triggers ----------------------------------------------------------------------------------------------------


def test_an_immediate_trigger_is_answered_before_a_step_is_left_out() -> None:
    story = at("rollout")
    story.happens(e.TriggerFired(trigger="errors"))
    assert story.refused(c.SkipStep, step="rollout", reason="r").code == "trigger_unanswered"
    story.does(c.RecordDoneOutside, step="rollout", reason="it was done before it fired")


def test_an_answer_is_to_the_triggers_that_were_shown_and_not_to_one_that_fired_since() -> None:
    story = at("rollout")
    story.happens(e.TriggerRaised(trigger="complaints", reason="three calls"))
    shown = tuple(each.seq for each in story.state.fired)
    story.happens(e.TriggerFired(trigger="errors"))
    story.does(c.AnswerTriggers, seqs=shown, reason="they were about something else")
    assert [each.trigger for each in story.state.fired] == ["errors"]
    assert story.refused(c.AnswerTriggers, seqs=shown, reason="r").code == "no_trigger"


# ---- second persons ----------------------------------------------------------------------------------------------


def test_who_agreed_as_the_second_person_and_then_takes_the_pen_is_no_second_person_any_more() -> None:
    story = at("rollout", in_production(WHOLE))
    story.passes(4 * 3600)
    story.does(c.Countersign, step="rollout", actor=BO, role="watching")
    story.does(c.TakePen, reason="ana sleeps", actor=BO)
    refusal = story.refused(c.ConfirmStep, step="rollout", typed="rollout", actor=BO)
    assert refusal.code == "needs_second"
    story.does(c.Countersign, step="rollout", actor=ANA, role="watching")
    story.does(c.ConfirmStep, step="rollout", typed="rollout", actor=BO)


def test_another_hand_on_the_pen_leaves_the_second_persons_word_as_it_was() -> None:
    story = at("rollout", in_production(WHOLE))
    story.passes(4 * 3600)
    story.does(c.Countersign, step="rollout", actor=BO, role="watching")
    story.does(c.TakePen, reason="ana sleeps", actor=CY)
    body = story.does(c.ConfirmStep, step="rollout", typed="rollout", actor=CY)
    assert isinstance(body, e.StepConfirmed)
    assert body.second == "bo@bastion-1"


# ---- two people, one key -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step_id", "kind", "fields", "code"),
    [
        ("scale", c.RunAction, {"step": "scale", "action": "Z"}, "under_way"),
        ("rollout", c.ConfirmStep, {"step": "rollout"}, "not_current"),
        ("rollout", c.SkipStep, {"step": "rollout", "reason": "r"}, "not_current"),
        ("rollout", c.ReopenStep, {"step": "scale", "reason": "r"}, "not_settled"),
        ("rollout", c.JumpTo, {"step": "half_hour", "reason": "r"}, "already_current"),
        ("rollout", c.ChooseRollback, {"plan": "back", "reason": "r"}, "rolling_back_already"),
        ("soak", c.EndWait, {"step": "soak", "reason": "r"}, "over_already"),
        ("sign", c.SignOff, {"step": "sign", "actor": BO, "role": "watching"}, "not_current"),
        ("rollout", c.PlaceHold, {"reason": "r"}, "already_held"),
    ],
)
def test_of_two_keys_pressed_on_the_same_screen_the_second_does_nothing(
    step_id: str, kind: type[c.Command], fields: dict[str, object], code: str
) -> None:
    story = at(step_id)
    story.opens()
    command = story.command(kind, **fields)
    first = decide(story.state, command)
    assert not isinstance(first, Refusal)
    for body in first:
        story.happens(body, command.actor)
    second = decide(story.state, command)
    assert isinstance(second, Refusal)
    assert second.code == code


def test_a_key_painted_before_an_action_ended_confirms_nothing_after_it() -> None:
    story = at("scale")
    painted = cursor(story).opened_seq
    story.acts("scale", "failed")
    assert story.refused(c.RunAction, step="scale", action="Z", painted_seq=painted).code == "not_current"
    story.acts("scale")
    assert story.refused(c.ConfirmStep, step="scale", painted_seq=painted).code == "not_current"


def test_what_was_not_run_is_neither_confirmed_nor_cancelled() -> None:
    story = at("scale")
    assert story.refused(c.ConfirmStep, step="scale").code == "not_run"
    assert story.refused(c.CancelAction, action="A9", reason="r").code == "nothing_runs"


def test_a_value_stays_until_it_is_recorded_again_since_the_way_back_may_need_it() -> None:
    story = at("scale")
    story.does(c.ReopenStep, step="backup_id", reason="typo")
    assert story.state.values["backup"] == "b-77"
    story.does(c.ConfirmStep, step="backup_id", value="b-78")
    assert story.state.values["backup"] == "b-78"


def test_a_choice_nobody_could_have_made_is_refused_in_one_line() -> None:
    story = at("go")
    refusal = story.refused(c.ConfirmStep, step="go", value="\x1b[2J" * 900)
    assert refusal.code == "no_choice"
    assert len(refusal.why) < 200


def test_a_checkpoint_counts_from_when_its_step_was_done_again() -> None:
    story = at("half_hour")
    story.happens(e.StepDue(step="half_hour"))
    story.does(c.ReopenStep, step="migrate", reason="once more")
    assert story.state.steps["half_hour"].due is None
    story.passes(60)
    story.goes_to("half_hour")
    assert story.refused(c.ConfirmStep, step="half_hour").code == "not_due"


# ---- nothing moves under a hold ----------------------------------------------------------------------------------


def test_a_key_for_running_does_nothing_once_a_hold_came_first() -> None:
    story = at("scale")
    story.opens()
    command = story.command(c.RunAction, step="scale", action="Z")
    story.does(c.PlaceHold, reason="stop", actor=BO, role="watching")
    refusal = decide(story.state, command)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "held"


@pytest.mark.parametrize(
    ("step_id", "kind", "fields"),
    [
        ("scale", c.RunAction, {"step": "scale", "action": "Z"}),
        ("scale", c.SkipStep, {"step": "scale", "reason": "r"}),
        ("scale", c.RecordDoneOutside, {"step": "scale", "reason": "r"}),
        ("scale", c.OverrideGate, {"gate": "run:scale", "reason": "r"}),
        ("scale", c.JumpTo, {"step": "rollout", "reason": "r"}),
        ("scale", c.ReopenStep, {"step": "go", "reason": "r"}),
        ("soak", c.EndWait, {"step": "soak", "reason": "r"}),
        ("soak", c.RestartWait, {"step": "soak"}),
        ("sign", c.SignOff, {"step": "sign", "actor": BO, "role": "watching"}),
        ("rollout", c.ConfirmStep, {"step": "rollout"}),
        ("rollout", c.WaiveSecond, {"step": "rollout", "reason": "r"}),
        ("", c.FinishRun, {}),
    ],
)
def test_under_a_hold_nothing_of_the_plan_moves(step_id: str, kind: type[c.Command], fields: dict[str, object]) -> None:
    story = at(step_id)
    story.does(c.PlaceHold, reason="stop", actor=BO, role="watching")
    assert story.refused(kind, **fields).code == "held"
