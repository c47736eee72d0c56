"""What calls waiting people: when the bell rings, what the terminal's title says, when the advisor opens by itself."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.run.events import Actor
from cockpit.run.failing import Failure, failure
from cockpit.run.holding import ask_of, holds, is_offered_to
from cockpit.run.numbering import phase_label, step_label
from cockpit.run.people import name_of
from cockpit.run.state import RunState
from cockpit.run.walk import waits_to_be_finished

SETTLE_S = 5.0
"""How long a gate has to be blocked before the advisor opens: readings may settle meanwhile."""


def rings(before: RunState, after: RunState) -> bool:
    """Whether something happened for which people who look elsewhere are to look here."""
    if before is after:
        return False
    if after.status != before.status or (after.hold is not None and before.hold is None):
        return True
    return len(after.fired) > len(before.fired) or bool(set(_calls(after)) - set(_calls(before)))


def rings_for(before: RunState, after: RunState, actor: Actor) -> bool:
    """Whether this person is asked for the pen, is offered it, or is answered."""
    if holds(after, actor) and holds(before, actor):
        was = {(ask.seat, ask.since) for ask in before.pen_asked}
        declined = before.pen_offer is not None and after.pen_offer is None
        return declined or any((ask.seat, ask.since) not in was for ask in after.pen_asked)
    if holds(after, actor):
        return False  # by their own doing
    if is_offered_to(after, actor) and not is_offered_to(before, actor):
        return True
    return ask_of(before, actor) is not None and ask_of(after, actor) is None


def _calls(state: RunState) -> Iterator[tuple[str, str, str]]:
    """What asks for a person: ended actions, waits that are over or stopped, set times that have come."""
    for step_id, step in state.steps.items():
        if step.action is not None and not step.action.is_under_way:
            yield "ended", step_id, step.action.action + step.action.status
        if step.wait is not None and step.wait.status in ("completed", "stopped"):
            yield "wait", step_id, f"{step.wait.status} {step.wait.breaches}"
        if step.due is not None:
            yield "due", step_id, str(step.attempt)


def title(state: RunState, actor: Actor | None = None) -> str:
    """Where the run stands, for the terminal's title; what fired stands before it, else what `actor` is asked about
    the pen.
    """
    place = f"{state.profile.environment.upper()} {state.profile.id}"
    place = f"REHEARSAL {place}" if state.is_rehearsal else place
    if state.fired and state.status == "live":
        worst = next((each for each in state.fired if each.severity == "immediate"), state.fired[0])
        return f"{worst.severity.upper()} {worst.trigger or 'raised by hand'} · {place}"
    if actor is not None and state.status == "live":
        if is_offered_to(state, actor):
            return f"THE PEN IS OFFERED TO YOU · {place}"
        if state.pen_asked and state.pen_offer is None and holds(state, actor):
            return f"{name_of(state.pen_asked[0].by)} ASKS FOR THE PEN · {place}"
    back = "ROLLING BACK " if state.rollback is not None and state.status == "live" else ""
    return f"{place} {back}{where(state)}"


def where(state: RunState) -> str:
    """The place of the cursor, with what is the matter there."""
    if state.cursor is None:
        return "to be finished" if waits_to_be_finished(state) else state.status
    if state.cursor.step is None:
        return phase_label(state.profile, state.cursor.phase)
    step = state.steps[state.cursor.step]
    word = step.action.status.replace("_", " ") if step.action is not None else ""
    word = f"wait {step.wait.status.replace('_', ' ')}" if step.wait is not None else word
    word = word or ("due" if step.due is not None else "")
    return f"{step_label(state.profile, state.cursor.step)}{f': {word}' if word else ''}"


class Proposals:
    """The advisor opens by itself once for each failure that names a plan; never for what is old."""

    def __init__(self, state: RunState) -> None:
        self._told = _wanted(state)
        self._seen = ""
        self._since_s = 0.0

    def waits(self, state: RunState, now_s: float) -> str:
        """The plan that the advisor is to open with; empty: it is not to open. `now_s`: on any steady clock."""
        failed = _wanted(state)
        if failed is None or (self._told is not None and failed.of == self._told.of):
            self._seen = ""
            return ""
        if failed.of != self._seen:
            self._seen, self._since_s = failed.of, now_s
        return failed.plan if failed.is_final or now_s - self._since_s >= SETTLE_S else ""

    def told(self, state: RunState) -> None:
        """It was opened, whatever came of it."""
        self._told = _wanted(state)


def _wanted(state: RunState) -> Failure | None:
    """What failed at the cursor, on the way forward."""
    return failure(state) if state.rollback is None else None
