"""Whether what the cursor stands on has failed, and names a way back: its try ended badly, or its gate does not hold.

Pure. Invariants: a gate says that a step failed only by a verdict on readings taken after its opening, only once what
it vouches for was to be done, and not in a rehearsal, where none binds. What was overridden has not failed.
"""

from __future__ import annotations

from msgspec import Struct

from cockpit.profile.model import Step
from cockpit.run.due import has_set_time
from cockpit.run.events import step_gate
from cockpit.run.numbering import find_step
from cockpit.run.state import RunState
from cockpit.run.state_walk import StepState
from cockpit.run.walk import current_gate
from cockpit.text import shortened

_ENDED_BADLY = ("failed", "timed_out", "unknown")


class Failure(Struct, frozen=True):
    """Of a step that names a rollback plan."""

    of: str
    """What failed: the id of the try, or the opening of the gate. Another one is another failure."""
    plan: str
    why: str
    is_final: bool
    """Whether it stays so: a gate may hold in a moment."""


def failure(state: RunState) -> Failure | None:
    """What failed at the cursor, if anything did."""
    cursor = state.cursor
    if state.status != "live" or cursor is None or cursor.step is None:
        return None
    found = find_step(state.profile, cursor.step)
    if found is None or not found[1].on_failure:
        return None
    step, known = found[1], state.steps[cursor.step]
    title = shortened(step.title, 80)
    if known.action is not None and known.action.status in _ENDED_BADLY:
        return Failure(known.action.action, step.on_failure, f"{title} did not succeed", is_final=True)
    gate = current_gate(state, step_gate(step.id))
    if gate is None or gate.verdict != "blocked" or gate.overridden_by or state.is_rehearsal:
        return None
    if gate.opened_seq != cursor.opened_seq or not _is_done(step, known):
        return None
    return Failure(f"gate {gate.opened_seq}", step.on_failure, f"the gate of {title} is blocked", is_final=False)


def _is_done(step: Step, known: StepState) -> bool:
    """Whether nothing but its gate stands between the step and confirming it."""
    if step.behaviour in ("action", "message"):
        return known.action is not None and known.action.status == "succeeded"
    if step.behaviour == "wait":
        return known.wait is not None and known.wait.status in ("completed", "ended_early")
    return known.due is not None or not has_set_time(step)
