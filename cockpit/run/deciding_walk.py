"""Deciding about the walk: entering and leaving phases, settling steps, opening gates, going elsewhere.

Invariant: as `decide`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run import refusals as r
from cockpit.run import refusals_doing as rd
from cockpit.run import refusals_people as rp
from cockpit.run.advisor import not_taken
from cockpit.run.commands import Refusal
from cockpit.run.events import exit_gate, phase_gate
from cockpit.run.evidence import counts, evidence, recorded
from cockpit.run.friction import Dangerous, required_word
from cockpit.run.numbering import find_step, step_label
from cockpit.run.readings import ConditionVerdict, Verdict
from cockpit.run.state import RunState
from cockpit.run.walk import is_within_free_phase, route
from cockpit.text import visible

# ---- who may when ------------------------------------------------------------------------------------------------


def may_act(state: RunState, command: c.Command) -> Refusal | None:
    """Who holds the pen, and held it when the key was pressed, from a seat that acts."""
    return r.other_epoch(state, command) or r.not_pen(state, command) or r.watching(command)


def may_enter(state: RunState, command: c.EnterPhase) -> Refusal | None:
    return (
        may_act(state, command)
        or r.door_not_current(state, command, phase_gate(command.phase))
        or r.held(state)
        or r.alarmed(state)
        or r.gate_shut(state, command)
    )


def may_leave(state: RunState, command: c.LeavePhase) -> Refusal | None:
    return (
        may_act(state, command)
        or r.door_not_current(state, command, exit_gate(command.phase))
        or r.held(state)
        or r.alarmed(state)
        or r.gate_shut(state, command)
    )


def may_settle(state: RunState, command: c.ConfirmStep | c.SkipStep | c.RecordDoneOutside) -> Refusal | None:
    return (
        may_act(state, command) or r.not_current(state, command, command.step) or r.held(state) or rd.under_way(state)
    )


def may_skip(state: RunState, command: c.SkipStep) -> Refusal | None:
    """Leaving a step out goes forward; what was done outside is a fact, whatever fired meanwhile."""
    return may_settle(state, command) or r.alarmed(state)


def may_record_outside(state: RunState, command: c.RecordDoneOutside) -> Refusal | None:
    """Everything but an approval: that is a person's own, and nobody gives it by typing a name."""
    return may_settle(state, command) or rp.not_theirs_to_give(state, command.step)


def may_confirm(state: RunState, command: c.ConfirmStep) -> Refusal | None:
    refusal = may_settle(state, command) or r.alarmed(state) or rd.considering(state)
    if refusal is not None:
        return refusal
    found = find_step(state.profile, command.step)
    assert found is not None
    step, known = found[1], state.steps[command.step]
    return (
        rd.not_over(state, step, known)
        or rd.not_done(state, step, known)
        or rp.may_not_decide(state, step, command.actor)
        or r.gate_shut(state, command)
        or (rp.second_missing(state, command, step.id) if step.behaviour not in rd.ACTS else None)
    )


def may_override(state: RunState, command: c.OverrideGate) -> Refusal | None:
    return (
        may_act(state, command)
        or r.gate_not_current(state, command, command.gate)
        or r.held(state)
        or rd.under_way(state)
        or r.nothing_to_override(state, command)
    )


def may_jump(state: RunState, command: c.JumpTo) -> Refusal | None:
    return may_act(state, command) or r.held(state) or rd.under_way(state) or _not_a_target(state, command.step)


def _not_a_target(state: RunState, step_id: str) -> Refusal | None:
    label = step_label(state.profile, step_id)
    step = state.steps.get(step_id)
    if step is None:
        return Refusal(f"the profile has no step {label}", "choose one of its steps", "unknown_step")
    if step_id not in route(state):
        return Refusal(f"{label} is not on the way that is walked now", "choose one that is", "not_on_route")
    if step.status != "open":
        return Refusal(f"{label} is settled", "reopen it, with a reason", "settled")
    if state.cursor is not None and state.cursor.step == step_id:
        return Refusal(f"{label} is the current step", "go on with it", "already_current")
    return None


def may_reopen(state: RunState, command: c.ReopenStep) -> Refusal | None:
    refusal = may_act(state, command) or r.held(state) or rd.under_way(state)
    if refusal is not None:
        return refusal
    label = step_label(state.profile, command.step)
    step = state.steps.get(command.step)
    if step is None:
        return Refusal(f"the profile has no step {label}", "choose one of its steps", "unknown_step")
    if command.step not in route(state):
        return Refusal(f"{label} is not on the way that is walked now", "choose one that is", "not_on_route")
    if step.status == "open":
        return Refusal(f"{label} is not settled", "go on with it, or jump to it", "not_settled")
    return None


