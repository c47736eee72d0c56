"""How phases and steps are entered, settled, reopened and left, and what their gates say: a part of `evolve`.

Invariant: as `evolve`. A step is settled by one event alone, and only while it is open.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.profile.steps import CheckpointSettings, DecisionSettings, settings_of
from cockpit.run import events as e
from cockpit.run.numbering import find_phase, find_step, gate_label, phase_label, step_label
from cockpit.run.people import called_at, known, name_of
from cockpit.run.readings import Evidence
from cockpit.run.state import RunState
from cockpit.run.state_line import Deviation, Hold
from cockpit.run.state_walk import StepState, StepStatus
from cockpit.run.walk import (
    current_gate,
    go_on,
    is_past_a_shut_door,
    is_within_free_phase,
    leave,
    open_again,
    route,
    stand_on,
)
from cockpit.text import shortened


def deviate(state: RunState, event: e.Event, kind: str, where: str, reason: str) -> RunState:
    """Remember something done against the plan."""
    deviation = Deviation(seq=event.seq, kind=kind, where=where, reason=reason, by=name_of(event.actor))
    return replace(state, deviations=(*state.deviations, deviation))


def with_step(state: RunState, step_id: str, step: StepState) -> RunState:
    """The state with one step replaced."""
    return replace(state, steps={**state.steps, step_id: step})


def with_actor(step: StepState, actor: e.Actor) -> StepState:
    """The step with one more of those who had a hand in it."""
    who = known(actor)
    if who in step.workers:
        return step
    actors = step.actors if actor.user in step.actors else (*step.actors, actor.user)
    return replace(step, actors=actors, workers=(*step.workers, who))


# ---- phases ------------------------------------------------------------------------------------------------------


def phase_entered(state: RunState, event: e.Event, body: e.PhaseEntered) -> RunState:
    phase = find_phase(state.profile, body.phase)
    if phase is None:
        return state
    state = replace(state, phases_entered={body.phase: event.instant} | state.phases_entered)
    cursor = state.cursor
    if cursor is None or cursor.step is not None or cursor.phase != body.phase or cursor.is_leaving:
        return state
    walked = set(route(state))
    first = next((s.id for s in phase.steps if s.id in walked and state.steps[s.id].status == "open"), None)
    return state if first is None else stand_on(state, event, first)


def run_ended(state: RunState, event: e.Event, body: e.RunFinished | e.RunAborted) -> RunState:
    status = "finished" if isinstance(body, e.RunFinished) else "aborted"
    return replace(leave(state, event), status=status, ended=event.instant, cursor=None, hold=None, fired=())


def phase_left(state: RunState, event: e.Event, body: e.PhaseLeft) -> RunState:
    phase = find_phase(state.profile, body.phase)
    if phase is None or not phase.steps:
        return state
    state = replace(state, phases_left={body.phase: event.instant} | state.phases_left)
    cursor = state.cursor
    if cursor is None or not cursor.is_leaving or cursor.phase != body.phase:
        return state
    return go_on(state, event, after=phase.steps[-1].id)


# ---- settling ----------------------------------------------------------------------------------------------------


def step_confirmed(state: RunState, event: e.Event, body: e.StepConfirmed) -> RunState:
    if not _is_walked(state, body.step):
        return state
    state = replace(state, values={**state.values, **body.values}) if body.values else state
    if body.sent:
        state = with_step(state, body.step, replace(state.steps[body.step], sent=body.sent))
    state = settle(state, event, body.step, "confirmed", evidence=body.current)
    return _held_by_choice(state, event, body)


def _held_by_choice(state: RunState, event: e.Event, body: e.StepConfirmed) -> RunState:
    """A choice that stops holds the run: nobody has to press a second key for it."""
    found = find_step(state.profile, body.step)
    if found is None or found[1].behaviour != "decision" or state.hold is not None:
        return state
    chosen = body.values.get(body.step, "")
    choice = next((c for c in settings_of(found[1], DecisionSettings).choices if c.id == chosen), None)
    if choice is None or not choice.stop:
        return state
    reason = f"{shortened(choice.title or choice.id, 80)} at {step_label(state.profile, body.step)}"
    return replace(state, hold=Hold(by=event.actor, reason=reason, since=event.instant))


def step_done_outside(state: RunState, event: e.Event, body: e.StepDoneOutside) -> RunState:
    return settle(state, event, body.step, "done_outside", reason=body.reason, evidence=body.current)


def step_skipped(state: RunState, event: e.Event, body: e.StepSkipped) -> RunState:
    return settle(state, event, body.step, "skipped", reason=body.reason)


def _is_walked(state: RunState, step_id: str) -> bool:
    return step_id in state.steps and state.steps[step_id].status == "open" and step_id in route(state)


def settle(
    state: RunState,
    event: e.Event,
    step_id: str,
    status: StepStatus,
    *,
    reason: str = "",
    evidence: tuple[Evidence, ...] = (),
) -> RunState:
    """The state with an open step of the route settled, and the cursor moved on if it stood there."""
    if not _is_walked(state, step_id):
        return state
    is_current = state.cursor is not None and state.cursor.step == step_id
    state = leave(state, event) if is_current else state
    state = recorded(state, event, step_id, status, reason=reason, evidence=evidence)
    if is_current:
        return go_on(state, event, after=step_id)
    return keep_off_empty_rooms(state, event)


def recorded(
    state: RunState,
    event: e.Event,
    step_id: str,
    status: StepStatus,
    *,
    reason: str = "",
    evidence: tuple[Evidence, ...] = (),
) -> RunState:
    """The state with a step settled, wherever it is and wherever the cursor stands."""
    before = state.steps[step_id]
    is_done = status in ("confirmed", "done_outside")
    step = replace(
        before,
        status=status,
        settled=event.instant,
        settled_seq=event.seq,
        by=event.actor,
        reason=reason,
        evidence=evidence,
        touched_seq=event.seq if is_done else before.touched_seq,
        touched=event.instant if is_done and not _was_acted(before, status) else before.touched,
    )
    state = with_step(state, step_id, with_actor(step, event.actor) if is_done else step)
    if status in ("skipped", "done_outside"):
        kind = "skip" if status == "skipped" else "done_outside"
        state = deviate(state, event, kind, step_label(state.profile, step_id), reason)
    return state


def _was_acted(step: StepState, status: StepStatus) -> bool:
    """Whether what is confirmed is what its action did, so that it was done when that ended."""
    action = step.action
    if status != "confirmed" or action is None or action.mode == "shown":
        return False
    return action.started is not None and action.status in ("succeeded", "unknown")


def keep_off_empty_rooms(state: RunState, event: e.Event) -> RunState:
    """Go on from the entry of a phase whose last open step was settled from elsewhere."""
    if state.cursor is None or state.cursor.step is not None or state.cursor.is_leaving:
        return state
    phase = find_phase(state.profile, state.cursor.phase)
    walked = set(route(state))
    if phase is None or any(s.id in walked and state.steps[s.id].status == "open" for s in phase.steps):
        return state
    return go_on(state, event, after=phase.steps[-1].id)


# ---- going elsewhere ---------------------------------------------------------------------------------------------


def step_reopened(state: RunState, event: e.Event, body: e.StepReopened) -> RunState:
    before = state.steps.get(body.step)
    if before is None or before.status == "open" or body.step not in route(state):
        return state
    state = as_not_begun(leave(state, event))
    state = not_due_since(with_step(state, body.step, afresh(before, body.attempt)), body.step)
    found = find_step(state.profile, body.step)
    assert found is not None
    left = {phase: at for phase, at in state.phases_left.items() if phase != found[0].id}
    state = deviate(
        replace(state, phases_left=left), event, "reopen", step_label(state.profile, body.step), body.reason
    )
    return stand_on(state, event, body.step)


def afresh(before: StepState, attempt: int) -> StepState:
    """A settled step, open again: nothing of its earlier attempts counts, but who had a hand in it and what it cost."""
    return StepState(
        attempt=max(attempt, before.attempt + 1),
        spent_s=before.spent_s,
        applies=before.applies or before.status == "not_applicable",
        actors=before.actors,
        workers=before.workers,
        touched_seq=before.touched_seq,
        touched=before.touched,
        due=before.due,
    )


def as_not_begun(state: RunState) -> RunState:
    """The state in which no open wait has a clock, and of no open step it is known whether it applies.

    Both are found anew when the walk comes to it again: whoever leaves the order, opens an earlier step again or goes
    back changes what a wait watched over and what an `only_if` goes by. What a person said of it stays. Within a free
    phase a wait goes on beside what else is done, since its order says nothing.
    """
    changed = {
        step_id: replace(step, wait=None, applies=step.applies and not _was_only_found_to_apply(state, step_id, step))
        for step_id, step in state.steps.items()
        if step.status == "open" and (step.wait is not None or step.applies)
    }
    return replace(state, steps={**state.steps, **changed}) if changed else state


def _was_only_found_to_apply(state: RunState, step_id: str, step: StepState) -> bool:
    """Whether readings alone say so, and nothing was done for it yet: no override, no reopening, no try."""
    gate = state.gates.get(e.only_if_gate(step_id))
    return step.attempt == 1 and step.action is None and not (gate is not None and gate.overridden_by)


def not_due_since(state: RunState, step_id: str) -> RunState:
    """The state in which no open checkpoint is due that counts from a step which is to be done again."""
    counting = [
        step.id
        for _, step in state.profile.every_step()
        if step.behaviour == "checkpoint" and settings_of(step, CheckpointSettings).since == step_id
    ]
    due = {each: replace(state.steps[each], due=None) for each in counting if state.steps[each].status == "open"}
    return replace(state, steps={**state.steps, **due})


def cursor_jumped(state: RunState, event: e.Event, body: e.CursorJumped) -> RunState:
    if not _is_walked(state, body.step):
        return state
    where = step_label(state.profile, body.step)
    if body.left:
        where = f"{step_label(state.profile, body.left)} → {where}"
    if is_past_a_shut_door(state, body.step):
        found = find_step(state.profile, body.step)
        assert found is not None
        where += f", entering phase {phase_label(state.profile, found[0].id)} past its gate"
    is_free = is_within_free_phase(state, body.step) and (not body.reason or _is_in_phase(state, body.step))
    state = leave(state, event)
    state = state if is_free else deviate(as_not_begun(state), event, "jump", where, body.reason)
    return stand_on(state, event, body.step)


def _is_in_phase(state: RunState, step_id: str) -> bool:
    """Whether the step is in the phase at the cursor; from one area to the next a reason makes it a deviation."""
    found = find_step(state.profile, step_id)
    return found is not None and state.cursor is not None and state.cursor.phase == found[0].id


# ---- gates -------------------------------------------------------------------------------------------------------


def gate_overridden(state: RunState, event: e.Event, body: e.GateOverridden) -> RunState:
    gate = current_gate(state, body.gate)
    if gate is None or state.cursor is None:
        return state
    gate = replace(gate, overridden_by=name_of(event.actor), override_reason=body.reason)
    state = replace(state, gates={**state.gates, body.gate: gate})
    state = deviate(state, event, "override", gate_label(state.profile, body.gate), body.reason)
    if state.cursor is not None and state.cursor.is_considering:
        return _applies(state, event)
    return state


def gate_changed(state: RunState, event: e.Event, body: e.GateChanged) -> RunState:
    gate = current_gate(state, body.gate)
    if gate is None or gate.opened_seq != body.opened_seq or state.cursor is None:
        return state
    gate = replace(gate, verdict=body.verdict, conditions=body.conditions)
    return considered(replace(state, gates={**state.gates, body.gate: gate}), event)


def considered(state: RunState, event: e.Event) -> RunState:
    """Go by what is known of whether the step at the cursor applies; under a hold nothing moves."""
    cursor = state.cursor
    if cursor is None or cursor.step is None or not cursor.is_considering or state.hold is not None:
        return state
    gate = state.gates.get(cursor.gate)
    if gate is not None and gate.verdict == "pass":
        return _applies(state, event)
    if gate is not None and gate.verdict == "blocked":
        objection = next((v for v in gate.conditions if v.holds is False), None)
        reason = (objection.detail or objection.condition) if objection else "its only_if does not hold"
        return settle(state, event, cursor.step, "not_applicable", reason=reason)
    return state


def _applies(state: RunState, event: e.Event) -> RunState:
    assert state.cursor is not None
    if state.cursor.step is None:
        return state
    step = replace(state.steps[state.cursor.step], applies=True)
    return open_again(with_step(state, state.cursor.step, step), event, state.cursor.step)


# ---- a second person ---------------------------------------------------------------------------------------------


def step_countersigned(state: RunState, event: e.Event, body: e.StepCountersigned) -> RunState:
    step = state.steps.get(body.step)
    if step is None or step.status != "open" or step.attempt != body.attempt:
        return state
    who = called_at(event.actor)
    return with_step(state, body.step, replace(step, countersigned_by=who, countersigner=event.actor))


def second_waived(state: RunState, event: e.Event, body: e.SecondWaived) -> RunState:
    step = state.steps.get(body.step)
    if step is None or step.status != "open" or step.attempt != body.attempt:
        return state
    state = with_step(state, body.step, replace(step, waived_reason=body.reason))
    return deviate(state, event, "no_second", step_label(state.profile, body.step), body.reason)
