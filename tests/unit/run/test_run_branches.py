"""Two sides that went on apart become one log: what either did happens, and what both settled is in conflict."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from run_story import ANA, BO, Story, in_production
from test_run_laws import anybody, bodies
from two_sides import again, branch_of, merged, parted, sides, told
from whole_profile import WHOLE

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.commands import Refusal
from cockpit.run.decide import decide, permission
from cockpit.run.evolve import fold
from cockpit.run.handover import card, moved_on, standing
from cockpit.run.state import RunState
from cockpit.run.subjects import subjects
from cockpit.run.wording import sentence


def confirms(step: str, who: e.Actor = ANA) -> Any:
    return lambda story: story.happens(e.StepConfirmed(step=step, attempt=1), who)


def nothing(story: Story) -> None:
    """Nobody does anything."""


def in_turn(*doings: Any) -> Any:
    def do(story: Story) -> None:
        for each in doings:
            each(story)

    return do


def happens(body: e.Body, who: e.Actor = ANA) -> Any:
    return lambda story: story.happens(body, who)


def about(state: RunState) -> set[str]:
    return {each.subject for each in state.conflicts}


# ---- what happens ------------------------------------------------------------------------------------------------


def test_what_only_the_branch_did_happens_and_the_run_stands_where_the_branch_stood():
    log, branch, ancestor = sides(nothing, in_turn(confirms("maintenance"), confirms("migrate")))
    state = told(log, branch, ancestor)
    assert {step: state.steps[step].status for step in ("maintenance", "migrate", "validate")} == {
        "maintenance": "confirmed", "migrate": "confirmed", "validate": "open",
    }  # fmt: skip
    assert state.cursor is not None
    assert state.cursor.step == "validate"
    assert not state.conflicts
    assert state.steps["migrate"].by == ANA
    assert state.branches[0].left is not None
    assert state.branches[0].left.reason == "the database is away"
    assert state.branches[0].is_told
    assert state.offline is None


def test_what_both_confirmed_is_in_conflict_with_both_versions_and_nothing_goes_forward():
    log, branch, ancestor = sides(confirms("maintenance", BO), confirms("maintenance", ANA))
    whole = merged(log, branch, ancestor)
    state = again(whole)
    assert state.steps["maintenance"].status == "conflict"
    (conflict,) = state.conflicts
    assert (conflict.subject, conflict.log.by, conflict.branch.by) == ("step:maintenance", BO, ANA)
    assert (conflict.log.what, conflict.branch.what) == ("step.confirmed", "step.confirmed")
    refusal = permission(state, whole.command(c.ConfirmStep, step="migrate", actor=ANA))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.instead) == ("conflict", "u settles it")
    assert "bo confirmed it at 22:00:00 UTC, ana confirmed it at 22:00:01 UTC on a branch" in refusal.why


@pytest.mark.parametrize("counts", ["log", "branch"])
def test_a_conflict_is_settled_by_who_holds_the_pen_with_a_reason(counts: str):
    skipped = happens(e.StepSkipped(step="maintenance", attempt=1, reason="no time"), BO)
    log, branch, ancestor = sides(skipped, confirms("maintenance"))
    whole = merged(log, branch, ancestor)
    fields: dict[str, Any] = {"subject": "step:maintenance", "counts": counts}
    assert whole.asks(c.SettleConflict, **fields, reason="").code == "no_reason"  # type: ignore[union-attr]
    assert whole.asks(c.SettleConflict, **fields, reason="r", actor=BO).code == "not_pen"  # type: ignore[union-attr]
    assert whole.asks(c.SettleConflict, **fields, reason="r", role="watching").code == "watching"  # type: ignore[union-attr]
    assert whole.asks(c.SettleConflict, **fields, reason="r", shown=2).code == "not_current"  # type: ignore[union-attr]
    whole.does(c.SettleConflict, **fields, reason="looked at it")
    step = whole.state.steps["maintenance"]
    assert step.status == ("skipped" if counts == "log" else "confirmed")
    assert step.by == (BO if counts == "log" else ANA)
    assert not whole.state.conflicts
    assert whole.state.deviations[-1].kind == "conflict" or counts == "branch"
    assert whole.asks(c.SettleConflict, **fields, reason="r").code == "no_conflict"  # type: ignore[union-attr]
    assert permission(whole.state, whole.command(c.ConfirmStep, step="migrate")) is None
    again(whole)


def test_a_step_in_conflict_may_be_done_again_instead():
    log, branch, ancestor = sides(confirms("maintenance", BO), confirms("maintenance"))
    whole = merged(log, branch, ancestor)
    whole.does(c.ReopenStep, step="maintenance", reason="nobody knows any more")
    assert whole.state.steps["maintenance"].status == "open"
    assert whole.state.conflicts == ()
    assert whole.state.cursor is not None
    assert whole.state.cursor.step == "maintenance"


def test_a_conflict_further_on_stops_nobody_before_it():
    log, branch, ancestor = sides(confirms("rollout", BO), confirms("rollout"))
    whole = merged(log, branch, ancestor)
    assert about(whole.state) == {"step:rollout"}
    assert permission(whole.state, whole.command(c.ConfirmStep, step="maintenance")) is None


def test_a_conflict_blocks_the_end_and_no_way_back():
    log, branch, ancestor = sides(confirms("maintenance", BO), confirms("maintenance"))
    whole = merged(log, branch, ancestor)
    for step in ("migrate", "validate", "rollout", "smoke"):
        whole.happens(e.StepSkipped(step=step, attempt=1, reason="r"))
    assert permission(whole.state, whole.command(c.FinishRun)).code == "conflict"  # type: ignore[union-attr]
    assert not isinstance(decide(whole.state, whole.command(c.AbortRun, reason="r")), Refusal)
    assert not isinstance(decide(whole.state, whole.command(c.PlaceHold, reason="r")), Refusal)


def test_what_may_have_been_done_on_either_side_is_undone_on_the_way_back():
    step = next(step.id for _, step in WHOLE.steps() if step.behaviour == "action")
    ran_it = in_turn(
        happens(e.ActionRequested(action="A", step=step, attempt=1, epoch=1)),
        happens(e.ActionStarted(action="A", step=step, attempt=1, shown="x", runs_as="ana")),
    )
    skipped = happens(e.StepSkipped(step=step, attempt=1, reason="r"), BO)
    log, branch, ancestor = sides(skipped, ran_it, profile=WHOLE)
    state = told(log, branch, ancestor)
    assert state.steps[step].status == "conflict"
    assert state.steps[step].touched_seq > 0


def test_what_was_written_on_both_sides_since_its_commit_gave_no_answer_is_one_and_no_conflict():
    log, branch, ancestor = sides(nothing, nothing)
    event = log.happens(e.StepConfirmed(step="maintenance", attempt=1))
    branch.events.append(replace(event, seq=len(branch.events) + 1))
    state = told(log, branch, ancestor)
    assert state.conflicts == ()
    assert state.steps["maintenance"].status == "confirmed"
    assert state.steps["maintenance"].settled_seq == event.seq


def test_whoever_takes_the_pen_over_reads_of_conflicts_and_of_being_offline_first():
    log, branch, ancestor = sides(confirms("maintenance", BO), confirms("maintenance"))
    before = standing(log.state)
    whole = merged(log, branch, ancestor)
    told = card(whole.state, whole.now())
    assert any(line.startswith("CONFLICT over 1.1 Maintenance on (u): bo confirmed it") for line in told[:4])
    assert moved_on(replace(before, opened_seq=standing(whole.state).opened_seq), standing(whole.state)) == (
        "a conflict came up"
    )
    assert any(line.startswith("OFFLINE for") for line in card(branch.state, branch.now())[:4])
    assert standing(branch.state).is_offline


# ---- orders ------------------------------------------------------------------------------------------------------


def _action() -> str:
    return next(step.id for _, step in WHOLE.steps() if step.behaviour == "action")


def test_what_was_asked_for_on_the_branch_is_never_under_way_here():
    step = _action()
    asked = happens(e.ActionRequested(action="A", step=step, attempt=1, epoch=1))
    log, branch, ancestor = sides(nothing, asked, profile=WHOLE)
    assert told(log, branch, ancestor).steps[step].action is None


def test_what_was_begun_on_the_branch_is_unknown_until_its_end_is_told():
    step = _action()
    begun = in_turn(
        happens(e.ActionRequested(action="A", step=step, attempt=1, epoch=1)),
        happens(e.ActionStarted(action="A", step=step, attempt=1, shown="x", runs_as="ana")),
    )
    log, branch, ancestor = sides(nothing, begun, profile=WHOLE)
    action = told(log, branch, ancestor).steps[step].action
    assert action is not None
    assert action.status == "unknown"
    ended = in_turn(begun, happens(e.ActionEnded(action="A", step=step, outcome="succeeded")))
    log, branch, ancestor = sides(nothing, ended, profile=WHOLE)
    whole = merged(log, branch, ancestor)
    action = whole.state.steps[step].action
    assert action is not None
    assert action.status == "succeeded"
    for cut in range(ancestor, len(whole.events)):
        state = fold(whole.events[:cut])
        assert not any(each.action is not None and each.action.is_under_way for each in state.steps.values())


def test_an_end_that_only_one_side_knows_is_no_conflict():
    step = _action()
    begun = in_turn(
        happens(e.ActionRequested(action="A", step=step, attempt=1, epoch=1)),
        happens(e.ActionStarted(action="A", step=step, attempt=1, shown="x", runs_as="ana")),
    )
    unknown = happens(e.ActionEnded(action="A", step=step, outcome="unknown"), BO)
    known = happens(e.ActionEnded(action="A", step=step, outcome="failed"))
    for here, there in ((unknown, known), (known, unknown)):
        log, branch, ancestor = sides(here, there, before=begun, profile=WHOLE)
        state = told(log, branch, ancestor)
        action = state.steps[step].action
        assert action is not None
        assert (action.status, about(state)) == ("failed", set())


# ---- holds, the pen, the way, the end ------------------------------------------------------------------------------


def test_a_hold_of_either_side_stands():
    placed, released = happens(e.HoldPlaced(reason="wait"), BO), happens(e.HoldReleased(reason="go"))
    for here, there, held in (
        (nothing, placed, True),
        (placed, nothing, True),
        (in_turn(placed, released), placed, True),
        (placed, in_turn(placed, released), True),
        (in_turn(placed, released), in_turn(placed, released), False),
    ):
        log, branch, ancestor = sides(here, there)
        assert (told(log, branch, ancestor).hold is not None) is held
    log, branch, ancestor = sides(nothing, released, before=placed)
    assert told(log, branch, ancestor).hold is None


def test_the_pen_is_whose_this_log_says_where_both_moved_it():
    taken = e.PenTaken(epoch=2, reason="gone", previous="ana@bastion-1", found="gone")
    log, branch, ancestor = sides(happens(taken, BO), confirms("maintenance"))
    state = told(log, branch, ancestor)
    assert state.pen is not None
    assert (state.pen.user, state.pen.epoch) == ("bo", 2)
    cy = e.Actor("cy", "bastion-1")
    log, branch, ancestor = sides(happens(taken, BO), happens(taken, cy))
    state = told(log, branch, ancestor)
    assert state.pen is not None
    assert state.pen.user == "bo"
    assert any(each.kind == "pen" and "branch" in each.where for each in state.deviations)
    log, branch, ancestor = sides(nothing, happens(taken, cy))
    state = told(log, branch, ancestor)
    assert state.pen is not None
    assert state.pen.user == "cy"


def test_a_run_that_one_side_ended_and_the_other_walked_on_is_in_conflict_over_its_end():
    aborted = happens(e.RunAborted(reason="enough"), BO)
    log, branch, ancestor = sides(confirms("maintenance"), aborted)
    whole = merged(log, branch, ancestor)
    assert (about(whole.state), whole.state.status) == ({"end"}, "live")
    whole.does(c.SettleConflict, subject="end", counts="branch", reason="bo was right")
    assert whole.state.status == "aborted"
    log, branch, ancestor = sides(aborted, confirms("maintenance"))
    whole = merged(log, branch, ancestor)
    assert (about(whole.state), whole.state.status) == ({"end"}, "aborted")
    assert whole.state.steps["maintenance"].status == "confirmed"
    whole.does(c.SettleConflict, subject="end", counts="log", reason="it is over")
    assert not whole.state.conflicts
    log, branch, ancestor = sides(nothing, aborted)
    assert told(log, branch, ancestor).status == "aborted"


def test_a_turn_back_on_one_side_and_a_step_forward_on_the_other_are_in_conflict_over_the_way():
    plan = WHOLE.rollbacks[0]
    steps = tuple(step.id for phase in plan.phases for step in phase.steps)
    back = happens(e.RollbackChosen(plan=plan.id, steps=steps, reason="no"), BO)
    first = next(step.id for _, step in WHOLE.steps())
    for here, there, is_back in ((back, confirms(first), True), (confirms(first), back, False)):
        log, branch, ancestor = sides(here, there, profile=WHOLE)
        state = told(log, branch, ancestor)
        assert "way" in about(state)
        assert state.steps[first].status == "confirmed"
        assert (state.rollback is not None) is is_back
    whole = merged(log, branch, ancestor)
    whole.does(c.SettleConflict, subject="way", counts="branch", reason="back")
    assert whole.state.rollback is not None


def test_what_a_trigger_was_called_on_the_branch_is_found_here_by_another_number():
    raised = happens(e.TriggerRaised(reason="smoke"))

    def answered(story: Story) -> None:
        seq = story.happens(e.TriggerRaised(reason="smoke")).seq
        story.happens(e.TriggerAnswered(seqs=(seq,), reason="seen"))

    log, branch, ancestor = sides(in_turn(*[happens(e.NoteAdded(text="x"))] * 5), raised)
    assert len(told(log, branch, ancestor).fired) == 1
    log, branch, ancestor = sides(in_turn(*[happens(e.NoteAdded(text="x"))] * 5), answered)
    assert told(log, branch, ancestor).fired == ()


# ---- going and coming back ---------------------------------------------------------------------------------------


def test_a_run_goes_offline_only_while_the_database_is_away_by_the_pen_with_a_reason_and_a_word():
    story = Story(in_production())
    fields: dict[str, Any] = {"away": "it does not answer", "store": "db/cockpit", "seq": 1, "digest": "0" * 64}
    for change, code in (
        ({"away": ""}, "not_away"),
        ({"actor": BO}, "not_pen"),
        ({"role": "watching"}, "watching"),
        ({"reason": " "}, "no_reason"),
        ({"typed": ""}, "typed_word"),
    ):
        asked = {"reason": "it burns", "typed": "production"} | fields | change
        refusal = story.asks(c.GoOffline, **asked)
        assert isinstance(refusal, Refusal)
        assert refusal.code == code
    assert story.asks(c.ReturnToStore, seq=2, digest="x").code == "not_offline"  # type: ignore[union-attr]
    story.does(c.GoOffline, reason="it burns", typed="production", **fields)
    assert story.state.offline is not None
    assert story.state.offline.ancestor == 1
    assert story.state.deviations[-1].kind == "offline"
    assert story.asks(c.GoOffline, reason="r", typed="production", **fields).code == "offline_already"  # type: ignore[union-attr]
    body = story.does(c.ReturnToStore, seq=2, digest="x")
    assert isinstance(body, e.StoreReturned)
    assert body.count == 1
    assert story.state.offline is None


def test_nobody_comes_back_while_a_command_runs():
    step = _action()
    _, branch, _ = sides(nothing, nothing, profile=WHOLE)
    branch.happens(e.ActionRequested(action="A", step=step, attempt=1, epoch=1))
    assert branch.asks(c.ReturnToStore, seq=2, digest="x").code == "under_way"  # type: ignore[union-attr]


# ---- laws ----------------------------------------------------------------------------------------------------------

few = st.sampled_from([step.id for _, step in WHOLE.steps()][:3])
actions = st.sampled_from(["A1", "A2"])
settling: st.SearchStrategy[e.Body] = st.one_of(
    st.builds(e.StepConfirmed, step=few, attempt=st.just(1)),
    st.builds(e.StepSkipped, step=few, attempt=st.just(1), reason=st.just("r")),
    st.builds(e.StepReopened, step=few, attempt=st.just(2), reason=st.just("r")),
    st.builds(e.ActionRequested, action=actions, step=few, attempt=st.just(1), epoch=st.just(1)),
    st.builds(e.ActionStarted, action=actions, step=few, attempt=st.just(1), shown=st.just("x"), runs_as=st.just("y")),
    st.builds(e.ActionSettled, action=actions, outcome=st.just("failed"), reason=st.just("r")),
    st.builds(e.ActionEnded, action=actions, step=few, outcome=st.sampled_from(["succeeded", "unknown"])),
)
"""What two sides are likely to do to the same steps."""
anything = bodies.filter(lambda body: not isinstance(body, e.UnknownBody))
lives = st.lists(st.tuples(st.one_of(settling, anything), anybody), max_size=8)
TELLING = (e.BranchMerged, e.BranchTold, e.StoreLeft, e.StoreReturned, e.RunStarted, e.LogRecovered, e.ConflictSettled)


def lived(life: list[tuple[e.Body, e.Actor]]) -> Any:
    """What happens on one side, but for what only a log's own keeping writes."""

    def do(story: Story) -> None:
        for body, actor in life:
            if not isinstance(body, TELLING):
                story.passes(1)
                story.happens(body, actor)

    return do


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives, lives, lives, st.sampled_from([WHOLE, in_production()]))
def test_whichever_side_is_told_the_same_is_in_conflict(before: Any, one: Any, other: Any, profile: Any):
    story = Story(profile)
    lived(before)(story)
    ancestor = len(story.events)
    left, right = parted(story), parted(story)
    lived(one)(left)
    lived(other)(right)
    here = merged(left, right, ancestor).state if len(right.events) > ancestor else None
    there = merged(right, left, ancestor).state if len(left.events) > ancestor else None
    if here is not None and there is not None:
        assert about(here) == about(there)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives, lives, lives, lives)
