"""Holds, triggers and a stopped keeper: a part of `evolve`.

Invariant: as `evolve`. A trigger stays until it is answered, also when what fired it is over. While the line is stopped
no step is passed by: whether one applies counts once the hold is released.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run.numbering import step_label
from cockpit.run.people import name_of
from cockpit.run.settled import considered, deviate
from cockpit.run.state import RunState
from cockpit.run.state_line import FiredTrigger, Hold
from cockpit.text import visible


def hold_placed(state: RunState, event: e.Event, body: e.HoldPlaced) -> RunState:
    where = step_label(state.profile, state.cursor.step) if state.cursor and state.cursor.step else ""
    state = replace(state, hold=Hold(by=event.actor, reason=body.reason, since=event.instant))
    return deviate(state, event, "hold", where, body.reason)


def hold_released(state: RunState, event: e.Event, body: e.HoldReleased) -> RunState:
    return considered(replace(state, hold=None), event)


def keeper_stop_requested(state: RunState, event: e.Event, body: e.KeeperStopRequested) -> RunState:
    if state.keeper is None or state.keeper.epoch != body.epoch:
        return state
    keeper = replace(state.keeper, stopped_by=name_of(event.actor), stop_reason=body.reason)
    return deviate(replace(state, keeper=keeper), event, "keeper", f"epoch {body.epoch}", body.reason)


def place_accepted(state: RunState, event: e.Event, body: e.PlaceAccepted) -> RunState:
    return deviate(state, event, "place", f"{body.kind} {body.source}", body.reason)


# ---- triggers ----------------------------------------------------------------------------------------------------


def trigger_fired(state: RunState, event: e.Event, body: e.TriggerFired) -> RunState:
    trigger = next((each for each in state.profile.triggers if each.id == body.trigger), None)
    if trigger is None or body.trigger in state.firing:
        return state
    fired = FiredTrigger(
        seq=event.seq,
        trigger=body.trigger,
        since=event.instant,
        by=event.actor,
        severity=trigger.severity,
        conditions=body.conditions,
    )
    return replace(state, fired=(*state.fired, fired), firing=state.firing | {body.trigger})


def trigger_cleared(state: RunState, event: e.Event, body: e.TriggerCleared) -> RunState:
    fired = tuple(
        replace(each, is_cleared=True) if each.trigger == body.trigger and each.conditions else each
        for each in state.fired
    )
    return replace(state, fired=fired, firing=state.firing - {body.trigger})


def trigger_raised(state: RunState, event: e.Event, body: e.TriggerRaised) -> RunState:
    trigger = next((each for each in state.profile.triggers if each.id == body.trigger), None)
    fired = FiredTrigger(
        seq=event.seq,
        trigger=body.trigger,
        since=event.instant,
        by=event.actor,
        reason=body.reason,
        severity=trigger.severity if trigger else "consider",
    )
    return replace(state, fired=(*state.fired, fired))


def trigger_answered(state: RunState, event: e.Event, body: e.TriggerAnswered) -> RunState:
    answered = [each for each in state.fired if each.seq in body.seqs]
    if not answered:
        return state
    names = ", ".join(visible(each.trigger) or "raised by hand" for each in answered)
    state = replace(state, fired=tuple(each for each in state.fired if each.seq not in body.seqs))
    return deviate(state, event, "trigger", names, body.reason)
