"""What calls waiting people: when the bell rings, what the terminal's title says, when the advisor opens by itself."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.run.numbering import find_step, phase_label, step_label
from cockpit.run.state import RunState

_ENDED_BADLY = ("failed", "timed_out", "unknown")


def rings(before: RunState, after: RunState) -> bool:
    """Whether something happened for which people who look elsewhere are to look here."""
    if before is after:
        return False
    if after.status != before.status or (after.hold is not None and before.hold is None):
        return True
    return len(after.fired) > len(before.fired) or bool(set(_calls(after)) - set(_calls(before)))


def _calls(state: RunState) -> Iterator[tuple[str, str, str]]:
    """What asks for a person: ended actions, waits that are over or stopped, set times that have come."""
    for step_id, step in state.steps.items():
        if step.action is not None and not step.action.is_under_way:
            yield "ended", step_id, step.action.action + step.action.status
        if step.wait is not None and step.wait.status in ("completed", "stopped"):
            yield "wait", step_id, f"{step.wait.status} {step.wait.breaches}"
        if step.due is not None:
            yield "due", step_id, str(step.attempt)


def title(state: RunState) -> str:
    """Where the run stands, for the terminal's title; what fired stands before it."""
    place = f"{state.profile.environment.upper()} {state.profile.id}"
    place = f"REHEARSAL {place}" if state.is_rehearsal else place
    if state.fired and state.status == "live":
        worst = next((each for each in state.fired if each.severity == "immediate"), state.fired[0])
        return f"{worst.severity.upper()} {worst.trigger or 'raised by hand'} · {place}"
    back = "ROLLING BACK " if state.rollback is not None and state.status == "live" else ""
    return f"{place} {back}{where(state)}"


def where(state: RunState) -> str:
    """The place of the cursor, with what is the matter there."""
    if state.cursor is None:
        return state.status
    if state.cursor.step is None:
        return phase_label(state.profile, state.cursor.phase)
    step = state.steps[state.cursor.step]
    word = step.action.status.replace("_", " ") if step.action is not None else ""
    word = f"wait {step.wait.status.replace('_', ' ')}" if step.wait is not None else word
    word = word or ("due" if step.due is not None else "")
    return f"{step_label(state.profile, state.cursor.step)}{f': {word}' if word else ''}"


class Proposals:
    """The advisor opens by itself once for each try that ended badly and names a plan; never for what is old."""

    def __init__(self, state: RunState) -> None:
        self._told = {name for name, _ in _wanted(state)}

    def waits(self, state: RunState) -> str:
        """The plan that the advisor is to open with; empty: it is not to open."""
        return next((plan for action, plan in _wanted(state) if action not in self._told), "")

    def told(self, state: RunState) -> None:
        """It was opened, whatever came of it."""
        self._told |= {name for name, _ in _wanted(state)}


def _wanted(state: RunState) -> list[tuple[str, str]]:
    """The try at the cursor and the plan that its step names, if it ended badly."""
    action = state.action
    if state.status != "live" or action is None or action.status not in _ENDED_BADLY or state.rollback is not None:
        return []
    found = find_step(state.profile, action.step)
    return [(action.action, found[1].on_failure)] if found is not None and found[1].on_failure else []
