"""Going back by one plan, then by another, then forward again: what counts as done, and what does not any more."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from run_story import BO
from whole_profile import WHOLE, step
from whole_story import WholeStory

from cockpit.profile.model import Phase, Profile, RollbackPlan
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.advisor import due_steps
from cockpit.run.state_walk import Cursor
from cockpit.run.walk import route


def with_plans(*steps: object) -> Profile:
    """The whole profile with one more plan, `other`, that undoes the same."""
    phase = Phase(id="other_undo", title="Other", steps=steps)  # type: ignore[arg-type]
    return replace(WHOLE, rollbacks=(*WHOLE.rollbacks, RollbackPlan(id="other", title="Other", phases=(phase,))))


def at(step_id: str, profile: Profile = WHOLE) -> WholeStory:
    story = WholeStory(profile)
    story.goes_to(step_id)
    return story


def back(story: WholeStory, plan: str = "back") -> None:
    story.does(c.ChooseRollback, plan=plan, reason="it fails")


def cursor(story: WholeStory) -> Cursor:
    assert story.state.cursor is not None
    return story.state.cursor


def test_what_ended_well_but_was_undone_before_it_was_confirmed_has_to_be_run_again() -> None:
    story = at("migrate")
    story.acts("migrate")  # its gate does not pass, so nobody confirms it
    back(story)
    story.goes_to("look")
    story.does(c.LeaveRollback, reason="found it")
    again = story.state.steps["migrate"]
    assert (again.status, again.attempt, again.action, again.touched_seq) == ("open", 2, None, 0)
    assert story.state.steps["scale"].status == "open"
    assert cursor(story).step == "scale"


def test_what_failed_and_was_undone_is_not_undone_twice() -> None:
    story = at("migrate")
    story.acts("migrate", "failed")
    back(story)
    story.goes_to("look")
    story.does(c.LeaveRollback, reason="found it")
    assert due_steps(story.state, WHOLE.rollbacks[1]) == ("close", "look")


def test_an_undoing_that_was_run_but_not_confirmed_is_run_again_on_the_next_way_back() -> None:
    story = at("rollout")
    back(story)
    story.goes_to("unmigrate")
    story.acts("unmigrate")
    story.does(c.LeaveRollback, reason="found it")
    back(story)
    undoing = story.state.steps["unmigrate"]
    assert (undoing.status, undoing.attempt, undoing.action) == ("open", 2, None)


def test_what_was_begun_to_be_undone_is_open_again_and_still_to_be_undone() -> None:
    story = at("rollout")
    back(story)
    story.goes_to("unmigrate")
    story.acts("unmigrate", "failed")
    story.does(c.LeaveRollback, reason="it only got worse")
    assert story.state.steps["migrate"].status == "open"
    assert "unmigrate" in due_steps(story.state, WHOLE.rollbacks[1])


def test_an_undoing_that_never_began_undoes_nothing() -> None:
    story = at("rollout")
    back(story)
    story.goes_to("unmigrate")
    story.asks_to_run("unmigrate")
    story.ends("refused")
    story.does(c.LeaveRollback, reason="it was nothing")
    assert story.state.steps["migrate"].status == "confirmed"


def test_what_one_plan_undid_the_next_does_not_undo_again_and_it_is_open_after_both() -> None:
    story = at(
        "rollout", with_plans(step("unscale_too", undoes=("scale",)), step("unmigrate_too", undoes=("migrate",)))
    )
    back(story)
    story.goes_to("unscale")
    assert due_steps(story.state, WHOLE.rollbacks[1]) == ("close", "unscale", "look")
    back(story, "other")
    assert route(story.state) == ("unscale_too",)
    assert story.state.steps["migrate"].status == "open"
    story.does(c.LeaveRollback, reason="found it")
    assert story.state.steps["scale"].status == "confirmed"
    assert cursor(story).step == "migrate"


def test_what_was_never_done_is_not_opened_by_undoing_its_neighbour() -> None:
    story = at("rollout", with_plans(step("unboth", undoes=("migrate", "legacy", "scale"))))
    back(story, "other")
    story.goes_to("")
    story.does(c.LeaveRollback, reason="found it")
    statuses = {name: story.state.steps[name].status for name in ("migrate", "legacy", "scale")}
    assert statuses == {"migrate": "open", "legacy": "not_applicable", "scale": "open"}


def test_whether_a_step_of_a_plan_applies_is_asked_on_every_way_back() -> None:
    story = at("rollout", with_plans(step("restore", only_if=("missing > 0",)), step("unscale_too", undoes=("scale",))))
    for _ in range(2):
        back(story, "other")
        assert cursor(story).gate == "if:restore"
        story.judges("blocked")
        assert story.state.steps["restore"].status == "not_applicable"
        story.does(c.LeaveRollback, reason="it was nothing")


def test_a_phase_whose_steps_were_undone_is_left_through_its_exit_again() -> None:
    phases = tuple(replace(each, exit=("api.passing",)) if each.id == "database" else each for each in WHOLE.phases)
    story = at("rollout", replace(WHOLE, phases=phases))
    back(story)
    story.goes_to("look")
    story.does(c.LeaveRollback, reason="found it")
    story.goes_to("rollout")
    left = [event.body for event in story.events if isinstance(event.body, e.PhaseLeft)]
    assert [body.phase for body in left] == ["prepare", "database", "database"]


def test_forward_again_from_the_exit_of_a_phase_is_at_that_exit_again() -> None:
    story = at("tell")
    story.settles("tell")
    assert cursor(story).gate == "exit:prepare"
    back(story)
    story.does(c.LeaveRollback, reason="it was nothing")
    assert cursor(story).gate == "exit:prepare"


def test_a_wait_that_ran_before_the_way_back_begins_anew_after_it() -> None:
    story = at("soak")
    story.waits("soak")
    story.happens(e.WaitCompleted(step="soak", attempt=1))
    back(story)
    story.goes_to("look")
    story.does(c.LeaveRollback, reason="found it")
    story.goes_to("soak")
    assert story.state.steps["soak"].wait is None
    assert story.refused(c.ConfirmStep, step="soak").code == "waiting"


def test_under_a_hold_nobody_walks_forward_again() -> None:
    story = at("rollout")
    back(story)
    story.does(c.PlaceHold, reason="stop", actor=BO, role="watching")
    assert story.refused(c.LeaveRollback, reason="r").code == "held"
    story.does(c.ChooseRollback, plan="later", reason="still back", typed="later")
    assert story.state.hold is None


@pytest.mark.parametrize("plan", ["back", "later"])
def test_the_way_back_may_be_finished_with_steps_of_the_walk_open(plan: str) -> None:
    story = at("soak")
    back(story, plan)
    story.goes_to("")
    story.does(c.FinishRun)
    assert story.state.status == "finished"


def test_a_plan_with_nothing_to_undo_is_walked_at_once() -> None:
    story = at("scale", with_plans(step("unscale_too", undoes=("scale",))))
    back(story, "other")
    assert (route(story.state), story.state.cursor) == ((), None)
    story.does(c.FinishRun)
