"""Holds, triggers, the way back, and who holds the pen: a part of `evolve`.

Invariant: as `evolve`. A trigger stays until it is answered, also when what fired it is over.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run.numbering import find_step, step_label
from cockpit.run.settled import afresh, deviate, with_step
from cockpit.run.state import FiredTrigger, Hold, Pen, Rollback, RunState
from cockpit.run.walk import go_on, leave, stand_on


def hold_placed(state: RunState, event: e.Event, body: e.HoldPlaced) -> RunState:
    where = step_label(state.profile, state.cursor.step) if state.cursor and state.cursor.step else ""
    state = replace(state, hold=Hold(by=event.actor, reason=body.reason, since=event.instant))
    return deviate(state, event, "hold", where, body.reason)


def hold_released(state: RunState, event: e.Event, body: e.HoldReleased) -> RunState:
    return replace(state, hold=None)


def pen_taken(state: RunState, event: e.Event, body: e.PenTaken) -> RunState:
    state = replace(state, pen=Pen(user=event.actor.user, host=event.actor.host, epoch=body.epoch))
    return deviate(state, event, "pen", f"from {body.previous}" if body.previous else "", body.reason)


# ---- triggers ----------------------------------------------------------------------------------------------------


def trigger_fired(state: RunState, event: e.Event, body: e.TriggerFired) -> RunState:
    trigger = next((each for each in state.profile.triggers if each.id == body.trigger), None)
    if trigger is None or body.trigger in state.firing:
        return state
    fired = FiredTrigger(
        seq=event.seq,
        trigger=body.trigger,
        since=event.instant,
        by=event.actor,
        severity=trigger.severity,
        conditions=body.conditions,
    )
    return replace(state, fired=(*state.fired, fired), firing=state.firing | {body.trigger})


def trigger_cleared(state: RunState, event: e.Event, body: e.TriggerCleared) -> RunState:
    fired = tuple(
        replace(each, is_cleared=True) if each.trigger == body.trigger and each.conditions else each
        for each in state.fired
    )
    return replace(state, fired=fired, firing=state.firing - {body.trigger})


def trigger_raised(state: RunState, event: e.Event, body: e.TriggerRaised) -> RunState:
    trigger = next((each for each in state.profile.triggers if each.id == body.trigger), None)
    fired = FiredTrigger(
        seq=event.seq,
        trigger=body.trigger,
        since=event.instant,
        by=event.actor,
        reason=body.reason,
        severity=trigger.severity if trigger else "consider",
    )
    return replace(state, fired=(*state.fired, fired))


def trigger_answered(state: RunState, event: e.Event, body: e.TriggerAnswered) -> RunState:
    answered = [each for each in state.fired if each.seq in body.seqs]
    if not answered:
        return state
    names = ", ".join(each.trigger or "raised by hand" for each in answered)
    state = replace(state, fired=tuple(each for each in state.fired if each.seq not in body.seqs))
    return deviate(state, event, "trigger", names, body.reason)


# ---- the way back ------------------------------------------------------------------------------------------------


def plans_judged(state: RunState, event: e.Event, body: e.PlansJudged) -> RunState:
    return replace(state, plans=body.verdicts, plan_details=body.details)


def rollback_chosen(state: RunState, event: e.Event, body: e.RollbackChosen) -> RunState:
    plan = state.profile.plan(body.plan)
    if plan is None:
        return state
    known = {step.id for phase in plan.phases for step in phase.steps}
    steps = tuple(dict.fromkeys(step_id for step_id in body.steps if step_id in known))
    state = leave(state, event)
    left_step = state.cursor.step or "" if state.cursor else ""
    if state.rollback is not None:
        left_step = state.rollback.left_step
    rollback = Rollback(
        plan=body.plan, steps=steps, since=event.instant, by=event.actor, reason=body.reason, left_step=left_step
    )
    again = {
        step_id: afresh(step, step.attempt + 1)
        for step_id, step in state.steps.items()
        if step_id in known and step.status != "open"
    }
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
    state = deviate(state, event, "rollback", plan.title or plan.id, body.reason)
    return go_on(state, event, after="")


def rollback_left(state: RunState, event: e.Event, body: e.RollbackLeft) -> RunState:
    """Forward again: what was undone meanwhile is open again."""
    if state.rollback is None:
        return state
    rollback = state.rollback
    state = leave(state, event)
    for step_id in rollback.steps:
        found, done = find_step(state.profile, step_id), state.steps[step_id].status in ("confirmed", "done_outside")
        for undone in found[1].undoes if found and done else ():
            before = state.steps.get(undone)
            if before is not None and before.status != "open":
                state = with_step(state, undone, replace(afresh(before, before.attempt + 1), touched_seq=0))
    plan = state.profile.plan(rollback.plan)
    state = deviate(
        replace(state, rollback=None), event, "rollback_left", (plan.title or plan.id) if plan else "", body.reason
    )
    first = next((s for s in (step.id for _, step in state.profile.steps()) if state.steps[s].status == "open"), None)
    left = state.steps.get(rollback.left_step)
    if left is not None and left.status == "open" and first == rollback.left_step:
        return stand_on(state, event, rollback.left_step)
    return go_on(state, event, after="")
