"""The rules, each alone: why something is refused now, and what would make it possible.

Each function answers `None` if its rule does not object. `decide` says which rules guard which command and in what
order. Every refusal is two visible sentences fit for one line each; no rule reads a clock.
"""

from __future__ import annotations

from cockpit.run.commands import Command, PlanCommand, Refusal
from cockpit.run.holding import holder_called, holds
from cockpit.run.numbering import gate_conditions, gate_label, phase_label, step_label
from cockpit.run.people import called
from cockpit.run.state import RunState
from cockpit.run.state_walk import GateState
from cockpit.run.walk import open_steps
from cockpit.text import counted, shortened, visible

KEEPER_SILENCE_S = 3.0
"""A keeper beats twice a second; one that has not for this long cannot vouch for a gate."""

TEXT_LIMIT = 4000
"""Characters of a reason or a note: with evidence beside it, a line of the log stays under its limit."""

_QUOTE = 120


def not_live(state: RunState) -> Refusal | None:
    """Nothing is done before the start, after the end, or by a cockpit that does not understand the log."""
    if state.status == "empty":
        return Refusal("the run has not started", "start it with: cockpit run FILE", "not_started")
    if state.status != "live":
        return Refusal(f"the run is over: it was {state.status}", "start a new run", "over")
    if state.unknown_types:
        kinds = ", ".join(shortened(kind, 40) for kind in state.unknown_types[:3])
        return Refusal(f"this cockpit does not know {kinds}, written by a newer one", "update cockpit", "read_only")
    return None


def watching(command: Command) -> Refusal | None:
    """A watching seat notes and holds; it does not act, although the pen is its person's."""
    if command.role == "acting":
        return None
    return Refusal("this screen is watching", "P takes your pen up here", "watching")


def other_epoch(state: RunState, command: Command) -> Refusal | None:
    """What was decided under one pen is not done under another, not even if it has come back to the same person."""
    pen = state.pen
    if pen is None or not command.pen_epoch or command.pen_epoch == pen.epoch:
        return None
    at = f" at {pen.since.at:%H:%M:%S} UTC" if pen.since is not None else ""
    if not holds(state, command.actor):
        return Refusal(f"{holder_called(state)} got the pen{at}: nothing was done", "P asks for it", "other_epoch")
    between = shortened(pen.previous, 60) or "somebody else"
    why = f"the pen was moved to {between} and back since this key was pressed: nothing was done"
    if pen.epoch - command.pen_epoch == 1:
        why = "the pen came to you since this key was pressed: nothing was done"
    return Refusal(why, "look at the run as it is now, and press again", "other_epoch")


def not_pen(state: RunState, command: Command) -> Refusal | None:
    """Only who holds the pen acts."""
    if holds(state, command.actor):
        return None
    away = state.pen is not None and state.pen.host != command.actor.host
    where = f" from {visible(state.pen.host)}" if state.pen is not None and away else ""
    why = f"{holder_called(state)} holds the pen{where}"
    return Refusal(why, "P asks for it; anyone may note and hold", "not_pen")


def held(state: RunState) -> Refusal | None:
    """Nothing of the plan moves while the line is stopped."""
    if state.hold is None:
        return None
    why = f"{called(state.hold.by)} holds the run: {shortened(state.hold.reason, _QUOTE)}"
    return Refusal(why, "release the hold first, with a reason", "held")


def alarmed(state: RunState) -> Refusal | None:
    """Nothing goes on forward while an immediate trigger waits for its answer."""
    if state.rollback is not None:
        return None
    names = {trigger.id: trigger.title for trigger in state.profile.triggers}
    for fired in state.fired:
        if fired.severity == "immediate":
            told = visible(names.get(fired.trigger) or fired.trigger or fired.reason)
            why = f"a trigger waits for an answer: {shortened(told, _QUOTE)}"
            return Refusal(why, "roll back, or answer to go on, with a reason", "trigger_unanswered")
    return None


def not_current(state: RunState, command: PlanCommand, step_id: str) -> Refusal | None:
    """A key acts on what was painted when it was pressed, or not at all."""
    cursor = state.cursor
    if cursor is not None and cursor.step == step_id and cursor.opened_seq == command.painted_seq:
        return None
    if cursor is not None and cursor.step is None and cursor.opened_seq == command.painted_seq:
        where = f"phase {phase_label(state.profile, cursor.phase)}"
        if cursor.is_leaving:
            return Refusal(f"{where} has not been left", "leave the phase first", "phase_not_left")
        return Refusal(f"{where} has not been entered", "enter the phase first", "phase_not_entered")
    return Refusal(_what_became_of(state, step_id), "look at what is current now, and press again", "not_current")


def door_not_current(state: RunState, command: PlanCommand, gate: str) -> Refusal | None:
    """As `not_current`, for entering or leaving a phase, by the gate's id."""
    cursor = state.cursor
    if cursor is None or cursor.gate != gate or cursor.opened_seq != command.painted_seq:
        kind, _, phase_id = gate.partition(":")
        done = "left" if kind == "exit" else "entered"
        why = f"phase {phase_label(state.profile, phase_id)} is not waiting to be {done}"
        return Refusal(why, "look at what is current now, and press again", "not_current")
    return None


def gate_not_current(state: RunState, command: PlanCommand, gate: str) -> Refusal | None:
    """As `not_current`, for a gate."""
    if state.cursor is None or state.cursor.gate != gate or state.cursor.opened_seq != command.painted_seq:
        why = f"{gate_label(state.profile, gate)} is no longer current"
        return Refusal(why, "look at what is current now, and press again", "not_current")
    return None


