"""What an event says something about, and what was last said: by this, two sides that went on apart are compared.

Invariant: pure, and of the event alone (with the step of an action that it names), so that two sides find the same
conflicts whichever of them is told to the other.

A person's or a keeper's word on a step is its settling, its reopening, the cutting short of its wait, the beginning and
the known end of its action. What was asked for and never begun is none, nor is an end that nobody knows: whoever knows
it is right. `walk` is anything that moves the run; `way` a turn back or forward; `end` the end of the run.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run.state import RunState
from cockpit.run.state_branch import Word

WALK, WAY, END, PEN, HOLD = "walk", "way", "end", "pen", "hold"
_OF_A_STEP = (
    e.StepConfirmed, e.StepDoneOutside, e.StepSkipped, e.StepReopened, e.WaitEndedEarly, e.ActionStarted, e.ActionEnded,
)  # fmt: skip
_NOTHING_KNOWN = ("unknown", "refused", "lapsed")
_QUOTE = 400


def step_subject(step: str) -> str:
    """The subject that a step is."""
    return f"step:{step}"


def step_in(subject: str) -> str:
    """The step that a subject is; empty if it is none."""
    return subject.removeprefix("step:") if subject.startswith("step:") else ""


def subjects(event: e.Event, action_step: str = "") -> tuple[str, ...]:
    """What an event says something about, the most special first. `action_step`: whose action it names."""
    body = event.body
    if isinstance(body, e.ActionEnded) and body.outcome in _NOTHING_KNOWN:
        return ()
    if isinstance(body, _OF_A_STEP):
        return step_subject(body.step), WALK
    match body:
        case e.ActionSettled():
            return (step_subject(action_step), WALK) if action_step else (WALK,)
        case e.GateOverridden(gate=gate):
            return (f"gate:{gate}", WALK) if gate.startswith(("phase:", "exit:")) else (WALK,)
        case e.CursorJumped() | e.PhaseEntered() | e.PhaseLeft():
            return (WALK,)
        case e.RollbackChosen() | e.RollbackLeft():
            return WAY, WALK
        case e.RunFinished() | e.RunAborted():
            return END, WALK
        case e.PenPassed() | e.PenTaken():
            return (PEN,)
        case e.ConflictSettled(subject=subject):
            return subject, WALK
        case e.HoldPlaced() | e.HoldReleased():
            return (HOLD,)
    return ()


def action_of(body: e.Body) -> str:
    """The action that an event is about; empty if it is about none."""
    if isinstance(body, e.ActionRequested | e.ActionStarted | e.ActionEnded | e.ActionSettled | e.ActionCancelled):
        return body.action
    return ""


def word(event: e.Event, *, branch: str = "") -> Word:
    """What an event says, for people to compare."""
    body: Any = event.body
    counts = body.counts if isinstance(body, e.StepConfirmed) else {}
    return Word(
        seq=event.seq,
        what=event.type,
        by=event.actor,
        at=event.instant,
        id=event.id,
        reason=str(getattr(body, "reason", ""))[:_QUOTE] if not isinstance(body, e.ActionEnded) else body.detail,
        evidence=getattr(body, "current", ()) if isinstance(body, _WITH_EVIDENCE) else (),
        counts=counts,
        outcome=body.outcome if isinstance(body, e.ActionEnded | e.ActionSettled) else "",
        branch=branch,
    )


_WITH_EVIDENCE = (e.StepConfirmed, e.StepDoneOutside, e.GateOverridden)


def noted(state: RunState, event: e.Event) -> RunState:
    """The state that remembers what a fact of this log itself said."""
    orders = ordered(state.orders, event)
    step = orders.get(action_of(event.body), ("", 0))[0]
    about = [each for each in subjects(event, step) if is_known(state, each)]
    if not about:
        return state if orders is state.orders else replace(state, orders=orders)
    said = word(event)
    return replace(state, orders=orders, words={**state.words, **dict.fromkeys(about, said)})


def ordered(orders: dict[str, tuple[str, int]], event: e.Event) -> dict[str, tuple[str, int]]:
    """By action the step that it was first named with."""
    body = event.body
    if not isinstance(body, e.ActionRequested | e.ActionStarted | e.ActionEnded) or body.action in orders:
        return orders
    return {**orders, body.action: (body.step, event.seq)}


def is_known(state: RunState, subject: str) -> bool:
    """Whether the run has what an event names."""
    step = step_in(subject)
    return not step or step in state.steps
