"""Events as people read them: one short line each, the same on the screen's tail, in `cockpit log` and in a replay.

Every line is plain visible text; whatever came from outside is shown literally. Must never raise on any event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run.conflicts import label
from cockpit.run.elapsed import duration
from cockpit.run.events import BY_MACHINE
from cockpit.run.numbering import find_step, gate_label, phase_label, step_label
from cockpit.run.passing import credible
from cockpit.run.people import name_of
from cockpit.run.readings import Scalar
from cockpit.run.state import EMPTY, RunState, SeatState
from cockpit.run.told_lines import told_events
from cockpit.text import shortened, visible

_LINE = 240
_NAME = 24
KEEPER = "keeper"
"""Who is said to be behind these."""


def sentence(event: e.Event, state: RunState | None = None) -> str:
    """`ana  confirmed 1.2 Migrate (4 probes passing)`.

    `state` is any state of the same run from which titles and numbers are taken, before or after the event; without one
    ids stand in their place. A name that it does not show to be proven is not said.
    """
    say = _SAYINGS.get(type(event.body), _generic)
    if state is not None and "person" in event.actor.proven and not isinstance(event.body, e.OperatorIdentified):
        event = replace(event, actor=credible(state, event.actor))
    who = KEEPER if event.type in BY_MACHINE else shortened(name_of(event.actor), _NAME)
    return shortened(f"{who}  {say(event, event.body, state)}", _LINE)


def quantity(value: Scalar, unit: str = "") -> str:
    """A value as people read it: `1.4 %`, `yes`, `142 ms`; an empty text for no value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, float):
        text = f"{value:.4g}" if abs(value) < 1e6 else f"{value:.3e}"
    else:
        text = shortened(str(value), 80)
    return f"{text} {shortened(unit, 20)}" if unit else text


def _step(state: RunState | None, step_id: str) -> str:
    return step_label(state.profile, step_id) if state and state.started else visible(step_id)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _run_started(event: e.Event, body: e.RunStarted, state: RunState | None) -> str:
    profile = body.profile
    despite = f", despite {len(body.despite)} live" if body.despite else ""
    what = "began to rehearse" if body.rehearsal else "started"
    return f"{what} {profile.title or profile.id} on {profile.environment}{despite}{_because(body.rehearsal_reason)}"


def _phase_entered(event: e.Event, body: e.PhaseEntered, state: RunState | None) -> str:
    label = phase_label(state.profile, body.phase) if state and state.started else visible(body.phase)
    return f"entered phase {label}"


def _step_confirmed(event: e.Event, body: e.StepConfirmed, state: RunState | None) -> str:
    again = f", attempt {body.attempt}" if body.attempt > 1 else ""
    values = f": {', '.join(shortened(value, 80) for value in body.values.values())}" if body.values else ""
    to = f", sent by hand to {shortened(body.sent.get('to', ''), 60)}" if body.sent else ""
    second = f", with {shortened(body.second, 40)}" if body.second else ""
    unmet = f", rehearsed with {len(body.unmet)} unmet" if body.unmet else ""
    told = f"{_step(state, body.step)}{again}{values}{to}{second}{unmet}{_instead(state, body.not_taken)}"
    return f"{_verb(state, body.step)} {told}{tally(body.counts)}"


def _verb(state: RunState | None, step_id: str) -> str:
    found = find_step(state.profile, step_id) if state and state.started else None
    words = {"signoff": "signed off", "decision": "decided", "record": "recorded"}
    return words.get(found[1].behaviour, "confirmed") if found else "confirmed"


def tally(counts: dict[str, int]) -> str:
    """` (4 probes passing, 1 failing)`: the noun once, the worst last; empty for no probes."""
    order = {"pass": "passing", "warn": "warning", "fail": "failing", "error": "in error"}
    statuses = sorted(counts, key=lambda status: list(order).index(status) if status in order else len(order))
    parts: list[str] = []
    for status in statuses:
        noun = "" if parts else " probe" if counts[status] == 1 else " probes"
        parts.append(f"{counts[status]}{noun} {order.get(status, visible(status))}")
    return f" ({', '.join(parts)})" if parts else ""


def _gate_overridden(event: e.Event, body: e.GateOverridden, state: RunState | None) -> str:
    label = gate_label(state.profile, body.gate) if state and state.started else visible(body.gate)
    return f"overrode the gate of {label} ({body.verdict}){_instead(state, body.not_taken)}{_because(body.reason)}"


def _jumped(event: e.Event, body: e.CursorJumped, state: RunState | None) -> str:
    left = f" from {_step(state, body.left)}" if body.left else ""
    instead = _instead(state, body.not_taken)
    return f"jumped{left} to {_step(state, body.step)}{instead}{_because(body.reason)}"


