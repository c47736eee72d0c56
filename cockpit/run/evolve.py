"""`evolve(state, event) -> state`: what each event makes true. The only place where a `RunState` is made.

Invariant: pure, total, never mutates. `fold(a + b) == fold(b, fold(a))`, whatever the events: one that does not fit
(a step the profile does not have, a second `run.started`, anything after the end) moves the sequence numbers and
nothing else. Telemetry changes probes and seats only. It must never raise on an event that decoded, and never read a
clock: what an event needs to know, it carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run import observed
from cockpit.run.numbering import gate_label, phase_label, step_label
from cockpit.run.readings import Evidence
from cockpit.run.state import (
    EMPTY,
    Deviation,
    Hold,
    Pen,
    ProbeState,
    RunState,
    StepState,
    StepStatus,
)
from cockpit.run.walk import current_gate, go_on, is_past_a_shut_door, leave, stand_on


def evolve(state: RunState, event: e.Event) -> RunState:
    """The state after `event`."""
    change = _CHANGES.get(type(event.body))
    if change is not None and (state.status == "live" or type(event.body) in _ANY_TIME):
        state = change(state, event, event.body)
    return replace(
        state,
        last_seq=event.seq,
        last_fact_seq=event.seq if event.is_fact else state.last_fact_seq,
        last=event.instant,
    )


def fold(events: Iterable[e.Event], state: RunState = EMPTY) -> RunState:
    """The state after all `events`, in order."""
    for event in events:
        state = evolve(state, event)
    return state


# ---- the run -----------------------------------------------------------------------------------------------------


def _run_started(state: RunState, event: e.Event, body: e.RunStarted) -> RunState:
    if state.status != "empty":
        return state
    steps = {step.id: StepState() for _, step in body.profile.steps()}
    state = replace(
        state,
        run=event.run,
        status="live",
        started=body,
        began=event.instant,
        steps=steps,
        probes={probe.id: ProbeState() for probe in body.profile.probes},
        pen=Pen(user=event.actor.user, host=event.actor.host),
    )
    for run, reason in body.despite.items():
        state = _deviate(state, event, "second_run", run, reason)
    return go_on(state, event, after="")


def _run_ended(state: RunState, event: e.Event, body: e.RunFinished | e.RunAborted) -> RunState:
    status = "finished" if isinstance(body, e.RunFinished) else "aborted"
    return replace(leave(state, event), status=status, ended=event.instant, cursor=None, hold=None)


# ---- phases and steps --------------------------------------------------------------------------------------------


def _phase_entered(state: RunState, event: e.Event, body: e.PhaseEntered) -> RunState:
    if all(phase.id != body.phase for phase in state.profile.phases):
        return state
    state = replace(state, phases_entered={body.phase: event.instant} | state.phases_entered)
    if state.cursor is None or state.cursor.step is not None or state.cursor.phase != body.phase:
        return state
    phase = next(phase for phase in state.profile.phases if phase.id == body.phase)
    first = next((step.id for step in phase.steps if state.steps[step.id].status == "open"), None)
    return state if first is None else stand_on(state, event, first)


def _step_confirmed(state: RunState, event: e.Event, body: e.StepConfirmed) -> RunState:
    return _settle(state, event, body.step, "confirmed", evidence=body.current)


def _step_done_outside(state: RunState, event: e.Event, body: e.StepDoneOutside) -> RunState:
    return _settle(state, event, body.step, "done_outside", reason=body.reason, evidence=body.current)


def _step_skipped(state: RunState, event: e.Event, body: e.StepSkipped) -> RunState:
    return _settle(state, event, body.step, "skipped", reason=body.reason)


def _settle(
    state: RunState,
    event: e.Event,
    step_id: str,
    status: StepStatus,
    *,
    reason: str = "",
    evidence: tuple[Evidence, ...] = (),
) -> RunState:
    before = state.steps.get(step_id)
    if before is None or before.status != "open":
        return state
    is_current = state.cursor is not None and state.cursor.step == step_id
    state = leave(state, event) if is_current else state
    step = replace(
        state.steps[step_id],
        status=status,
        settled=event.instant,
        settled_seq=event.seq,
        by=event.actor,
        reason=reason,
        evidence=evidence,
    )
    state = replace(state, steps={**state.steps, step_id: step})
    if status != "confirmed":
        kind = "skip" if status == "skipped" else "done_outside"
        state = _deviate(state, event, kind, step_label(state.profile, step_id), reason)
    if is_current:
        return go_on(state, event, after=step_id)
    return _keep_off_empty_rooms(state, event)


def _keep_off_empty_rooms(state: RunState, event: e.Event) -> RunState:
    """Go on from the door of a phase whose last open step was settled from elsewhere."""
    if state.cursor is None or state.cursor.step is not None:
        return state
    phase = next(phase for phase in state.profile.phases if state.cursor and phase.id == state.cursor.phase)
    if any(state.steps[step.id].status == "open" for step in phase.steps):
        return state
    return go_on(state, event, after=phase.steps[-1].id)


def _step_reopened(state: RunState, event: e.Event, body: e.StepReopened) -> RunState:
    before = state.steps.get(body.step)
    if before is None or before.status == "open":
        return state
    state = leave(state, event)
    again = StepState(attempt=max(body.attempt, before.attempt + 1), spent_s=before.spent_s)
    state = replace(state, steps={**state.steps, body.step: again})
    state = _deviate(state, event, "reopen", step_label(state.profile, body.step), body.reason)
    return stand_on(state, event, body.step)


def _cursor_jumped(state: RunState, event: e.Event, body: e.CursorJumped) -> RunState:
    step = state.steps.get(body.step)
    if step is None or step.status != "open":
        return state
    where = step_label(state.profile, body.step)
    if body.left:
        where = f"{step_label(state.profile, body.left)} → {where}"
    if is_past_a_shut_door(state, body.step):
        phase = next(phase for phase, step in state.profile.steps() if step.id == body.step)
        where += f", entering phase {phase_label(state.profile, phase.id)} past its gate"
    state = _deviate(leave(state, event), event, "jump", where, body.reason)
    return stand_on(state, event, body.step)


# ---- gates, hold, pen ----------------------------------------------------------------------------------------------


def _gate_overridden(state: RunState, event: e.Event, body: e.GateOverridden) -> RunState:
    gate = current_gate(state, body.gate)
    if gate is None:
        return state
    gate = replace(gate, overridden_by=event.actor.user, override_reason=body.reason)
    state = replace(state, gates={**state.gates, body.gate: gate})
    return _deviate(state, event, "override", gate_label(state.profile, body.gate), body.reason)


def _gate_changed(state: RunState, event: e.Event, body: e.GateChanged) -> RunState:
    gate = current_gate(state, body.gate)
    if gate is None or gate.opened_seq != body.opened_seq:
        return state
    gate = replace(gate, verdict=body.verdict, conditions=body.conditions)
    return replace(state, gates={**state.gates, body.gate: gate})


def _hold_placed(state: RunState, event: e.Event, body: e.HoldPlaced) -> RunState:
    where = step_label(state.profile, state.cursor.step) if state.cursor and state.cursor.step else ""
    state = replace(state, hold=Hold(by=event.actor, reason=body.reason, since=event.instant))
    return _deviate(state, event, "hold", where, body.reason)


def _hold_released(state: RunState, event: e.Event, body: e.HoldReleased) -> RunState:
    return replace(state, hold=None)


def _pen_taken(state: RunState, event: e.Event, body: e.PenTaken) -> RunState:
    state = replace(state, pen=Pen(user=event.actor.user, host=event.actor.host, epoch=body.epoch))
    return _deviate(state, event, "pen", f"from {body.previous}" if body.previous else "", body.reason)


def _deviate(state: RunState, event: e.Event, kind: str, where: str, reason: str) -> RunState:
    deviation = Deviation(seq=event.seq, kind=kind, where=where, reason=reason, by=event.actor.user)
    return replace(state, deviations=(*state.deviations, deviation))


_CHANGES: dict[type[e.Body], Callable[[RunState, e.Event, Any], RunState]] = {
    e.RunStarted: _run_started,
    e.RunFinished: _run_ended,
    e.RunAborted: _run_ended,
    e.PhaseEntered: _phase_entered,
    e.StepConfirmed: _step_confirmed,
    e.StepDoneOutside: _step_done_outside,
    e.StepSkipped: _step_skipped,
    e.StepReopened: _step_reopened,
    e.CursorJumped: _cursor_jumped,
    e.GateOverridden: _gate_overridden,
    e.GateChanged: _gate_changed,
    e.HoldPlaced: _hold_placed,
    e.HoldReleased: _hold_released,
    e.PenTaken: _pen_taken,
    e.KeeperStarted: observed.keeper_started,
    e.KeeperStopped: observed.keeper_stopped,
    e.ProbeChanged: observed.probe_changed,
    e.ProbesSampled: observed.probes_sampled,
    e.OperatorAttached: observed.operator_attached,
    e.OperatorDetached: observed.operator_detached,
    e.LogRecovered: observed.log_recovered,
    e.UnknownBody: observed.unknown,
}
"""What each kind of event changes. `note.added` changes nothing: it is read where events are shown."""

_ANY_TIME = frozenset(
    {e.RunStarted, e.KeeperStopped, e.OperatorAttached, e.OperatorDetached, e.LogRecovered, e.UnknownBody}
)
"""Events that count before the start and after the end too."""
