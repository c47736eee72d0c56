"""Where the run stands: how the cursor goes from step to step.

The cursor is derived, never stored: `evolve` calls these as it folds. Invariant: it stands on an open step, or at the
door of a phase whose entry gate has not been passed, or nowhere. Every move begins a new opening (`opened_seq`) with a
pending gate, and no override outlives a move.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.profile.model import Profile
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Event
from cockpit.run.numbering import find_step, gate_conditions
from cockpit.run.state import Cursor, GateState, RunState, StepState


def next_open(steps: dict[str, StepState], after: str) -> str | None:
    """The first open step after `after` in plan order, else the first open one; `steps` is in plan order.

    An `after` that is no step means from the beginning.
    """
    before: str | None = None
    passed = after not in steps
    for step_id, step in steps.items():
        if step.status == "open" and passed:
            return step_id
        if step.status == "open" and before is None:
            before = step_id
        if step_id == after:
            passed = True
    return before


def leave(state: RunState, event: Event) -> RunState:
    """Account for the time the current step was current. The caller moves the cursor next."""
    if state.cursor is None or state.cursor.step is None:
        return state
    step = state.steps[state.cursor.step]
    spent_s = step.spent_s + (elapsed_s(step.entered, event.instant) if step.entered else 0.0)
    return replace(state, steps={**state.steps, state.cursor.step: replace(step, spent_s=spent_s)})


def go_on(state: RunState, event: Event, *, after: str) -> RunState:
    """Move to the next open step after `after`, or to the door of its phase if that is still shut, or nowhere."""
    step_id = next_open(state.steps, after)
    if step_id is None:
        return replace(state, cursor=None)
    if _is_shut(state.profile, state, step_id):
        found = find_step(state.profile, step_id)
        assert found is not None
        return _arrive(state, Cursor(phase=found[0].id, step=None, opened_seq=event.seq, opened=event.instant))
    return stand_on(state, event, step_id)


def stand_on(state: RunState, event: Event, step_id: str) -> RunState:
    """Put the cursor on an open step; its phase counts as entered from here on."""
    found = find_step(state.profile, step_id)
    assert found is not None
    phase = found[0]
    step = replace(state.steps[step_id], entered=event.instant)
    state = replace(
        state,
        steps={**state.steps, step_id: step},
        phases_entered={phase.id: event.instant} | state.phases_entered,
    )
    return _arrive(state, Cursor(phase=phase.id, step=step_id, opened_seq=event.seq, opened=event.instant))


def is_past_a_shut_door(state: RunState, step_id: str) -> bool:
    """Whether going to this step directly passes by an entry gate that was never passed."""
    return _is_shut(state.profile, state, step_id)


def _is_shut(profile: Profile, state: RunState, step_id: str) -> bool:
    found = find_step(profile, step_id)
    return found is not None and bool(found[0].gate) and found[0].id not in state.phases_entered


def _arrive(state: RunState, cursor: Cursor) -> RunState:
    gates = state.gates
    if gate_conditions(state.profile, cursor.gate):
        gates = {**gates, cursor.gate: GateState(opened_seq=cursor.opened_seq)}
    return replace(state, cursor=cursor, gates=gates)


def current_gate(state: RunState, gate: str) -> GateState | None:
    """The state of `gate` if it is the one at the cursor; else None."""
    if state.cursor is None or state.cursor.gate != gate:
        return None
    return state.gates.get(gate)