def _noted(event: e.Event, body: e.NoteAdded, state: RunState | None) -> str:
    where = f" on {_step(state, body.step)}" if body.step else ""
    return f"note{where}: {body.text}"


def _pen_taken(event: e.Event, body: e.PenTaken, state: RunState | None) -> str:
    previous = f" from {body.previous}" if body.previous else ""
    found = f", who was {body.found}" if body.found and body.previous else ""
    return f"took the pen{previous}{found}{_because(body.reason)}"


def _detached(event: e.Event, body: e.OperatorDetached, state: RunState | None) -> str:
    if body.found != "gone":
        return f"detached{_because(body.reason)}"
    known = _seat(state, body.seat)
    whose = f"{shortened(name_of(known.by), _NAME)}'s screen" if known and known.by else "another's screen"
    return f"found that {whose} is gone"


def _seat(state: RunState | None, seat: str) -> SeatState | None:
    """A seat that is here, or was lately."""
    if state is None:
        return None
    return state.seats.get(seat) or next((each.seat for each in state.left if each.seat.seat == seat), None)


def _pen_withdrawn(event: e.Event, body: e.PenWithdrawn, state: RunState | None) -> str:
    told = {"offer": "declines the pen", "ask": "keeps the pen for now"}.get(body.declined, "offers the pen no more")
    return f"{told}{_because(body.reason)}"


def _head_signed(event: e.Event, body: e.HeadSigned, state: RunState | None) -> str:
    how = "countersigned" if body.is_countersignature else "signed"
    short = f"{shortened(body.digest[:4], 4)}·{shortened(body.digest[4:8], 4)}"
    return f"{how} the head at {body.seq} ({short}) as {shortened(body.principal, 2 * _NAME)}"


def _place_accepted(event: e.Event, body: e.PlaceAccepted, state: RunState | None) -> str:
    on = f"{shortened(body.kind, 40)} {shortened(body.source, 60)}".strip()
    return f"keeps this log on {on}, where locks and syncs cannot be trusted{_because(body.reason)}"


def _keeper_started(event: e.Event, body: e.KeeperStarted, state: RunState | None) -> str:
    warned = f"; {'; '.join(body.warnings)}" if body.warnings else ""
    by = f", by {event.actor.via}" if event.actor.via.startswith("systemd ") else ""
    return f"watching (epoch {body.epoch}, as {event.actor.user}@{event.actor.host}{by}){warned}"


def _keeper_accepted(event: e.Event, body: e.KeeperAccepted, state: RunState | None) -> str:
    other = f"other than keeper {body.previous} was" if body.previous != body.epoch else "on another target than before"
    reason = f" ({body.reason})" if body.reason else ""
    return f"lets keeper {body.epoch} act, {other}{_because('; '.join(body.shown))}{reason}"


def _keeper_moved(event: e.Event, body: e.KeeperMoved, state: RunState | None) -> str:
    left = f"; {len(body.unfinished)} unfinished: {', '.join(body.unfinished)}" if body.unfinished else ""
    return f"takes over from keeper {body.epoch} on {body.previous}, to {body.host}{left}{_because(body.reason)}"


def _keeper_stopped(event: e.Event, body: e.KeeperStopped, state: RunState | None) -> str:
    by_person = body.reason.startswith(("stopped by ", "killed by "))
    return f"was {body.reason}" if by_person else f"stopped watching{_because(body.reason)}"


def _probe_changed(event: e.Event, body: e.ProbeChanged, state: RunState | None) -> str:
    # The detail names what did not hold and what it was; the value beside it would say it twice.
    told = shortened(body.detail, 160) or quantity(body.value, body.unit)
    return f"{body.probe} {body.previous} → {body.status}{_because(told)}"


def _gate_changed(event: e.Event, body: e.GateChanged, state: RunState | None) -> str:
    if body.gate.startswith("if:"):
        return _considered(body, state)
    label = gate_label(state.profile, body.gate) if state and state.started else visible(body.gate)
    verdict = {"pass": "passes", "blocked": "is blocked", "unknown": "cannot be judged", "pending": "is being read"}
    return f"gate of {label} {verdict.get(body.verdict, body.verdict)}{_because(_objection(body))}"


def _considered(body: e.GateChanged, state: RunState | None) -> str:
    """Whether a step applies: one that does not is passed by, and this is all that tells of it."""
    label = _step(state, body.gate.removeprefix("if:"))
    told = {
        "pass": "applies", "blocked": "does not apply", "unknown": "may not apply: it cannot be judged",
        "pending": "may not apply: it is being read",
    }.get(body.verdict, body.verdict)  # fmt: skip
    return f"{label} {told}{_because(_objection(body))}"


