"""`decide(state, command) -> events | Refusal`: what is allowed, and what then is a fact.

Invariant: pure. It reads no clock and does no I/O; time, identity and the sight of the keeper arrive in the command.
What it returns is true only once the log has it: the caller appends it against `state.last_fact_seq` and decides again
if another fact came first. A note, a hold and giving the run up are never blocked by a hold, a gate or a keeper.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run import refusals as r
from cockpit.run.commands import Refusal
from cockpit.run.evidence import counts, evidence, recorded
from cockpit.run.friction import required_word
from cockpit.run.numbering import step_label
from cockpit.run.readings import ConditionVerdict, Verdict
from cockpit.run.state import RunState
from cockpit.text import visible


def decide(state: RunState, command: c.Command) -> tuple[e.Body, ...] | Refusal:
    """The events that carrying `command` out would make, or why it is refused."""
    refusal = permission(state, command)
    if refusal is not None:
        return refusal
    _, asks, bodies = _RULES[type(command)]
    refusal = asks(state, command)
    return bodies(state, command) if refusal is None else refusal


def permission(state: RunState, command: c.Command) -> Refusal | None:
    """Why `command` is refused whatever its reason and typed word; None if only those remain to be asked for."""
    refusal = r.not_live(state)
    if refusal is not None:
        return refusal
    may, _, _ = _RULES[type(command)]
    return may(state, command)


# ---- what guards each command ------------------------------------------------------------------------------------


def _may_act(state: RunState, command: c.Command) -> Refusal | None:
    return r.watching(command) or r.not_pen(state, command)


def _may_move(state: RunState, command: c.Command) -> Refusal | None:
    return _may_act(state, command) or r.held(state)


def _may_enter(state: RunState, command: c.EnterPhase) -> Refusal | None:
    return (
        _may_act(state, command)
        or r.door_not_current(state, command, command.phase)
        or r.held(state)
        or r.gate_shut(state, command)
    )


def _may_confirm(state: RunState, command: c.ConfirmStep) -> Refusal | None:
    return _may_settle(state, command) or r.gate_shut(state, command)


def _may_settle(state: RunState, command: c.ConfirmStep | c.SkipStep | c.RecordDoneOutside) -> Refusal | None:
    return _may_act(state, command) or r.not_current(state, command, command.step) or r.held(state)


def _may_override(state: RunState, command: c.OverrideGate) -> Refusal | None:
    return (
        _may_act(state, command)
        or r.gate_not_current(state, command, command.gate)
        or r.held(state)
        or r.nothing_to_override(state, command)
    )


def _may_jump(state: RunState, command: c.JumpTo) -> Refusal | None:
    return _may_move(state, command) or _not_a_target(state, command.step)


def _not_a_target(state: RunState, step_id: str) -> Refusal | None:
    label = step_label(state.profile, step_id)
    step = state.steps.get(step_id)
    if step is None:
        return Refusal(f"the profile has no step {label}", "choose one of its steps", "unknown_step")
    if step.status != "open":
        return Refusal(f"{label} is settled", "reopen it, with a reason", "settled")
    if state.cursor is not None and state.cursor.step == step_id:
        return Refusal(f"{label} is the current step", "go on with it", "already_current")
    return None


def _may_reopen(state: RunState, command: c.ReopenStep) -> Refusal | None:
    refusal = _may_move(state, command)
    if refusal is not None:
        return refusal
    label = step_label(state.profile, command.step)
    step = state.steps.get(command.step)
    if step is None:
        return Refusal(f"the profile has no step {label}", "choose one of its steps", "unknown_step")
    if step.status == "open":
        return Refusal(f"{label} is not settled", "go on with it, or jump to it", "not_settled")
    return None


def _may_hold(state: RunState, command: c.PlaceHold) -> Refusal | None:
    if state.hold is None:
        return None
    return Refusal(f"{visible(state.hold.by.user)} holds the run already", "write a note instead", "already_held")


def _may_release(state: RunState, command: c.ReleaseHold) -> Refusal | None:
    if state.hold is None:
        return Refusal("nothing is held", "go on", "nothing_to_release")
    placed_it = (state.hold.by.user, state.hold.by.host) == (command.actor.user, command.actor.host)
    return None if placed_it else _may_act(state, command)


def _may_take_pen(state: RunState, command: c.TakePen) -> Refusal | None:
    refusal = r.watching(command)
    if refusal is None and r.has_pen(state, command):
        return Refusal("you hold the pen already", "go on", "already_pen")
    return refusal


def _may_finish(state: RunState, command: c.FinishRun) -> Refusal | None:
    return _may_act(state, command) or r.unsettled(state) or r.held(state)


def _anyone(state: RunState, command: c.Command) -> Refusal | None:
    return None


# ---- what each command asks of the person ------------------------------------------------------------------------


def _nothing(state: RunState, command: c.Command) -> Refusal | None:
    return None


def _reason(state: RunState, command: Any) -> Refusal | None:
    return r.no_reason(command.reason)


def _note(state: RunState, command: c.AddNote) -> Refusal | None:
    return r.no_reason(command.text, what="text")


def _confirm_word(state: RunState, command: c.ConfirmStep) -> Refusal | None:
    return r.wrong_word(command.typed, required_word(state, "confirm", command.step))


def _skip_reason_and_word(state: RunState, command: c.SkipStep) -> Refusal | None:
    return r.no_reason(command.reason) or r.wrong_word(command.typed, required_word(state, "skip", command.step))


def _override_reason_and_word(state: RunState, command: c.OverrideGate) -> Refusal | None:
    return r.no_reason(command.reason) or r.wrong_word(command.typed, required_word(state, "override"))


def _abort_reason_and_word(state: RunState, command: c.AbortRun) -> Refusal | None:
    return r.no_reason(command.reason) or r.wrong_word(command.typed, required_word(state, "abort"))


# ---- what each command makes true --------------------------------------------------------------------------------


def _entered(state: RunState, command: c.EnterPhase) -> tuple[e.Body, ...]:
    current = evidence(state, command.now)
    return (e.PhaseEntered(phase=command.phase, seen=recorded(command.seen), current=current),)


def _confirmed(state: RunState, command: c.ConfirmStep) -> tuple[e.Body, ...]:
    return (
        e.StepConfirmed(
            step=command.step,
            attempt=state.steps[command.step].attempt,
            seen=recorded(command.seen),
            current=evidence(state, command.now),
            counts=counts(state, command.now),
        ),
    )


def _done_outside(state: RunState, command: c.RecordDoneOutside) -> tuple[e.Body, ...]:
    return (
        e.StepDoneOutside(
            step=command.step,
            attempt=state.steps[command.step].attempt,
            reason=_said(command.reason),
            current=evidence(state, command.now),
        ),
    )


def _skipped(state: RunState, command: c.SkipStep) -> tuple[e.Body, ...]:
    attempt = state.steps[command.step].attempt
    return (e.StepSkipped(step=command.step, attempt=attempt, reason=_said(command.reason)),)


def _overridden(state: RunState, command: c.OverrideGate) -> tuple[e.Body, ...]:
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
            reason=_said(command.reason),
            verdict=verdict,
            conditions=conditions,
            current=evidence(state, command.now),
        ),
    )


def _jumped(state: RunState, command: c.JumpTo) -> tuple[e.Body, ...]:
    left = state.cursor.step if state.cursor and state.cursor.step else ""
    return (e.CursorJumped(step=command.step, left=left, reason=_said(command.reason)),)


def _reopened(state: RunState, command: c.ReopenStep) -> tuple[e.Body, ...]:
    attempt = state.steps[command.step].attempt + 1
    return (e.StepReopened(step=command.step, attempt=attempt, reason=_said(command.reason)),)


def _noted(state: RunState, command: c.AddNote) -> tuple[e.Body, ...]:
    step = command.step if command.step in state.steps else ""
    return (e.NoteAdded(text=visible(command.text.strip(), multiline=True), step=step),)


def _held(state: RunState, command: c.PlaceHold) -> tuple[e.Body, ...]:
    return (e.HoldPlaced(reason=_said(command.reason)),)


def _released(state: RunState, command: c.ReleaseHold) -> tuple[e.Body, ...]:
    return (e.HoldReleased(reason=_said(command.reason)),)


def _took_pen(state: RunState, command: c.TakePen) -> tuple[e.Body, ...]:
    previous = f"{state.pen.user}@{state.pen.host}" if state.pen else ""
    epoch = state.pen.epoch + 1 if state.pen else 1
    return (e.PenTaken(epoch=epoch, reason=_said(command.reason), previous=previous),)


def _finished(state: RunState, command: c.FinishRun) -> tuple[e.Body, ...]:
    return (e.RunFinished(),)


def _aborted(state: RunState, command: c.AbortRun) -> tuple[e.Body, ...]:
    return (e.RunAborted(reason=_said(command.reason)),)


def _said(text: str) -> str:
    return visible(text.strip())


_Rule = Callable[[RunState, Any], Refusal | None]
_RULES: dict[type[c.Command], tuple[_Rule, _Rule, Callable[[RunState, Any], tuple[e.Body, ...]]]] = {
    c.EnterPhase: (_may_enter, _nothing, _entered),
    c.ConfirmStep: (_may_confirm, _confirm_word, _confirmed),
    c.RecordDoneOutside: (_may_settle, _reason, _done_outside),
    c.SkipStep: (_may_settle, _skip_reason_and_word, _skipped),
    c.OverrideGate: (_may_override, _override_reason_and_word, _overridden),
    c.JumpTo: (_may_jump, _reason, _jumped),
    c.ReopenStep: (_may_reopen, _reason, _reopened),
    c.AddNote: (_anyone, _note, _noted),
    c.PlaceHold: (_may_hold, _reason, _held),
    c.ReleaseHold: (_may_release, _reason, _released),
    c.TakePen: (_may_take_pen, _reason, _took_pen),
    c.FinishRun: (_may_finish, _nothing, _finished),
    c.AbortRun: (_may_act, _abort_reason_and_word, _aborted),
}
"""For each command: who may when, what it asks for, what it makes true."""
