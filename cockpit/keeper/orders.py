"""Whether an order may still be carried out: not too late, of this keeper, for the step that is current.

Invariant: pure. An order is refused by what the log says and by this host's clocks alone; what lies outside (targets,
files, secrets) is looked at by the desk afterwards. `lapsed` and `refused` both mean that nothing was done.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cockpit.patterns import late
from cockpit.run.events import ActionRequested, Instant, run_gate
from cockpit.run.hands import may_not_act
from cockpit.run.messages import digest, filled, template_of, whole
from cockpit.run.numbering import find_step, gate_conditions, step_label
from cockpit.run.people import called
from cockpit.run.shown import shown
from cockpit.run.state import RunState
from cockpit.run.state_walk import ActionState
from cockpit.text import visible

LATEST_S = 5.0
"""An order older than this was pressed for something that the operator may no longer see."""


_ID = late(r"[0-9A-Za-z]{1,64}")
"""Of actions: files in `outputs/` are named by them, and the log that gives them is data."""


class Objection(Struct, frozen=True):
    """Why nothing is done."""

    outcome: Literal["lapsed", "refused", "cancelled"]
    detail: str


def is_id(action: str) -> bool:
    """Whether this can be the id of an action."""
    return _ID.fullmatch(action) is not None


def age_s(order: Instant, now: Instant) -> float:
    """Seconds since the order was given: by the monotonic clock within one boot, else by the wall clock.

    Negative if it comes from the future, as after a clock was set back.
    """
    if order.boot == now.boot:
        return now.mono - order.mono
    return (now.at - order.at).total_seconds()


def objection(order: ActionRequested, given: Instant, state: RunState, epoch: int, now: Instant) -> Objection | None:
    """Why `order`, given at `given`, lapses or is refused; None if nothing in the log speaks against it."""
    if not is_id(order.action):
        return Objection("refused", "its id names no action: whatever wrote it was not cockpit")
    if order.epoch != epoch:
        return Objection("lapsed", f"it was asked of keeper {order.epoch}, and this is keeper {epoch}: press again")
    age = age_s(given, now)
    if abs(age) > LATEST_S:
        said = f"it came {age:.0f} s late" if age > 0 else "its time lies ahead of this host's clock"
        return Objection("lapsed", f"{said}: press again")
    return still_wanted(order, state) or _otherwise_than_shown(order, state)


def _otherwise_than_shown(order: ActionRequested, state: RunState) -> Objection | None:
    """What is to be done is what stood on the screen: values may have been recorded anew since."""
    found = find_step(state.profile, order.step)
    if not order.digest or found is None:
        return None
    template = template_of(state, found[1]) if found[1].behaviour == "message" else None
    text = whole(*filled(state, template)) if template is not None else shown(state, found[1])
    if digest(text) == order.digest:
        return None
    return Objection("refused", "what it would do is not what the screen showed any more: look at it, and press again")


def still_wanted(order: ActionRequested, state: RunState) -> Objection | None:
    """As `objection`, without its times: also asked again just before the intent is written."""
    if state.status != "live":
        return Objection("refused", "the run is over")
    label = step_label(state.profile, order.step)
    cursor = state.cursor
    if cursor is None or cursor.step != order.step or cursor.is_considering:
        return Objection("refused", f"{label} is no longer the current step")
    action = state.steps[order.step].action
    if action is None or action.action != order.action or not action.is_under_way:
        return Objection("refused", f"{label} was asked for in another way meanwhile")
    if action.cancel_reason:
        return Objection("cancelled", f"cancelled before it began: {visible(action.cancel_reason)}")
    if why := may_not_act(state, order.epoch):
        return Objection("refused", why)  # also of a request that stood in the log before anybody saw the difference
    if state.hold is not None:
        return Objection("refused", f"{called(state.hold.by)} holds the run: {visible(state.hold.reason)}")
    return _gate_objection(order, state)


def _gate_objection(order: ActionRequested, state: RunState) -> Objection | None:
    """`requires` may have changed between the key and now."""
    gate_id = run_gate(order.step)
    if state.cursor is None or state.cursor.gate != gate_id or not gate_conditions(state.profile, gate_id):
        return None
    if state.is_rehearsal:
        return None
    gate = state.gates.get(gate_id)
    if gate is None or gate.verdict == "pass" or gate.overridden_by:
        return None
    why = next((c.detail or c.condition for c in gate.conditions if c.holds is not True), "it is being read")
    return Objection("refused", f"what it requires does not hold: {why}")


def left_behind(state: RunState) -> tuple[ActionState, ...]:
    """What an earlier keeper was asked or had begun to do, and never told the end of."""
    found = (step.action for step in state.steps.values())
    return tuple(action for action in found if action is not None and action.is_under_way)