# ---- what is asked of the person ---------------------------------------------------------------------------------


def asks_nothing(state: RunState, command: c.Command) -> Refusal | None:
    return None


def asks_reason(state: RunState, command: Any) -> Refusal | None:
    return r.no_reason(command.reason)


def asks_reason_and_word(what: Dangerous) -> Callable[[RunState, Any], Refusal | None]:
    """A reason, and the word that friction asks for."""

    def asks(state: RunState, command: Any) -> Refusal | None:
        word = required_word(state, what, getattr(command, "step", ""), command.now)
        return r.no_reason(command.reason) or r.wrong_word(command.typed, word)

    return asks


def asks_value_and_word(state: RunState, command: c.ConfirmStep) -> Refusal | None:
    found = find_step(state.profile, command.step)
    assert found is not None
    word = required_word(state, "confirm", command.step, command.now)
    return rd.wrong_value(state, found[1], command.value) or r.wrong_word(command.typed, word)


def asks_reason_to_jump(state: RunState, command: c.JumpTo) -> Refusal | None:
    return None if is_within_free_phase(state, command.step) else r.no_reason(command.reason)


# ---- what becomes true -------------------------------------------------------------------------------------------


def entered(state: RunState, command: c.EnterPhase) -> tuple[e.Body, ...]:
    current = evidence(state, command.now)
    return (e.PhaseEntered(phase=command.phase, seen=recorded(command.seen), current=current),)


def left(state: RunState, command: c.LeavePhase) -> tuple[e.Body, ...]:
    current = evidence(state, command.now)
    return (e.PhaseLeft(phase=command.phase, seen=recorded(command.seen), current=current),)


def confirmed(state: RunState, command: c.ConfirmStep) -> tuple[e.Body, ...]:
    found = find_step(state.profile, command.step)
    assert found is not None
    known = state.steps[command.step]
    return (
        e.StepConfirmed(
            step=command.step,
            attempt=known.attempt,
            seen=recorded(command.seen),
            current=evidence(state, command.now),
            counts=counts(state, command.now),
            values=rd.values_of(found[1], command.value),
            sent=rd.sent_by_hand(state, found[1], known, command.digest),
            second=known.countersigned_by,
            unmet=_unmet(state),
            not_taken=not_taken(state, command.now),
        ),
    )


def _unmet(state: RunState) -> tuple[str, ...]:
    gate = state.gates.get(state.cursor.gate) if state.cursor and state.is_rehearsal else None
    return tuple(verdict.condition for verdict in gate.conditions if verdict.holds is not True) if gate else ()


def done_outside(state: RunState, command: c.RecordDoneOutside) -> tuple[e.Body, ...]:
    return (
        e.StepDoneOutside(
            step=command.step,
            attempt=state.steps[command.step].attempt,
            reason=said(command.reason),
            current=evidence(state, command.now),
            not_taken=not_taken(state, command.now),
        ),
    )


def skipped(state: RunState, command: c.SkipStep) -> tuple[e.Body, ...]:
    attempt, plan = state.steps[command.step].attempt, not_taken(state, command.now)
    return (e.StepSkipped(step=command.step, attempt=attempt, reason=said(command.reason), not_taken=plan),)


def overridden(state: RunState, command: c.OverrideGate) -> tuple[e.Body, ...]:
    gate = state.gates.get(command.gate)
    step = state.cursor.step if state.cursor else None
    verdict: Verdict = gate.verdict if gate else "pending"
    conditions: tuple[ConditionVerdict, ...] = gate.conditions if gate else ()
    if r.keeper_silent(command) is not None:
        verdict = "unknown"  # whatever it was, nobody stands behind it now
    return (
        e.GateOverridden(
            gate=command.gate,
            attempt=state.steps[step].attempt if step else 1,
            reason=said(command.reason),
            verdict=verdict,
            conditions=conditions,
            current=evidence(state, command.now),
            not_taken=not_taken(state, command.now),
        ),
    )


def jumped(state: RunState, command: c.JumpTo) -> tuple[e.Body, ...]:
    from_step = state.cursor.step if state.cursor and state.cursor.step else ""
    plan = not_taken(state, command.now)
    return (e.CursorJumped(step=command.step, left=from_step, reason=said(command.reason), not_taken=plan),)


def reopened(state: RunState, command: c.ReopenStep) -> tuple[e.Body, ...]:
    attempt = state.steps[command.step].attempt + 1
    return (e.StepReopened(step=command.step, attempt=attempt, reason=said(command.reason)),)


def said(text: str) -> str:
    """A reason as the log keeps it: one visible line."""
    return visible(text.strip())
