"""`evolve(state, event) -> state`: what each event makes true. The only place where a `RunState` is made.

Invariant: pure, total, never mutates. `fold(a + b) == fold(b, fold(a))`, whatever the events: one that does not fit
(a step the profile does not have, a second `run.started`, a decision after the end) moves the sequence numbers and
nothing else. Telemetry changes probes, seats and what is shown of a running action. It must never raise on an event
that decoded, and never read a clock: what an event needs to know, it carries.

What events of one matter change stands in `settled`, `doing`, `troubled`, `turned`, `passing`, `signed` and
`observed`; here is the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from cockpit.profile.unverified import unverified
from cockpit.run import (
    branching,
    doing,
    hands,
    happened,
    observed,
    passing,
    sampled,
    settled,
    signed,
    subjects,
    troubled,
    turned,
)
from cockpit.run import events as e
from cockpit.run.state import EMPTY, RunState
from cockpit.run.state_people import Pen
from cockpit.run.state_walk import StepState
from cockpit.run.state_watch import ProbeState
from cockpit.run.walk import go_on


def evolve(state: RunState, event: e.Event) -> RunState:
    """The state after `event`."""
    if "person" in event.actor.proven and not isinstance(event.body, e.OperatorIdentified):
        event = replace(event, actor=passing.credible(state, event.actor))
    change = _CHANGES.get(type(event.body))
    if change is not None and (state.status == "live" or type(event.body) in _ANY_TIME):
        state = happened.still_in_conflict(change(state, event, event.body))
    state = subjects.noted(signed.to_be_signed(state, event), event) if event.is_fact else state
    return replace(
        state,
        last_seq=event.seq,
        last_fact_seq=event.seq if event.is_fact else state.last_fact_seq,
        last=event.instant,
        pen=passing.acted(state, event) if event.is_fact else state.pen,
    )


def fold(events: Iterable[e.Event], state: RunState = EMPTY) -> RunState:
    """The state after all `events`, in order: what `evolve` gives one by one, what probes say taken in at once."""
    told: list[e.Event] = []
    fact_seq, last = state.last_fact_seq, None
    for event in events:
        last, fact_seq = event, event.seq if event.is_fact else fact_seq
        if isinstance(event.body, _OF_PROBES):
            if state.status == "live":
                told.append(event)
            continue
        state = evolve(state, event)
    if last is None:
        return state
    probes = sampled.told(state.probes, told) if told else state.probes
    return replace(state, probes=probes, last_seq=last.seq, last_fact_seq=fact_seq, last=last.instant)


def _run_started(state: RunState, event: e.Event, body: e.RunStarted) -> RunState:
    if state.status != "empty":
        return state
    state = replace(
        state,
        run=event.run,
        status="live",
        started=body,
        began=event.instant,
        steps={step.id: StepState() for _, step in body.profile.every_step()},
        probes={probe.id: ProbeState() for probe in body.profile.probes},
        pen=Pen(user=event.actor.user, host=event.actor.host, by=event.actor, since=event.instant),
    )
    for run, reason in body.despite.items():
        state = settled.deviate(state, event, "second_run", run, reason)
    if body.rehearsal_reason:
        state = settled.deviate(state, event, "rehearsal", body.profile.environment, body.rehearsal_reason)
    for each in unverified(body.profile):
        state = settled.deviate(state, event, "unverified", each.where, each.reason)
    if body.trust.unreviewed:
        state = settled.deviate(state, event, "unreviewed", body.profile.environment, body.trust.unreviewed)
    return go_on(state, event, after="")


_CHANGES: dict[type[e.Body], Callable[[RunState, e.Event, Any], RunState]] = {
    e.RunStarted: _run_started,
    e.RunFinished: settled.run_ended,
    e.RunAborted: settled.run_ended,
    e.PhaseEntered: settled.phase_entered,
    e.PhaseLeft: settled.phase_left,
    e.StepConfirmed: settled.step_confirmed,
    e.StepDoneOutside: settled.step_done_outside,
    e.StepSkipped: settled.step_skipped,
    e.StepReopened: settled.step_reopened,
    e.CursorJumped: settled.cursor_jumped,
    e.GateOverridden: settled.gate_overridden,
    e.GateChanged: settled.gate_changed,
    e.StepCountersigned: settled.step_countersigned,
    e.SecondWaived: settled.second_waived,
    e.ActionRequested: doing.action_requested,
    e.ActionStarted: doing.action_started,
    e.ActionOutput: doing.action_output,
    e.ActionCancelled: doing.action_cancelled,
    e.ActionEnded: doing.action_ended,
    e.ActionSettled: doing.action_settled,
    e.WaitBegan: doing.wait_began,
    e.WaitStopped: doing.wait_stopped,
    e.WaitCompleted: doing.wait_completed,
    e.WaitEndedEarly: doing.wait_ended_early,
    e.WaitRestarted: doing.wait_restarted,
    e.StepDue: doing.step_due,
    e.HoldPlaced: troubled.hold_placed,
    e.HoldReleased: troubled.hold_released,
    e.TriggerFired: troubled.trigger_fired,
    e.TriggerCleared: troubled.trigger_cleared,
    e.TriggerRaised: troubled.trigger_raised,
    e.TriggerAnswered: troubled.trigger_answered,
    e.PlansJudged: turned.plans_judged,
    e.RollbackChosen: turned.rollback_chosen,
    e.RollbackLeft: turned.rollback_left,
    e.PenAsked: passing.pen_asked,
    e.PenOffered: passing.pen_offered,
    e.PenWithdrawn: passing.pen_withdrawn,
    e.PenPassed: passing.pen_passed,
    e.PenTaken: passing.pen_taken,
    e.HeadSigned: signed.head_signed,
    e.SigningFailed: signed.signing_failed,
    e.SignatureWaived: signed.signature_waived,
    e.PlaceAccepted: troubled.place_accepted,
    e.KeeperStarted: observed.keeper_started,
    e.KeeperStopRequested: troubled.keeper_stop_requested,
    e.KeeperStopped: observed.keeper_stopped,
    e.KeeperMoved: observed.keeper_moved,
    e.KeeperAccepted: hands.accepted,
    e.TargetSeen: observed.target_seen,
    e.ClockStepped: observed.clock_stepped,
    e.ProbeChanged: observed.probe_told,
    e.ProbesSampled: observed.probe_told,
    e.OperatorAttached: passing.operator_attached,
    e.OperatorDetached: passing.operator_detached,
    e.OperatorMoved: passing.operator_moved,
    e.OperatorIdentified: passing.operator_identified,
    e.LogRecovered: observed.log_recovered,
    e.LogContinued: observed.log_continued,
    e.LogFilled: observed.log_filled,
    e.StoreLeft: branching.store_left,
    e.StoreReturned: branching.store_returned,
    e.BranchMerged: branching.branch_merged,
    e.BranchTold: branching.branch_told,
    e.ConflictSettled: happened.conflict_settled,
    e.UnknownBody: observed.unknown,
}
"""What each kind of event changes. `note.added`, `alert.sent`, `store.restored` and `store.waited_for` change nothing:
they are told."""

_OF_PROBES = (e.ProbeChanged, e.ProbesSampled)
"""Change probes and nothing else, and nothing else changes them: they commute with all other events of a live run."""
_ANY_TIME = frozenset(
    {
        e.RunStarted, e.KeeperStopped, e.OperatorAttached, e.OperatorDetached, e.OperatorMoved, e.LogRecovered,
        e.LogContinued, e.UnknownBody, e.HeadSigned, e.SigningFailed,
        e.ActionStarted, e.ActionOutput, e.ActionEnded, e.StoreReturned, e.BranchMerged, e.BranchTold,
        e.ConflictSettled,
    }
)  # fmt: skip
"""Events that count before the start and after the end too: giving a run up does not stop what it began."""
