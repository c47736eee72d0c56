"""What a branch did happens here: now, or once a person says that it counts. A part of `branching`.

Invariant: as `evolve`. What only the branch's own keeper and screens could know (readings, verdicts on gates, who sat
there) changes nothing here: this side's keeper looks for itself. Nothing that was asked for there is begun here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from cockpit.run import doing, observed, passing, settled, troubled, turned
from cockpit.run import events as e
from cockpit.run.conflicts import label
from cockpit.run.numbering import find_step, gate_label
from cockpit.run.settled import afresh, deviate, with_step
from cockpit.run.state import RunState
from cockpit.run.state_branch import Conflict
from cockpit.run.state_walk import StepState, StepStatus
from cockpit.run.subjects import step_in
from cockpit.run.walk import leave, route, stand_on


def happen(state: RunState, fact: e.Event) -> RunState:
    """The state after a fact that was told; what is of the other side alone changes nothing."""
    change = _CHANGES.get(type(fact.body))
    if change is None or state.started is None:
        return state
    if state.status != "live" and not isinstance(fact.body, _ALSO_AFTER_THE_END):
        return state
    return change(state, fact, fact.body)


def _step_settled(state: RunState, fact: e.Event, body: Any) -> RunState:
    """A step that was settled there. Off the way that is walked here it is settled all the same: it was done."""
    step = state.steps.get(body.step)
    if step is None or step.status not in ("open", "not_applicable"):
        return state
    if step.status == "not_applicable":
        state = with_step(state, body.step, replace(step, status="open"))
    if state.status == "live" and body.step in route(state):
        return _SETTLING[type(body)](state, fact, body)
    evidence, reason = getattr(body, "current", ()), getattr(body, "reason", "")
    return settled.recorded(state, fact, body.step, _STATUS[type(body)], reason=reason, evidence=evidence)


_SETTLING: dict[type[e.Body], Callable[[RunState, e.Event, Any], RunState]] = {
    e.StepConfirmed: settled.step_confirmed,
    e.StepDoneOutside: settled.step_done_outside,
    e.StepSkipped: settled.step_skipped,
}
_STATUS: dict[type[e.Body], StepStatus] = {
    e.StepConfirmed: "confirmed",
    e.StepDoneOutside: "done_outside",
    e.StepSkipped: "skipped",
}


def _action_started(state: RunState, fact: e.Event, body: e.ActionStarted) -> RunState:
    """It was begun there: until its end is told, how it ended is not known here, and nobody begins it again."""
    request = e.ActionRequested(action=body.action, step=body.step, attempt=body.attempt, epoch=0)
    state = doing.action_requested(state, replace(fact, body=request, type=request.type), request)
    step = state.steps.get(body.step)
    if step is None or step.action is None or step.action.action != body.action:
        return state
    state = doing.action_started(state, fact, body)
    step = state.steps[body.step]
    if step.action is None or step.action.status != "running":
        return state
    action = replace(step.action, status="unknown", detail="begun on a branch; its end was not told")
    return with_step(state, body.step, replace(step, action=action))


def _gate_overridden(state: RunState, fact: e.Event, body: e.GateOverridden) -> RunState:
    """It opened a gate there. Here it opens none."""
    return deviate(state, fact, "override", gate_label(state.profile, body.gate), body.reason)


def _keeper_accepted(state: RunState, fact: e.Event, body: e.KeeperAccepted) -> RunState:
    return deviate(state, fact, "hands", f"keeper {body.epoch}", "; ".join(body.shown))


def _keeper_stopped(state: RunState, fact: e.Event, body: e.KeeperStopRequested) -> RunState:
    return deviate(state, fact, "keeper", f"epoch {body.epoch}, of a branch", body.reason)


def _signature_waived(state: RunState, fact: e.Event, body: e.SignatureWaived) -> RunState:
    return deviate(state, fact, "unsigned", "on a branch", body.reason)


def _reopened(state: RunState, fact: e.Event, body: e.StepReopened) -> RunState:
    return settled.step_reopened(state, fact, body) if body.step in route(state) else state


_CHANGES: dict[type[e.Body], Callable[[RunState, e.Event, Any], RunState]] = {
    e.RunFinished: settled.run_ended,
    e.RunAborted: settled.run_ended,
    e.PhaseEntered: settled.phase_entered,
    e.PhaseLeft: settled.phase_left,
    e.StepConfirmed: _step_settled,
    e.StepDoneOutside: _step_settled,
    e.StepSkipped: _step_settled,
    e.StepReopened: _reopened,
    e.CursorJumped: settled.cursor_jumped,
    e.GateOverridden: _gate_overridden,
    e.StepCountersigned: settled.step_countersigned,
    e.SecondWaived: settled.second_waived,
    e.ActionStarted: _action_started,
    e.ActionEnded: doing.action_ended,
    e.ActionSettled: doing.action_settled,
    e.WaitBegan: doing.wait_began,
    e.WaitStopped: doing.wait_stopped,
    e.WaitCompleted: doing.wait_completed,
    e.WaitEndedEarly: doing.wait_ended_early,
    e.WaitRestarted: doing.wait_restarted,
    e.StepDue: doing.step_due,
    e.TriggerFired: troubled.trigger_fired,
    e.TriggerCleared: troubled.trigger_cleared,
    e.TriggerRaised: troubled.trigger_raised,
    e.TriggerAnswered: troubled.trigger_answered,
    e.RollbackChosen: turned.rollback_chosen,
    e.RollbackLeft: turned.rollback_left,
    e.PenPassed: passing.pen_passed,
    e.PenTaken: passing.pen_taken,
    e.SignatureWaived: _signature_waived,
    e.ConflictSettled: lambda state, fact, body: conflict_settled(state, fact, body),
    e.PlaceAccepted: troubled.place_accepted,
    e.KeeperStopRequested: _keeper_stopped,
    e.KeeperAccepted: _keeper_accepted,
    e.UnknownBody: observed.unknown,
}
_ALSO_AFTER_THE_END = (
    e.StepConfirmed, e.StepDoneOutside, e.StepSkipped, e.ActionStarted, e.ActionEnded, e.GateOverridden, e.UnknownBody,
)  # fmt: skip
"""What was done is told also of a run that was ended here."""


# ---- settling ----------------------------------------------------------------------------------------------------


def conflict_settled(state: RunState, event: e.Event, body: e.ConflictSettled) -> RunState:
    conflict = next((each for each in state.conflicts if each.subject == body.subject), None)
    if conflict is None:
        return state
    state = replace(state, conflicts=tuple(each for each in state.conflicts if each is not conflict))
    state = deviate(state, event, "conflict", label(state, conflict.subject), body.reason)
    if (step_id := step_in(conflict.subject)) and step_id in state.steps:
        state = _reckoned(state, event, step_id, conflict, is_branch=body.counts == "branch")
    elif body.counts == "branch" and state.status == "live":
        for told in conflict.told:
            state = happen(state, replace(told, seq=event.seq))
    return state


def still_in_conflict(state: RunState) -> RunState:
    """The state without conflicts over steps that were opened again: what both sides did is done anew, or undone."""
    if not state.conflicts:
        return state
    left = tuple(
        each
        for each in state.conflicts
        if not (step := step_in(each.subject)) or state.steps[step].status == "conflict"
    )
    return state if len(left) == len(state.conflicts) else replace(state, conflicts=left)


def _reckoned(state: RunState, event: e.Event, step_id: str, conflict: Conflict, *, is_branch: bool) -> RunState:
    known = state.steps[step_id]
    if not is_branch and conflict.was != "open":
        return with_step(state, step_id, replace(known, status=conflict.was))
    opened = afresh(known, known.attempt) if is_branch else replace(known, status="open")
    state = _opened(state, event, step_id, replace(opened, attempt=known.attempt))
    if not is_branch:
        return state
    for told in conflict.told:
        state = happen(state, replace(told, seq=event.seq))
    return state


def _opened(state: RunState, event: e.Event, step_id: str, opened: StepState) -> RunState:
    """The state with a step that is open again, and the cursor on it if it is walked and the run lives."""
    if state.status != "live" or step_id not in route(state):
        return with_step(state, step_id, opened)
    state = with_step(leave(state, event), step_id, opened)
    found = find_step(state.profile, step_id)
    assert found is not None
    left = {phase: at for phase, at in state.phases_left.items() if phase != found[0].id}
    return stand_on(replace(state, phases_left=left), event, step_id)