def _objection(body: e.GateChanged) -> str:
    """What the first condition says that does not hold."""
    objection = next((v for v in body.conditions if not v.holds), None) if body.verdict != "pass" else None
    return shortened(objection.detail or objection.condition, 160) if objection else ""


def _step_of_action(state: RunState | None, action: str) -> str:
    for step_id, step in state.steps.items() if state else ():
        if step.action is not None and step.action.action == action:
            return _step(state, step_id)
    return "the action"


def _requested(event: e.Event, body: e.ActionRequested, state: RunState | None) -> str:
    again = f", attempt {body.attempt}" if body.attempt > 1 else ""
    return f"asked to run {_step(state, body.step)}{again}{_instead(state, body.not_taken)}"


def _action_started(event: e.Event, body: e.ActionStarted, state: RunState | None) -> str:
    how = {"dry_run": " (dry run)", "shown": " (shown only)", "rolled_back": " (to be rolled back)"}.get(body.mode, "")
    target = f" → {body.target}" if body.target else ""
    return f"runs {_step(state, body.step)}{how} as {shortened(body.runs_as, 60)}{target}"


def _action_ended(event: e.Event, body: e.ActionEnded, state: RunState | None) -> str:
    how = {
        "succeeded": "ended well", "failed": "FAILED", "timed_out": "TIMED OUT", "cancelled": "was cancelled",
        "refused": "was refused, nothing was done", "lapsed": "lapsed, nothing was done",
        "unknown": "ended UNKNOWN: it may have been done",
    }[body.outcome]  # fmt: skip
    took = f" after {body.duration_s:.0f} s" if body.duration_s >= 1 and body.outcome != "unknown" else ""
    return f"{_step(state, body.step)} {how}{took}{_because(shortened(body.detail, 160))}"


def _trigger(state: RunState | None, trigger: str) -> str:
    triggers = state.profile.triggers if state and state.started else ()
    found = next((each.title for each in triggers if each.id == trigger and each.title), trigger)
    return shortened(found, 80)


def _trigger_fired(event: e.Event, body: e.TriggerFired, state: RunState | None) -> str:
    told = next((v.detail or v.condition for v in body.conditions if v.holds), "")
    return f"trigger: {_trigger(state, body.trigger)}{_because(shortened(told, 160))}"


def _trigger_raised(event: e.Event, body: e.TriggerRaised, state: RunState | None) -> str:
    name = f" {_trigger(state, body.trigger)}" if body.trigger else ""
    return f"raised a trigger{name}{_because(body.reason)}"


def _plan(state: RunState | None, plan_id: str) -> str:
    plan = state.profile.plan(plan_id) if state and state.started else None
    return shortened(plan.title or plan.id if plan else plan_id, 80)


def _instead(state: RunState | None, not_taken: str) -> str:
    """What was proposed and not taken, by who did something else."""
    return f" (proposed: roll back by {_plan(state, not_taken)})" if not_taken else ""


def _rollback_chosen(event: e.Event, body: e.RollbackChosen, state: RunState | None) -> str:
    proposed = "" if body.proposed in ("", body.plan) else f" instead of {_plan(state, body.proposed)}"
    return f"rolls back by {_plan(state, body.plan)}{proposed}{_because(body.reason)}"


def _plans_judged(event: e.Event, body: e.PlansJudged, state: RunState | None) -> str:
    fitting = [_plan(state, plan) for plan, verdict in body.verdicts.items() if verdict == "pass"]
    return f"rollback plans that fit: {', '.join(fitting) or 'none for certain'}"


def _target_seen(event: e.Event, body: e.TargetSeen, state: RunState | None) -> str:
    how = {"match": "is what the profile says", "mismatch": "IS NOT what the profile says"}.get(
        body.verdict, "cannot be reached"
    )
    return f"target {visible(body.target)} {how}{_because(shortened(body.detail, 160))}"


def _wait_began(event: e.Event, body: e.WaitBegan, state: RunState | None) -> str:
    again = f" again, from the beginning: {shortened(body.detail, 120)}" if body.detail else ""
    return f"waits at {_step(state, body.step)} until {body.until:%H:%M:%S} UTC{again}"


def _alert_sent(event: e.Event, body: e.AlertSent, state: RunState | None) -> str:
    how = "called people" if body.ok else "could NOT call people"
    return f"{how} through {visible(body.channel)} about {shortened(body.about, 80)}{_because(body.detail)}"


