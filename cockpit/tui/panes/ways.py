"""The ways on from where the run stands: which keys help now, most needed first. The hints and the step's pane agree.

These are hints, no rules: what a key is refused for, `decide` says. Names are those of the key map.
"""

from __future__ import annotations

from cockpit.profile.model import Step
from cockpit.run.deciding_signed import awaited
from cockpit.run.due import has_set_time
from cockpit.run.friction import needs_second
from cockpit.run.hands import other_hands
from cockpit.run.messages import template_of
from cockpit.run.numbering import find_step
from cockpit.run.state import RunState
from cockpit.run.state_walk import StepState
from cockpit.tui.panes.gate import gate_vouches
from cockpit.tui.panes.seen import Seen

Way = tuple[str, str]
"""A key's name in the key map, and the word for it here; an empty word: the key map's."""


def ways(seen: Seen) -> list[Way]:
    """For a seat that acts, at the cursor."""
    found = _ways(seen)
    if seen.state.cursor is None or not other_hands(seen.state).are_there:
        return found
    rest: list[Way] = [way for way in found if way[0] != "run"]
    shows: Way = ("run", "keeper…")
    return [*rest, shows] if seen.is_stopped else [shows, *rest]


def _ways(seen: Seen) -> list[Way]:
    state = seen.state
    first: list[Way] = [("rollback", ""), ("answer", "")] if state.fired else []
    if state.hold is not None:
        return [*first, ("hold", "release…"), *([] if state.fired else [("rollback", "")])]
    if awaited(state) and not seen.is_stopped:
        first = [*first, ("waive", "without it…")]
    if seen.is_stopped:
        running = state.action is not None and state.action.is_under_way
        return [*([("cancel", "")] if running else []), *first]
    if state.cursor is None:
        return [*first, ("finish", "")]
    if state.cursor.step is None:
        word = "leave phase" if state.cursor.is_leaving else "enter phase"
        return [*first, ("confirm", word), ("override", "")]
    step = state.steps[state.cursor.step]
    found = find_step(state.profile, state.cursor.step)
    return [*first, *(_at(seen, found[1], step) if found else [])]


def _at(seen: Seen, step: Step, known: StepState) -> list[Way]:
    state = seen.state
    if state.cursor is not None and state.cursor.is_considering:
        return [("override", "do it…"), ("skip", "")]
    if known.action is not None and known.action.is_under_way:
        return [("cancel", ""), ("output", "")]
    second: list[Way] = [("waive", "")] if needs_second(state, step.id, seen.now) else []
    by_gate: list[Way] = []
    if known.action is not None and known.action.status == "unknown" and gate_vouches(seen, step.id):
        by_gate = [("confirm", "by its gate")]
    return [*second, *by_gate, *_by_behaviour(state, step, known)]


def _by_behaviour(state: RunState, step: Step, known: StepState) -> list[Way]:
    rest: list[Way] = [("skip", ""), ("override", ""), ("outside", "")]
    if has_set_time(step) and known.due is None:
        return [("end_wait", "early…"), ("skip", "")]
    match step.behaviour:
        case "action":
            return _of_action(state, known, rest)
        case "message":
            if known.action is not None and known.action.status == "succeeded":
                return [("confirm", ""), ("output", "")]
            template = template_of(state, step)
            send: list[Way] = [("run", "send")] if template is not None and template.channel else []
            return [*send, ("copy", ""), ("confirm", "sent by hand"), ("skip", "")]
        case "wait":
            if known.wait is None or known.wait.status == "running":
                return [("end_wait", ""), ("skip", "")]
            if known.wait.status == "stopped":
                return [("end_wait", "again, early…"), ("skip", "")]
            return [("confirm", ""), *rest]
        case "signoff":
            return [("approve", ""), ("skip", ""), ("override", "")]
        case "record":
            return [("confirm", "enter…"), *rest]
        case "decision":
            return [("confirm", "choose…"), *rest]
        case "confirm" | "checkpoint":
            return [("confirm", ""), *rest]


def _of_action(state: RunState, known: StepState, rest: list[Way]) -> list[Way]:
    action = known.action
    if action is None:
        return [("run", ""), *rest]
    if action.status == "succeeded":
        return [("confirm", ""), ("output", ""), ("override", ""), ("rollback", "")]
    if action.status == "unknown":
        found = find_step(state.profile, action.step)
        again: list[Way] = [] if found is not None and found[1].requires else [("run", "again…")]
        return [("settle", ""), *again, ("output", ""), ("skip", ""), ("rollback", "")]
    return [("run", "again"), ("skip", ""), ("hold", ""), ("rollback", ""), ("output", "")]