def _what_became_of(state: RunState, step_id: str) -> str:
    label = step_label(state.profile, step_id)
    step = state.steps.get(step_id)
    if step is not None and step.status != "open" and step.by is not None and step.settled is not None:
        if step.status == "conflict":
            return f"{label} is in CONFLICT: two sides settled it"
        if step.status == "not_applicable":
            return f"{label} does not apply: {shortened(step.reason, _QUOTE)}"
        how = {"confirmed": "confirmed", "skipped": "skipped"}.get(step.status, "recorded as done outside")
        return f"{called(step.by)} {how} {label} at {step.settled.at:%H:%M:%S} UTC"
    return f"{label} is no longer as it was shown" if step is not None else f"the profile has no step {label}"


def gate_shut(state: RunState, command: PlanCommand) -> Refusal | None:
    """The gate at the cursor passes by a living keeper, or a person opened it; a place without a gate is open."""
    gate = _gate_at_cursor(state)
    if gate is None or gate.overridden_by:
        return None
    refusal = keeper_silent(command)
    if refusal is not None:
        return refusal
    assert state.cursor is not None
    where = f"the gate of {gate_label(state.profile, state.cursor.gate)}"
    if gate.opened_seq != state.cursor.opened_seq or gate.verdict == "pending":
        return Refusal(f"{where} has no fresh readings yet", "wait for them, or override the gate", "gate_pending")
    if state.is_rehearsal and not state.cursor.is_considering:
        return None  # what would make it hold was not done: it is shown and written down, and binds nobody
    if gate.verdict == "blocked":
        why = f"{where} is blocked: {_objection(gate, False)}"
        return Refusal(why, "wait until it holds, or override the gate with a reason", "gate_blocked")
    if gate.verdict == "unknown":
        why = f"{where} cannot be judged: {_objection(gate, None)}"
        return Refusal(why, "probe again, or override the gate with a reason", "gate_unknown")
    return None


def keeper_silent(command: PlanCommand) -> Refusal | None:
    """A gate's verdict counts only while a keeper stands behind it."""
    sight = command.keeper
    if sight.alive and sight.silent_s <= KEEPER_SILENCE_S:
        return None
    if sight.is_unknown:
        why = "whether the keeper on another host lives cannot be seen, so the gate's verdict does not count"
        return Refusal(why, "wait until the database answers, or override the gate with a reason", "keeper_unknown")
    if sight.alive and sight.is_unheard:
        why = "no keeper has been heard of yet, so the gate's verdict does not count"
        instead = "wait a second for its first beat, or override the gate with a reason"
        return Refusal(why, instead, "keeper_silent")
    silence = "no keeper is running" if not sight.alive else f"the keeper has been silent for {sight.silent_s:.0f} s"
    why = f"{silence}, so the gate's verdict does not count"
    return Refusal(why, "wait for a keeper, or override the gate with a reason", "keeper_silent")


def nothing_to_override(state: RunState, command: PlanCommand) -> Refusal | None:
    """An override is for a gate that a person could not pass otherwise."""
    gate = _gate_at_cursor(state)
    if gate is None:
        return Refusal("there is no gate here", "go on without an override", "no_gate")
    if gate.overridden_by:
        return Refusal(f"{visible(gate.overridden_by)} has overridden this gate already", "go on", "already_overridden")
    if gate_shut(state, command) is None:
        return Refusal("the gate passes", "go on without an override", "gate_passes")
    return None


def _gate_at_cursor(state: RunState) -> GateState | None:
    if state.cursor is None or not gate_conditions(state.profile, state.cursor.gate):
        return None
    return state.gates.get(state.cursor.gate, GateState())


def _objection(gate: GateState, holds: bool | None) -> str:
    for verdict in gate.conditions:
        if verdict.holds is holds:
            detail = f" ({shortened(verdict.detail, _QUOTE)})" if verdict.detail else ""
            return f"{shortened(verdict.condition, _QUOTE)}{detail}"
    return "a condition does not hold" if holds is False else "its readings are stale or in error"


def no_reason(text: str, *, what: str = "reason") -> Refusal | None:
    """What goes against the plan says why."""
    if not text.strip():
        return Refusal(f"a {what} is needed", f"write the {what} in a few words", "no_reason")
    if len(visible(text)) > TEXT_LIMIT:
        return Refusal(f"the {what} is longer than {TEXT_LIMIT} characters", f"shorten the {what}", "too_long")
    return None


def wrong_word(typed: str, word: str) -> Refusal | None:
    """The word that friction asks for, exactly."""
    if not word or typed.strip() == word:
        return None
    return Refusal(f"this asks for the word {visible(word)}", f"type {visible(word)} to go on", "typed_word")


def unsettled(state: RunState) -> Refusal | None:
    """A run is finished when every step is settled."""
    left = open_steps(state)
    if not left and state.cursor is not None:
        where = phase_label(state.profile, state.cursor.phase)
        return Refusal(f"phase {where} has not been left", "leave it, or override its exit gate", "phase_not_left")
    if not left:
        return None
    names = ", ".join(step_label(state.profile, step_id) for step_id in left[:3]) + (", …" if len(left) > 3 else "")
    return Refusal(
        f"{counted(len(left), 'step is', 'steps are')} not settled: {names}",
        "confirm or skip every step, or abort the run",
        "unsettled_steps",
    )
