"""The way back, and forward again: a part of `evolve`.

Invariant: as `evolve`. What was undone, or begun to be undone, never counts as done: once the way back is left, or
another one chosen, it is open again and has to be done anew. What was wholly undone is not undone a second time.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run.numbering import find_step, forward_steps
from cockpit.run.settled import afresh, as_not_begun, deviate, not_due_since, with_step
from cockpit.run.state import RunState
from cockpit.run.state_line import Rollback
from cockpit.run.state_walk import StepState
from cockpit.run.walk import go_on, leave, stand_on
from cockpit.text import shortened

_TITLE = 80


def plans_judged(state: RunState, event: e.Event, body: e.PlansJudged) -> RunState:
    return replace(state, plans=body.verdicts, plan_details=body.details)


def rollback_chosen(state: RunState, event: e.Event, body: e.RollbackChosen) -> RunState:
    plan = state.profile.plan(body.plan)
    if plan is None:
        return state
    known = {step.id for phase in plan.phases for step in phase.steps}
    steps = tuple(dict.fromkeys(step_id for step_id in body.steps if step_id in known))
    left_step = state.cursor.step or "" if state.cursor else ""
    if state.rollback is not None:
        left_step = state.rollback.left_step
    rollback = Rollback(
        plan=body.plan, steps=steps, since=event.instant, by=event.actor, reason=body.reason, left_step=left_step
    )
    state = _undone(as_not_begun(leave(state, event)))
    again = {step_id: _as_never(step) for step_id, step in state.steps.items() if step_id in known and _has_begun(step)}
    phases = {phase.id for phase in plan.phases}
    state = replace(
        state,
        rollback=rollback,
        steps={**state.steps, **again},
        fired=tuple(each for each in state.fired if each.seq not in body.answers),
        phases_entered={phase: at for phase, at in state.phases_entered.items() if phase not in phases},
        phases_left={phase: at for phase, at in state.phases_left.items() if phase not in phases},
        hold=None,
    )
    state = deviate(state, event, "rollback", shortened(plan.title or plan.id, _TITLE), body.reason)
    return go_on(state, event, after="")


def rollback_left(state: RunState, event: e.Event, body: e.RollbackLeft) -> RunState:
    """Forward again, from the first open step, or from the exit before it that was not passed."""
    if state.rollback is None:
        return state
    rollback = state.rollback
    plan = state.profile.plan(rollback.plan)
    state = replace(_undone(as_not_begun(leave(state, event))), rollback=None)
    title = shortened(plan.title or plan.id, _TITLE) if plan else ""
    state = deviate(state, event, "rollback_left", title, body.reason)
    walked = forward_steps(state.profile)
    first = next((index for index, step_id in enumerate(walked) if state.steps[step_id].status == "open"), 0)
    if walked and walked[first] == rollback.left_step and state.steps[rollback.left_step].status == "open":
        return stand_on(state, event, rollback.left_step)
    return go_on(state, event, after=walked[first - 1] if first else "")


def _undone(state: RunState) -> RunState:
    """The state in which what the way back undid, or began to undo, is open, and its phases are not left."""
    if state.rollback is None:
        return state
    phases_left = dict(state.phases_left)
    for step_id in state.rollback.steps:
        found, undoing = find_step(state.profile, step_id), state.steps[step_id]
        is_done = undoing.status in ("confirmed", "done_outside")
        if found is None or not (is_done or _was_begun(undoing)):
            continue
        for undone in found[1].undoes:
            before, place = state.steps.get(undone), find_step(state.profile, undone)
            if before is None or place is None or not before.touched_seq:
                continue  # what was never done was not undone either
            opened = _as_never(before)
            opened = replace(opened, touched_seq=0, touched=None) if is_done else opened
            state = not_due_since(with_step(state, undone, opened), undone)
            phases_left.pop(place[0].id, None)
    return replace(state, phases_left=phases_left)


def _has_begun(step: StepState) -> bool:
    return step.status != "open" or step.action is not None or step.wait is not None


def _was_begun(step: StepState) -> bool:
    """Whether its action may have done something, in the present attempt."""
    action = step.action
    if action is None or action.mode == "shown":
        return False
    return action.started is not None or action.status == "unknown"


def _as_never(step: StepState) -> StepState:
    """Open again, and whether it applies is asked anew."""
    return replace(afresh(step, step.attempt + 1), applies=False)