def test_merging_is_total_and_can_be_folded_in_parts_and_told(before: Any, one: Any, other: Any, after: Any):
    story = Story(WHOLE)
    lived(before)(story)
    ancestor = len(story.events)
    left, right = parted(story), parted(story)
    lived(one)(left)
    lived(other)(right)
    if len(right.events) == ancestor:
        return
    whole = merged(left, right, ancestor)
    lived(after)(whole)
    assert fold(whole.events) == whole.state
    for event in whole.events:
        assert 0 < len(sentence(event, whole.state)) <= 240
    for conflict in whole.state.conflicts:
        whole.happens(e.ConflictSettled(subject=conflict.subject, counts="branch", reason="r"))
    assert not whole.state.conflicts
    assert all(step.status != "conflict" for step in whole.state.steps.values())
    state = whole.state
    if state.status == "live" and state.cursor is not None and state.cursor.step is not None:
        assert state.steps[state.cursor.step].status == "open"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives, lives)
def test_a_branch_without_facts_changes_nothing(before: Any, one: Any):
    story = Story(WHOLE)
    lived(before)(story)
    ancestor = len(story.events)
    left, right = parted(story), parted(story)
    lived(one)(left)
    right.happens(e.ProbesSampled(ages=(1,)))
    right.happens(e.OperatorMoved(seat="S1", step=""))
    whole = merged(left, right, ancestor)
    passing = {"branches", "last_seq", "last_fact_seq", "last", "pen"}
    for name in set(RunState.__struct_fields__) - passing:
        assert getattr(whole.state, name) == getattr(left.state, name), name


