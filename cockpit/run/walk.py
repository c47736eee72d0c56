"""Where the run stands: how the cursor goes from step to step, forward or on the way back.

The cursor is derived, never stored: `evolve` calls these as it folds. Invariant: it stands on an open step, or at the
entry of a phase whose gate has not been passed, or at the exit of one whose exit gate has not, or nowhere. Every move
and every end of an action begins a new opening (`opened_seq`) with a pending gate, and no override outlives one.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.profile.model import Phase, Step
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Event, exit_gate, only_if_gate, phase_gate, run_gate, step_gate
from cockpit.run.numbering import find_step, forward_steps, gate_conditions
from cockpit.run.state import RunState
from cockpit.run.state_walk import Cursor, GateState, StepState


def route(state: RunState) -> tuple[str, ...]:
    """The ids of the steps that are walked now, in order: the profile's, or what is due of the chosen rollback plan."""
    if state.rollback is not None:
        return state.rollback.steps
    return forward_steps(state.profile) if state.started else ()


def steps_of(state: RunState, phase: Phase) -> tuple[Step, ...]:
    """The steps of a phase that count: on the way back, of the chosen plan's phases those that are due."""
    if state.rollback is None:
        return phase.steps
    plan = state.profile.plan(state.rollback.plan)
    if plan is None or all(each.id != phase.id for each in plan.phases):
        return phase.steps
    return tuple(step for step in phase.steps if step.id in state.rollback.steps)


def is_open(state: RunState, step_id: str) -> bool:
    """Whether the step is walked now and not settled."""
    return step_id in route(state) and state.steps[step_id].status == "open"


def open_steps(state: RunState) -> list[str]:
    """Those of the route that are not settled, in order."""
    return [step_id for step_id in route(state) if state.steps[step_id].status == "open"]


def waits_to_be_finished(state: RunState) -> bool:
    """Whether all that is walked is settled, and nobody has closed the run."""
    return state.status == "live" and state.cursor is None


def next_open(state: RunState, after: str) -> str | None:
    """The first open step after `after` on the route, else the first open one; a free phase is gone through first,
    and then the areas beside it.

    An `after` that is not on the route means from the beginning.
    """
    steps = route(state)
    start = steps.index(after) + 1 if after in steps else 0
    found = find_step(state.profile, after)
    beside = {step.id for step in found[0].steps} if found and found[0].order != "ordered" else frozenset()
    around = {step.id for phase in _areas(state, found[0]) for step in phase.steps} if found else frozenset()
    # In a free phase what lies before `after` was not left out by anybody: it comes before the next phase.
    steps = (*steps[start:], *steps[:start])
    for step_id in (*(each for each in steps if each in beside), *(each for each in steps if each in around), *steps):
        if state.steps[step_id].status == "open":
            return step_id
    return None


def leave(state: RunState, event: Event) -> RunState:
    """Account for the time the current step was current. The caller moves the cursor next."""
    if state.cursor is None or state.cursor.step is None:
        return state
    step = state.steps[state.cursor.step]
    spent_s = step.spent_s + (elapsed_s(step.entered, event.instant) if step.entered else 0.0)
    return replace(state, steps={**state.steps, state.cursor.step: replace(step, spent_s=spent_s)})


def go_on(state: RunState, event: Event, *, after: str) -> RunState:
    """Move on from `after`: to the exit of its phase if that is still shut, to the next open step, or to the entry of
    that one's phase if it is shut, or nowhere."""
    left = _exit_of(state, after)
    if left is not None:
        return _arrive(state, event, left.id, None, exit_gate(left.id))
    step_id = next_open(state, after)
    if step_id is None:
        left = next((phase for each in route(state) if (phase := _exit_of(state, each)) is not None), None)
        return replace(state, cursor=None) if left is None else _arrive(state, event, left.id, None, exit_gate(left.id))
    if _is_shut(state, step_id):
        phase, _ = _found(state, step_id)
        return _arrive(state, event, phase.id, None, phase_gate(phase.id))
    return stand_on(state, event, step_id)