def _continued(event: e.Event, body: e.LogContinued, state: RunState | None) -> str:
    lost = f"; {body.lost} lines of it are lost" if body.lost else ""
    return f"went on here from {shortened(body.former, 80)}{lost}{_because(body.trouble)}"


def _left(event: e.Event, body: e.StoreLeft, state: RunState | None) -> str:
    store = f" {shortened(body.store, 60)}" if body.store else ""
    return f"goes on OFFLINE, without the store{store}{_because(body.reason)}"


def _merged(event: e.Event, body: e.BranchMerged, state: RunState | None) -> str:
    facts = f"{body.facts} fact{'' if body.facts == 1 else 's'}"
    return f"merges a branch from seq {body.ancestor}: {facts} that were written elsewhere{_because(body.cause)}"


def _branch_told(event: e.Event, body: e.BranchTold, state: RunState | None) -> str:
    """What the fact says that it tells, in the words of whoever did it; a part may hold none, or a part of one."""
    told, rest = told_events(body.text)
    if not told:
        return (
            f"tells part {body.part} of a branch, without a fact" if not rest else f"tells part {body.part} of a branch"
        )
    fact = told[-1]
    if isinstance(fact.body, e.BranchTold | e.BranchMerged):
        return f"tells part {body.part} of a branch"
    more = f" (and {len(told) - 1} before it)" if len(told) > 1 else ""
    return f"branch, {fact.instant.at:%H:%M:%S} UTC: {sentence(fact, state)}{more}"


def _conflict_settled(event: e.Event, body: e.ConflictSettled, state: RunState | None) -> str:
    about = label(state or EMPTY, body.subject)
    which = "the branch" if body.counts == "branch" else "this log"
    return f"settles the conflict over {about}: what {which} says counts{_because(body.reason)}"


def _restored(event: e.Event, body: e.StoreRestored, state: RunState | None) -> str:
    count = body.last - body.first + 1
    which = f"lines {body.first} to {body.last}" if count > 1 else f"line {body.first}"
    told = f"{body.facts} of them facts" if count > 1 and body.facts else "a fact" if body.facts else "no fact"
    before, now = body.timeline_before, body.timeline
    how = f" in a failover, timeline {before} to {now}" if now > before > 0 else ""
    how = " WITHOUT a failover" if now == before > 0 else how
    return f"put back {which}, lost by the database{how} ({told}), from the copy on {visible(event.actor.host)}"


def _waited_for(event: e.Event, body: e.StoreWaitedFor, state: RunState | None) -> str:
    dropped = f"; {body.samples_dropped} samples of readings were left out" if body.samples_dropped else ""
    why = f": {visible(body.detail)}" if body.detail else ""
    return f"could not write for {duration(body.away_s)}; what it saw meanwhile is in the log now{dropped}{why}"


def _sampled(event: e.Event, body: e.ProbesSampled, state: RunState | None) -> str:
    return f"sampled {len(body.readings)} probes"


def _generic(event: e.Event, body: e.Body, state: RunState | None) -> str:
    return f"{event.type} (not known to this version)"


def _identified(event: e.Event, body: e.OperatorIdentified, state: RunState | None) -> str:
    key = shortened(body.key, 60)
    if name_of(event.actor) != body.person:  # as no cockpit writes it
        return f"says that they are {shortened(body.person, _NAME)}, by the key {key}"
    return f"proved on the account {shortened(event.actor.user, _NAME)} who they are, by the key {key}"