def test_nothing_that_a_line_says_about_is_forgotten():
    known = {name for name, body in e.BODIES.items() if subjects(_made(body))}
    assert known == {
        "step.confirmed", "step.done_outside", "step.skipped", "step.reopened", "wait.ended_early", "action.started",
        "action.ended", "action.settled", "gate.overridden", "cursor.jumped", "phase.entered", "phase.left",
        "rollback.chosen", "rollback.left", "run.finished", "run.aborted", "pen.passed", "pen.taken", "hold.placed",
        "hold.released", "conflict.settled",
    }  # fmt: skip


def _made(kind: type[e.Body]) -> e.Event:
    body = kind(**dict.fromkeys(kind.__struct_fields__, ""))
    return e.Event(1, "id", body.type, body.is_fact, Story().now(), ANA, body, "RUN1")


def test_a_branch_is_told_whole_whatever_its_lines_hold():
    def there(story: Story) -> None:
        story.happens(e.ProbesSampled(ages=tuple(range(9000))))
        story.happens(e.NoteAdded(text='\\"' * 9000 + "ü" * 4000))
        story.happens(e.ProbesSampled(ages=(1,)))

    log, branch, ancestor = sides(happens(e.NoteAdded(text="here")), there)
    whole = merged(log, branch, ancestor)
    pieces = [event.body.text for event in whole.events if isinstance(event.body, e.BranchTold)]
    lines = branch_of(branch, ancestor).lines
    assert "".join(pieces).encode() == b"".join(line.text + b"\n" for line in lines)
    assert whole.state.branches[0].is_told
    assert whole.state.branches[0].facts == 2