def stand_on(state: RunState, event: Event, step_id: str) -> RunState:
    """Put the cursor on an open step; its phase counts as entered from here on."""
    phase, _ = _found(state, step_id)
    step = replace(state.steps[step_id], entered=event.instant)
    state = replace(
        state,
        steps={**state.steps, step_id: step},
        phases_entered={phase.id: event.instant} | state.phases_entered,
    )
    return open_again(state, event, step_id)


def open_again(state: RunState, event: Event, step_id: str) -> RunState:
    """Begin a new opening of a step that is, or becomes, current: at the gate that is its next one."""
    phase, step = _found(state, step_id)
    return _arrive(state, event, phase.id, step_id, gate_of(step, state.steps[step_id]))


def gate_of(step: Step, known: StepState) -> str:
    """The gate that guards what is next to be done with a step."""
    if step.only_if and not known.applies:
        return only_if_gate(step.id)
    action = known.action
    is_done = action is not None and action.status in ("succeeded", "unknown")
    if not is_done and (step.behaviour == "action" or (step.behaviour == "message" and step.requires)):
        return run_gate(step.id)
    return step_gate(step.id)


def is_past_a_shut_door(state: RunState, step_id: str) -> bool:
    """Whether going to this step directly passes by an entry gate that was never passed."""
    return _is_shut(state, step_id)


def is_within_free_phase(state: RunState, step_id: str) -> bool:
    """Whether the step may be made current without leaving the order.

    It and the cursor are in the same free phase, or in areas beside each other, past no entry gate that is shut.
    """
    found = find_step(state.profile, step_id)
    if found is None or state.cursor is None or state.cursor.step is None:
        return False
    if state.cursor.phase == found[0].id:
        return found[0].order != "ordered"
    areas = {phase.id for phase in _areas(state, found[0])}
    return state.cursor.phase in areas and not _is_shut(state, step_id)


def _areas(state: RunState, phase: Phase) -> tuple[Phase, ...]:
    """The stretch of neighbouring areas that a phase of the way forward is in; empty if it is none."""
    phases = state.profile.phases
    if phase.order != "area" or phase not in phases:
        return ()
    at = phases.index(phase)
    first = at - next((n for n, each in enumerate(reversed(phases[:at])) if each.order != "area"), at)
    after = next((n for n, each in enumerate(phases[at:], at) if each.order != "area"), len(phases))
    return phases[first:after]


def _found(state: RunState, step_id: str) -> tuple[Phase, Step]:
    found = find_step(state.profile, step_id)
    assert found is not None
    return found


def _is_shut(state: RunState, step_id: str) -> bool:
    found = find_step(state.profile, step_id)
    return found is not None and bool(found[0].gate) and found[0].id not in state.phases_entered


def _exit_of(state: RunState, step_id: str) -> Phase | None:
    """The phase of a step if all of it is settled and its exit gate was not passed."""
    found = find_step(state.profile, step_id)
    if found is None or not found[0].exit or found[0].id in state.phases_left:
        return None
    phase = found[0]
    walked = set(route(state))
    return None if any(s.id in walked and state.steps[s.id].status == "open" for s in phase.steps) else phase


def _arrive(state: RunState, event: Event, phase: str, step: str | None, gate: str) -> RunState:
    cursor = Cursor(phase=phase, step=step, opened_seq=event.seq, opened=event.instant, gate=gate)
    gates = state.gates
    if gate_conditions(state.profile, gate):
        gates = {**gates, gate: GateState(opened_seq=event.seq)}
    return replace(state, cursor=cursor, gates=gates)


def current_gate(state: RunState, gate: str) -> GateState | None:
    """The state of `gate` if it is the one at the cursor; else None."""
    if state.cursor is None or state.cursor.gate != gate:
        return None
    return state.gates.get(gate)
