"""The walk as people read it: the run, its phases, steps and doors. A part of `wording`."""

from __future__ import annotations

from cockpit.profile.unverified import unverified
from cockpit.run import events as e
from cockpit.run.numbering import find_step
from cockpit.run.phrases import Sayings, because, gate_named, instead, phase_named, step_named, tally
from cockpit.run.state import RunState
from cockpit.run.wording_trust import told_approvals, told_confirmed
from cockpit.text import counted, shortened


def _run_started(event: e.Event, body: e.RunStarted, state: RunState | None) -> str:
    profile = body.profile
    despite = f", despite {counted(len(body.despite), 'live run')}" if body.despite else ""
    what = "began to rehearse" if body.rehearsal else "started"
    unseen = unverified(profile)
    trusted = f", with {counted(len(unseen), 'server')} that nobody verifies" if unseen else ""
    on = f"{profile.title or profile.id} on {profile.environment}"
    return f"{what} {on}{despite}{trusted}{_approved(event, body.trust)}{because(body.rehearsal_reason)}"


def _approved(event: e.Event, trust: e.ProfileTrust) -> str:
    """What people did for the profile to be trusted: approvals that counted or were gone without, who confirmed it."""
    if trust.unreviewed:
        return f", WITHOUT the {counted(trust.wanted, 'approval')} of its profile{because(trust.unreviewed)}"
    told = told_approvals(trust)
    if trust.how in ("asked", "reviewed"):
        told = "; ".join(filter(None, (told, told_confirmed(trust, event.instant.at))))
    return f", its profile {told}" if told else ""


def _phase_entered(event: e.Event, body: e.PhaseEntered, state: RunState | None) -> str:
    return f"entered phase {phase_named(state, body.phase)}"


def _step_confirmed(event: e.Event, body: e.StepConfirmed, state: RunState | None) -> str:
    again = f", attempt {body.attempt}" if body.attempt > 1 else ""
    values = f": {', '.join(shortened(value, 80) for value in body.values.values())}" if body.values else ""
    to = f", sent by hand to {shortened(body.sent.get('to', ''), 60)}" if body.sent else ""
    second = f", with {shortened(body.second, 40)}" if body.second else ""
    unmet = f", rehearsed with {counted(len(body.unmet), 'condition')} unmet" if body.unmet else ""
    told = f"{step_named(state, body.step)}{again}{values}{to}{second}{unmet}{instead(state, body.not_taken)}"
    return f"{_verb(state, body.step)} {told}{tally(body.counts)}"


def _verb(state: RunState | None, step_id: str) -> str:
    found = find_step(state.profile, step_id) if state and state.started else None
    words = {"signoff": "signed off", "decision": "decided", "record": "recorded"}
    return words.get(found[1].behaviour, "confirmed") if found else "confirmed"


def _gate_overridden(event: e.Event, body: e.GateOverridden, state: RunState | None) -> str:
    gate = gate_named(state, body.gate)
    return f"overrode the gate of {gate} ({body.verdict}){instead(state, body.not_taken)}{because(body.reason)}"


def _jumped(event: e.Event, body: e.CursorJumped, state: RunState | None) -> str:
    left = f" from {step_named(state, body.left)}" if body.left else ""
    to = f"{step_named(state, body.step)}{instead(state, body.not_taken)}"
    return f"jumped{left} to {to}{because(body.reason)}"


SAYINGS: Sayings = {
    e.RunStarted: _run_started,
    e.RunFinished: lambda event, body, state: "finished the run",
    e.RunAborted: lambda event, body, state: f"aborted the run{because(body.reason)}",
    e.PhaseEntered: _phase_entered,
    e.PhaseLeft: lambda event, body, state: f"left phase {phase_named(state, body.phase)}",
    e.StepConfirmed: _step_confirmed,
    e.StepDoneOutside: lambda event, body, state: (
        f"did {step_named(state, body.step)} outside{instead(state, body.not_taken)}{because(body.reason)}"
    ),
    e.StepSkipped: lambda event, body, state: (
        f"skipped {step_named(state, body.step)}{instead(state, body.not_taken)}{because(body.reason)}"
    ),
    e.StepReopened: lambda event, body, state: (
        f"reopened {step_named(state, body.step)}, attempt {body.attempt}{because(body.reason)}"
    ),
    e.CursorJumped: _jumped,
    e.GateOverridden: _gate_overridden,
    e.StepCountersigned: lambda event, body, state: f"agreed to {step_named(state, body.step)}, as the second person",
    e.SecondWaived: lambda event, body, state: (
        f"goes on with {step_named(state, body.step)} without a second person{because(body.reason)}"
    ),
}
