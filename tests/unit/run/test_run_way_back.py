"""Triggers, the advisor, the way back, and the friction that grows with the hour."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from run_story import BEGIN, BO, in_production
from whole_profile import WHOLE
from whole_story import WholeStory

from cockpit.profile.model import Phase, Profile
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.advisor import advise, due_steps
from cockpit.run.arming import suspended_because
from cockpit.run.due import due_at
from cockpit.run.failing import failure
from cockpit.run.forecast import forecast
from cockpit.run.friction import needs_second, no_return_at, required_word
from cockpit.run.numbering import find_step, step_label
from cockpit.run.readings import ConditionVerdict
from cockpit.run.walk import route, steps_of
from cockpit.run.wording import sentence

PRODUCTION = in_production(WHOLE)
HOLDS = (ConditionVerdict("missing > 5", True, "missing is 9"),)


def at(step_id: str, profile: Profile = WHOLE) -> WholeStory:
    story = WholeStory(profile)
    story.goes_to(step_id)
    return story


def back(story: WholeStory, plan: str = "back", **fields: object) -> e.RollbackChosen:
    body = story.does(c.ChooseRollback, plan=plan, reason="it fails", **fields)
    assert isinstance(body, e.RollbackChosen)
    return body


# ---- triggers ----------------------------------------------------------------------------------------------------


def test_an_immediate_trigger_lets_nothing_go_forward_until_it_is_answered() -> None:
    story = at("rollout")
    story.happens(e.TriggerFired(trigger="errors", conditions=HOLDS))
    assert story.refused(c.ConfirmStep, step="rollout").code == "trigger_unanswered"
    story.happens(e.TriggerCleared(trigger="errors"))
    assert story.state.fired[0].is_cleared
    assert story.refused(c.ConfirmStep, step="rollout").code == "trigger_unanswered"
    assert story.refused(c.AnswerTriggers, reason="").code == "no_reason"
    story.does(c.AnswerTriggers, reason="it was the load test")
    story.does(c.ConfirmStep, step="rollout")
    assert [deviation.kind for deviation in story.state.deviations] == ["trigger"]


def test_one_to_consider_waits_for_its_answer_but_stops_nothing_but_the_end() -> None:
    story = at("")
    story.happens(e.TriggerRaised(trigger="complaints", reason="three calls"))
    assert story.refused(c.FinishRun).code == "trigger_unanswered"
    story.does(c.AnswerTriggers, reason="they were about something else")
    story.does(c.FinishRun)


def test_a_trigger_that_fires_is_not_fired_again_until_it_cleared() -> None:
    story = at("rollout")
    for _ in range(3):
        story.happens(e.TriggerFired(trigger="errors", conditions=HOLDS))
    assert len(story.state.fired) == 1
    story.does(c.AnswerTriggers, reason="known")
    story.happens(e.TriggerFired(trigger="errors", conditions=HOLDS))
    assert story.state.fired == ()
    story.happens(e.TriggerCleared(trigger="errors"))
    story.happens(e.TriggerFired(trigger="errors", conditions=HOLDS))
    assert len(story.state.fired) == 1


def test_anyone_raises_what_no_probe_sees_and_only_the_pen_answers() -> None:
    story = at("rollout")
    story.does(c.RaiseTrigger, trigger="complaints", reason="three calls", actor=BO, role="watching")
    again = story.refused(c.RaiseTrigger, trigger="complaints", reason="four", actor=BO, role="watching")
    assert again.code == "raised_already"
    story.does(c.RaiseTrigger, reason="it smells", actor=BO, role="watching")
    assert [(fired.trigger, fired.by.user) for fired in story.state.fired] == [("complaints", "bo"), ("", "bo")]
    assert story.refused(c.RaiseTrigger, trigger="nope", reason="r").code == "unknown_trigger"
    assert story.refused(c.AnswerTriggers, reason="r", actor=BO, role="watching").code == "not_pen"
    story.does(c.AnswerTriggers, reason="r")
    assert story.refused(c.AnswerTriggers, reason="r").code == "no_trigger"


@pytest.mark.parametrize(
    ("step_id", "errors", "slow"),
    [
        ("go", "before the window's work", "armed during 3 Application"),
        ("scale", "", "during 2 Database"),
        ("rollout", "", ""),
        ("half_hour", "", "armed during 3 Application"),
        ("", "every step is settled", "every step is settled"),
    ],
)
def test_where_a_trigger_is_armed_and_why_not(step_id: str, errors: str, slow: str) -> None:
    state = at(step_id).state
    assert [suspended_because(state, trigger) for trigger in WHOLE.triggers] == [
        errors,
        slow,
        "only a person can raise it",
    ]


def test_on_the_way_back_no_trigger_fires() -> None:
    story = at("rollout")
    back(story)
    assert suspended_because(story.state, WHOLE.triggers[0]) == "the way back has been taken"


# ---- what a plan would undo --------------------------------------------------------------------------------------


def test_only_what_was_done_is_undone_and_the_last_first() -> None:
    plan = WHOLE.rollbacks[1]
    assert due_steps(at("scale").state, plan) == ("close", "look")
    assert due_steps(at("migrate").state, plan) == ("close", "unscale", "look")
    assert due_steps(at("soak").state, plan) == ("close", "unmigrate", "unscale", "look")
    assert due_steps(at("").state, plan) == ("close", "unroll", "unmigrate", "unscale", "look")


def test_the_phases_of_a_plan_come_in_its_order_whatever_was_done_last() -> None:
    plan = WHOLE.rollbacks[1]
    steps = tuple(step for phase in plan.phases for step in phase.steps if step.undoes)
    alone = tuple(Phase(id=f"alone_{step.id}", title="Alone", steps=(step,)) for step in steps)
    story = at("")
    together = due_steps(story.state, replace(plan, phases=(Phase(id="one", title="One", steps=steps),)))
    assert len(together) > 1
    apart = due_steps(story.state, replace(plan, phases=alone))
    assert apart == tuple(step.id for step in steps if step.id in together)
    turned = due_steps(story.state, replace(plan, phases=alone[::-1]))
    assert turned == apart[::-1]


@pytest.mark.parametrize(
    ("outcome", "is_due"),
    [("failed", True), ("timed_out", True), ("cancelled", True), ("unknown", True), ("succeeded", True)],
)
def test_what_was_begun_is_undone_however_it_ended(outcome: str, is_due: bool) -> None:
    story = at("scale")
    story.acts("scale", outcome)
    assert ("unscale" in due_steps(story.state, WHOLE.rollbacks[1])) is is_due


def test_what_was_begun_and_left_nothing_is_not_undone_but_an_earlier_try_of_it_is() -> None:
    story = at("migrate")
    _tried(story, "cancelled", nothing_done=True)
    assert "unmigrate" not in due_steps(story.state, WHOLE.rollbacks[1])
    _tried(story, "failed")  # committed, but not as it was expected to be
    _tried(story, "timed_out", nothing_done=True)
    assert "unmigrate" in due_steps(story.state, WHOLE.rollbacks[1])


def test_what_was_unknown_and_then_found_to_have_left_nothing_is_not_undone() -> None:
    story = at("migrate")
    _tried(story, "unknown")
    assert "unmigrate" in due_steps(story.state, WHOLE.rollbacks[1])
    story.ends("failed", nothing_done=True)
    assert "unmigrate" not in due_steps(story.state, WHOLE.rollbacks[1])


def _tried(story: WholeStory, outcome: str, *, nothing_done: bool = False) -> None:
    story.asks_to_run("migrate")
    shown = {"action": story.action.action, "step": "migrate", "attempt": story.action.attempt}
    story.happens(e.ActionStarted(shown="do it", runs_as="ana@bastion-1", **shown))
    story.ends(outcome, nothing_done=nothing_done)


def test_what_was_refused_or_only_shown_or_skipped_is_not_undone() -> None:
    story = at("scale")
    story.asks_to_run("scale")
    story.ends("refused")
    assert "unscale" not in due_steps(story.state, WHOLE.rollbacks[1])
    story.asks_to_run("scale")
    shown = {"action": story.action.action, "step": "scale", "attempt": 2}
    story.happens(e.ActionStarted(shown="x", runs_as="ana@b", mode="shown", **shown))
    story.ends("failed")
    assert "unscale" not in due_steps(story.state, WHOLE.rollbacks[1])
    story.does(c.SkipStep, step="scale", reason="r")
    assert "unscale" not in due_steps(story.state, WHOLE.rollbacks[1])


def test_what_was_done_outside_or_in_an_earlier_attempt_is_undone() -> None:
    story = at("scale")
    story.does(c.RecordDoneOutside, step="scale", reason="by hand")
    assert "unscale" in due_steps(story.state, WHOLE.rollbacks[1])
    story = at("migrate")
    story.does(c.ReopenStep, step="scale", reason="again")
    assert "unscale" in due_steps(story.state, WHOLE.rollbacks[1])


def test_a_phase_of_the_way_back_is_planned_by_what_is_due_of_it_and_settled_with_it() -> None:
    story = at("migrate")
    due = due_steps(story.state, WHOLE.rollbacks[1])
    assert "unmigrate" not in due
    story.does(c.ChooseRollback, plan="back", reason="r", typed="back")
    (phase,) = WHOLE.rollbacks[1].phases
    assert [step.id for step in phase.steps if step.id in due] == [step.id for step in steps_of(story.state, phase)]
    told = forecast(story.state, story.now())
    assert told.phases[phase.id].planned_s == sum(told.steps[step_id].planned_s for step_id in due)
    assert told.phases[phase.id].planned_s < phase.estimate_s
    assert steps_of(story.state, WHOLE.phases[0]) == WHOLE.phases[0].steps


# ---- the advisor -------------------------------------------------------------------------------------------------


def test_a_plan_is_proposed_only_if_its_condition_is_known_to_hold() -> None:
    story = at("rollout")
    assert advise(story.state, story.now()).proposed == ""
    story.happens(e.PlansJudged(verdicts={"back": "unknown", "later": "blocked"}))
    advice = advise(story.state, story.now())
    assert (advice.proposed, [option.plan for option in advice.options]) == ("", ["back", "later"])
    story.happens(e.PlansJudged(verdicts={"back": "pass", "later": "blocked"}))
    advice = advise(story.state, story.now())
    assert (advice.proposed, advice.options[0].why) == ("back", "its condition holds")
    assert advice.options[0].data_loss == "new rows"


def test_among_plans_that_fit_the_one_that_a_failure_or_a_trigger_names_comes_first() -> None:
    story = at("migrate")
    story.happens(e.PlansJudged(verdicts={"back": "pass", "later": "pass"}))
    assert advise(story.state, story.now()).proposed == "later"  # the profile's order
    story.acts("migrate", "failed", typed="migrate")
    advice = advise(story.state, story.now())
    assert (advice.proposed, advice.options[0].why) == ("back", "Migrate did not succeed")
    story = at("rollout")
    story.happens(e.PlansJudged(verdicts={"back": "pass", "later": "pass"}))
    story.happens(e.TriggerFired(trigger="errors", conditions=HOLDS))
    assert advise(story.state, story.now()).options[0].why == "the trigger Too many errors names it"


@given(
    st.sampled_from(["go", "scale", "migrate", "soak", "rollout", "half_hour", ""]),
    st.dictionaries(st.sampled_from(["back", "later"]), st.sampled_from(["pass", "blocked", "unknown", "pending"])),
    st.integers(0, 20_000),
)
def test_advice_is_a_promise_of_nothing_that_is_not_known(step_id: str, verdicts: dict[str, str], later_s: int) -> None:
    story = at(step_id)
    story.happens(e.PlansJudged(verdicts=verdicts))  # type: ignore[arg-type]
    now = story.now()
    advice = advise(story.state, now)
    assert {option.plan for option in advice.options} == {"back", "later"}
    assert sum(option.is_proposed for option in advice.options) == ("pass" in verdicts.values())
    later = replace(now, at=now.at + timedelta(seconds=later_s), mono=now.mono + later_s)
    for option in advice.options:
        plan = WHOLE.plan(option.plan)
        assert plan is not None
        known = [step.id for phase in plan.phases for step in phase.steps]
        assert set(option.steps) <= set(known)
        assert len(set(option.steps)) == len(option.steps)
        for due in option.steps:
            found = find_step(WHOLE, due)
            assert found is not None
            assert not found[1].undoes or any(story.state.steps[undone].touched_seq for undone in found[1].undoes)
        afterwards = advise(story.state, later).option(option.plan)
        assert afterwards is not None
        assert option.fits_window or not afterwards.fits_window  # time that passes never makes room


def test_a_blocked_gate_names_the_plan_of_its_step_once_its_action_is_done_and_not_in_a_rehearsal() -> None:
    for rehearsal in (False, True):
        story = WholeStory(rehearsal=rehearsal)
        story.goes_to("migrate")
        story.happens(e.PlansJudged(verdicts={"back": "pass", "later": "pass"}))
        story.acts("migrate", typed="migrate")
        assert not failure(story.state)
        story.judges("blocked")
        whys = {option.plan: option.why for option in advise(story.state, story.now()).options}
        assert whys["back"] == ("" if rehearsal else "the gate of Migrate is blocked")


# ---- walking back ------------------------------------------------------------------------------------------------


def test_the_way_back_is_walked_and_what_was_chosen_against_is_in_the_log() -> None:
    story = at("soak")
    story.happens(e.PlansJudged(verdicts={"back": "blocked", "later": "pass"}))
    chosen = back(story)
    assert (chosen.proposed, chosen.not_taken) == ("later", ("later",))
    assert route(story.state) == ("close", "unmigrate", "unscale", "look")
    assert story.state.cursor is not None
    assert step_label(WHOLE, "unmigrate") == "R1.3 Unmigrate"
    story.goes_to("")
    story.does(c.FinishRun)
    assert [deviation.kind for deviation in story.state.deviations] == ["rollback"]
    assert story.state.steps["rollout"].status == "open"


def test_going_back_is_blocked_by_no_hold_gate_keeper_or_window() -> None:
    story = at("soak")
    story.happens(e.TriggerFired(trigger="errors", conditions=HOLDS))
    story.does(c.PlaceHold, reason="stop", actor=BO, role="watching")
    story.passes(9 * 3600)
    assert story.refused(c.ChooseRollback, plan="back", reason="").code == "no_reason"
    assert story.refused(c.ChooseRollback, plan="back", reason="r").code == "typed_word"  # held, and the window is over
    back(story, typed="back")
    assert (story.state.hold, story.state.fired) == (None, ())


def test_back_from_the_door_of_a_phase() -> None:
    story = WholeStory()
    while story.state.cursor is not None and story.state.cursor.gate != "phase:database":
        story.settles(story.state.cursor.step) if story.state.cursor.step else story.opens()
        if story.state.cursor.is_leaving:
            story.opens()
            story.does(c.LeavePhase, phase="prepare")
    back(story)
    assert route(story.state) == ("close", "look")
    story.does(c.LeaveRollback, reason="it was nothing")
    assert story.state.cursor is not None
    assert story.state.cursor.gate == "phase:database"


def test_forward_again_what_was_undone_is_open_again_and_nothing_else() -> None:
    story = at("rollout")
    back(story)
    story.goes_to("unscale")
    assert story.refused(c.ReopenStep, step="go", reason="r").code == "not_on_route"
    assert story.refused(c.JumpTo, step="rollout", reason="r").code == "not_on_route"
    story.does(c.LeaveRollback, reason="found it")
    steps = story.state.steps
    assert (steps["migrate"].status, steps["migrate"].attempt, steps["migrate"].touched_seq) == ("open", 2, 0)
    assert steps["scale"].status == "confirmed"
    assert story.state.cursor is not None
    assert story.state.cursor.step == "migrate"
    assert "unmigrate" not in due_steps(story.state, WHOLE.rollbacks[1])
    back(story)
    assert story.state.steps["close"].attempt == 2
    assert story.refused(c.ChooseRollback, plan="back", reason="r").code == "rolling_back_already"
    back(story, "later")
    assert route(story.state) == ("later_look",)


def test_what_does_not_exist_is_not_walked_back() -> None:
    story = at("soak")
    assert story.refused(c.ChooseRollback, plan="nope", reason="r").code == "unknown_plan"
    bare = WholeStory(replace(WHOLE, rollbacks=()))
    assert bare.refused(c.ChooseRollback, plan="back", reason="r").code == "no_plan"
    assert story.refused(c.LeaveRollback, reason="r").code == "not_rolling_back"


# ---- friction and the point of no return -------------------------------------------------------------------------


def test_the_point_of_no_return_is_the_end_less_the_longest_plan_and_the_reserve() -> None:
    story = at("scale")
    assert no_return_at(story.state) == BEGIN + timedelta(hours=4, seconds=-(60 + 60 + 600 + 300) - 600)
    told = forecast(story.state, story.now())
    assert told.no_return_at == no_return_at(story.state)
    assert told.until_return_s is not None
    assert told.until_return_s > 0
    story.passes(4 * 3600)
    assert forecast(story.state, story.now()).is_past_return


def test_past_it_what_cannot_be_taken_back_takes_a_word_and_in_production_a_second_person() -> None:
    story = at("migrate")
    assert required_word(story.state, "run", "migrate", story.now()) == ""
    story.passes(4 * 3600)
    assert required_word(story.state, "run", "migrate", story.now()) == "migrate"
    assert required_word(story.state, "confirm", "migrate", story.now()) == ""  # its danger lies in running it
    assert not needs_second(story.state, "migrate", story.now())

    story = at("migrate", PRODUCTION)
    assert story.refused(c.Countersign, step="migrate", actor=BO, role="watching").code == "no_second_asked"
    story.passes(4 * 3600)
    story.opens()
    assert story.refused(c.RunAction, step="migrate", action="X", typed="migrate").code == "needs_second"
    assert story.refused(c.Countersign, step="migrate").code == "four_eyes"
    story.does(c.Countersign, step="migrate", actor=BO, role="watching")
    assert story.refused(c.RunAction, step="migrate", action="X", typed="yes").code == "typed_word"
    story.acts("migrate", typed="migrate")
    story.opens()
    body = story.does(c.ConfirmStep, step="migrate")
    assert isinstance(body, e.StepConfirmed)


def test_each_try_takes_the_second_person_anew() -> None:
    story = at("migrate", PRODUCTION)
    story.passes(4 * 3600)
    story.does(c.Countersign, step="migrate", actor=BO, role="watching")
    story.acts("migrate", "failed", typed="migrate")
    assert story.refused(c.RunAction, step="migrate", action="X", typed="migrate").code == "needs_second"


def test_a_second_person_who_is_missing_can_be_done_without_for_a_word_and_a_reason() -> None:
    story = at("rollout", PRODUCTION)
    story.passes(4 * 3600)
    assert story.refused(c.ConfirmStep, step="rollout", typed="rollout").code == "needs_second"
    assert story.refused(c.WaiveSecond, step="rollout", reason="asleep").code == "typed_word"
    story.does(c.WaiveSecond, step="rollout", reason="asleep", typed="production")
    story.does(c.ConfirmStep, step="rollout", typed="rollout")
    assert [deviation.kind for deviation in story.state.deviations] == ["no_second"]


def test_on_the_way_back_and_in_a_rehearsal_no_second_person_is_asked_for() -> None:
    story = at("rollout", PRODUCTION)
    story.passes(4 * 3600)
    back(story, typed="back")
    assert not needs_second(story.state, "migrate", story.now())
    rehearsal = WholeStory(PRODUCTION, rehearsal=True)
    rehearsal.goes_to("rollout")
    rehearsal.passes(4 * 3600)
    assert not needs_second(rehearsal.state, "rollout", rehearsal.now())
    for what in ("confirm", "run", "skip", "override", "abort", "go_on"):
        assert required_word(rehearsal.state, what, "rollout", rehearsal.now()) == ""  # type: ignore[arg-type]


def test_in_a_rehearsal_a_gate_binds_nobody_and_what_did_not_hold_is_written_down() -> None:
    story = WholeStory(rehearsal=True)
    story.goes_to("migrate")
    story.acts("migrate")
    assert story.refused(c.ConfirmStep, step="migrate").code == "gate_pending"
    story.judges("blocked", ConditionVerdict("missing == 0", False, "missing is 3"))
    assert story.refused(c.OverrideGate, gate="step:migrate", reason="r").code == "gate_passes"
    body = story.does(c.ConfirmStep, step="migrate")
    assert isinstance(body, e.StepConfirmed)
    assert body.unmet == ("missing == 0",)
    assert story.state.deviations == ()


def test_a_rehearsal_of_production_is_a_deviation_with_its_reason() -> None:
    story = WholeStory(PRODUCTION, rehearsal=True, rehearsal_reason="the copy of last night")
    assert [(d.kind, d.reason) for d in story.state.deviations] == [("rehearsal", "the copy of last night")]


# ---- time --------------------------------------------------------------------------------------------------------


def test_what_is_looked_at_hours_later_is_not_a_part_of_the_forecast() -> None:
    story = at("rollout")
    told = forecast(story.state, story.now())
    assert told.remaining_s == pytest.approx(900 * told.pace)
    assert told.unestimated == 0


def test_what_earlier_runs_took_counts_before_what_was_estimated() -> None:
    plain, taught = WholeStory(), WholeStory(medians={"rollout": 100.0}, earlier_runs=4)
    for story in (plain, taught):
        story.goes_to("rollout")
    one, other = (forecast(story.state, story.now()) for story in (plain, taught))
    assert (one.steps["rollout"].planned_s, other.steps["rollout"].planned_s) == (900, 100)
    assert (one.from_earlier, other.from_earlier) == (0, 4)
    assert other.remaining_s < one.remaining_s


def test_a_running_wait_lasts_until_its_end_whatever_the_pace() -> None:
    story = at("soak")
    story.waits("soak")
    story.passes(100)
    assert forecast(story.state, story.now()).remaining_s == pytest.approx(
        200 + 900 * forecast(story.state, story.now()).pace
    )


def test_set_times_count_from_their_event() -> None:
    story = at("scale")
    steps = {step.id: step for _, step in WHOLE.steps()}
    assert due_at(story.state, steps["tell"]) == BEGIN - timedelta(hours=1)
    assert due_at(story.state, steps["half_hour"]) is None
    assert due_at(story.state, steps["soak"]) is None
    story.goes_to("soak")
    settled = story.state.steps["migrate"].settled
    assert settled is not None
    assert due_at(story.state, steps["half_hour"]) == settled.at + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("due", "offset_s"),
    [("start", 0), ("end", 4 * 3600), ("start-48h", -48 * 3600), ("end+24h", 28 * 3600), ("start + 1h30m", 5400)],
)
def test_a_message_is_due_by_the_window(due: str, offset_s: int) -> None:
    step = replace(find_step(WHOLE, "tell")[1], settings={"template": "notice", "due": due})  # type: ignore[index]
    assert due_at(WholeStory().state, step) == BEGIN + timedelta(seconds=offset_s)


@pytest.mark.parametrize("due", ["", "soon", "start-", "start-x", "middle+1h"])
def test_a_due_that_is_no_time_is_none(due: str) -> None:
    step = replace(find_step(WHOLE, "tell")[1], settings={"template": "notice", "due": due})  # type: ignore[index]
    assert due_at(WholeStory().state, step) is None


# ---- what was not taken ------------------------------------------------------------------------------------------


def at_a_failure(*, by_gate: bool = False) -> WholeStory:
    story = WholeStory()
    story.goes_to("migrate")
    story.happens(e.PlansJudged(verdicts={"back": "pass", "later": "blocked"}))
    story.acts("migrate", "succeeded" if by_gate else "failed", typed="migrate")
    if by_gate:
        story.judges("blocked")
    return story


@pytest.mark.parametrize(
    ("kind", "fields", "by_gate"),
    [
        (c.SkipStep, {"step": "migrate", "reason": "later"}, False),
        (c.RecordDoneOutside, {"step": "migrate", "reason": "by hand"}, False),
        (c.RunAction, {"step": "migrate", "action": "A9", "typed": "migrate"}, False),
        (c.JumpTo, {"step": "soak", "reason": "later"}, False),
        (c.SkipStep, {"step": "migrate", "reason": "later"}, True),
        (c.OverrideGate, {"gate": "step:migrate", "reason": "known"}, True),
    ],
)
def test_who_goes_on_after_a_failure_leaves_in_the_log_which_way_back_was_not_taken(
    kind: type[c.Command], fields: dict[str, str], by_gate: bool
) -> None:
    story = at_a_failure(by_gate=by_gate)
    if kind is c.RunAction:
        story.opens()
    body = story.does(kind, **fields)
    assert body.not_taken == "back"  # type: ignore[attr-defined] # of each of them
    assert "(proposed: roll back by Emergency)" in sentence(story.events[-1], story.state)


def test_going_on_in_spite_of_a_trigger_leaves_in_the_log_which_way_back_was_not_taken() -> None:
    story = at("rollout")
    story.happens(e.PlansJudged(verdicts={"back": "pass", "later": "blocked"}))
    story.happens(e.TriggerFired(trigger="errors", conditions=HOLDS))
    body = story.does(c.AnswerTriggers, reason="known")
    assert isinstance(body, e.TriggerAnswered)
    assert body.not_taken == "back"


def test_nothing_stands_against_what_was_done_where_nothing_failed_and_in_old_logs() -> None:
    story = at_a_failure(by_gate=True)
    story.judges("pass")
    body = story.does(c.ConfirmStep, step="migrate", typed="migrate")
    assert isinstance(body, e.StepConfirmed)
    assert body.not_taken == ""
    old = msgspec.convert({"step": "migrate", "attempt": 1, "reason": "r"}, e.StepSkipped)
    assert old.not_taken == ""