_SAYINGS: dict[type[e.Body], Callable[[e.Event, Any, RunState | None], str]] = {
    e.RunStarted: _run_started,
    e.RunFinished: lambda event, body, state: "finished the run",
    e.RunAborted: lambda event, body, state: f"aborted the run{_because(body.reason)}",
    e.PhaseEntered: _phase_entered,
    e.StepConfirmed: _step_confirmed,
    e.StepDoneOutside: lambda event, body, state: (
        f"did {_step(state, body.step)} outside{_instead(state, body.not_taken)}{_because(body.reason)}"
    ),
    e.StepSkipped: lambda event, body, state: (
        f"skipped {_step(state, body.step)}{_instead(state, body.not_taken)}{_because(body.reason)}"
    ),
    e.StepReopened: lambda event, body, state: (
        f"reopened {_step(state, body.step)}, attempt {body.attempt}{_because(body.reason)}"
    ),
    e.CursorJumped: _jumped,
    e.GateOverridden: _gate_overridden,
    e.NoteAdded: _noted,
    e.HoldPlaced: lambda event, body, state: f"holds the run{_because(body.reason)}",
    e.HoldReleased: lambda event, body, state: f"released the hold{_because(body.reason)}",
    e.PenTaken: _pen_taken,
    e.PenAsked: lambda event, body, state: f"asks for the pen{_because(body.reason)}",
    e.PenOffered: lambda event, body, state: f"offers the pen to {shortened(body.to, _NAME)}",
    e.PenWithdrawn: _pen_withdrawn,
    e.PenPassed: lambda event, body, state: f"accepted the pen from {shortened(body.previous, 2 * _NAME)}",
    e.OperatorIdentified: _identified,
    e.OperatorMoved: lambda event, body, state: (
        f"looks at {_step(state, body.step)}" if body.step else "looks at what is due"
    ),
    e.HeadSigned: _head_signed,
    e.SigningFailed: lambda event, body, state: f"did not sign the head at {body.seq}{_because(body.reason)}",
    e.SignatureWaived: lambda event, body, state: (
        f"goes on without the signature of seq {body.seq}{_because(body.reason)}"
    ),
    e.PlaceAccepted: _place_accepted,
    e.KeeperStarted: _keeper_started,
    e.KeeperStopRequested: lambda event, body, state: f"stops the keeper (epoch {body.epoch}){_because(body.reason)}",
    e.KeeperStopped: _keeper_stopped,
    e.KeeperAccepted: _keeper_accepted,
    e.KeeperMoved: _keeper_moved,
    e.ProbesAsked: lambda event, body, state: f"has {len(body.probes) or 'the'} probes read at once",
    e.ProbeChanged: _probe_changed,
    e.GateChanged: _gate_changed,
    e.LogRecovered: lambda event, body, state: f"stepped over {body.length} damaged bytes in the log",
    e.LogContinued: _continued,
    e.StoreRestored: _restored,
    e.StoreWaitedFor: _waited_for,
    e.StoreLeft: _left,
    e.StoreReturned: lambda event, body, state: (
        f"brought {body.count} lines back into the store, as they were written: nobody had gone on there"
    ),
    e.BranchMerged: _merged,
    e.BranchTold: _branch_told,
    e.ConflictSettled: _conflict_settled,
    e.ProbesSampled: _sampled,
    e.PhaseLeft: lambda event, body, state: (
        f"left phase {phase_label(state.profile, body.phase) if state and state.started else visible(body.phase)}"
    ),
    e.StepCountersigned: lambda event, body, state: f"agreed to {_step(state, body.step)}, as the second person",
    e.SecondWaived: lambda event, body, state: (
        f"goes on with {_step(state, body.step)} without a second person{_because(body.reason)}"
    ),
    e.WaitEndedEarly: lambda event, body, state: f"cut {_step(state, body.step)} short{_because(body.reason)}",
    e.WaitRestarted: lambda event, body, state: f"begins {_step(state, body.step)} again",
    e.WaitBegan: _wait_began,
    e.WaitStopped: lambda event, body, state: f"stopped waiting at {_step(state, body.step)}{_because(body.detail)}",
    e.WaitCompleted: lambda event, body, state: f"the wait at {_step(state, body.step)} is over, all was well",
    e.StepDue: lambda event, body, state: f"{_step(state, body.step)} is due",
    e.ActionRequested: _requested,
    e.ActionStarted: _action_started,
    e.ActionOutput: lambda event, body, state: f"output of {_step_of_action(state, body.action)}",
    e.ActionEnded: _action_ended,
    e.ActionCancelled: lambda event, body, state: (
        f"asked to cancel {_step_of_action(state, body.action)}{_because(body.reason)}"
    ),
    e.ActionSettled: lambda event, body, state: (
        f"says that {_step_of_action(state, body.action)} {body.outcome}{_because(body.reason)}"
    ),
    e.TriggerFired: _trigger_fired,
    e.TriggerCleared: lambda event, body, state: f"trigger cleared: {_trigger(state, body.trigger)}",
    e.TriggerRaised: _trigger_raised,
    e.TriggerAnswered: lambda event, body, state: (
        f"goes on in spite of the trigger{_instead(state, body.not_taken)}{_because(body.reason)}"
    ),
    e.PlansJudged: _plans_judged,
    e.RollbackChosen: _rollback_chosen,
    e.RollbackLeft: lambda event, body, state: f"gave the rollback up, forward again{_because(body.reason)}",
    e.TargetSeen: _target_seen,
    e.AlertSent: _alert_sent,
    e.ClockStepped: lambda event, body, state: f"the clock of this host was set by {body.by_s:+.0f} s",
    e.OperatorAttached: lambda event, body, state: f"attached ({body.role})",
    e.OperatorDetached: _detached,
}
