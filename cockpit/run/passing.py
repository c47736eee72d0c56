"""Who is here, and how the pen moves: a part of `evolve`.

Invariant: as `evolve`. The pen moves by `pen.passed` and `pen.taken` alone, each time to a higher epoch; an event of
another epoch than the pen's changes nothing.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run.people import same_person
from cockpit.run.settled import deviate
from cockpit.run.state import Pen, PenAsk, PenOffer, RunState, SeatState

# ---- seats -------------------------------------------------------------------------------------------------------


def operator_attached(state: RunState, event: e.Event, body: e.OperatorAttached) -> RunState:
    seat = SeatState(
        seat=body.seat,
        user=event.actor.user,
        role=body.role,
        since=event.instant,
        by=event.actor,
        version=body.version,
        active=event.instant,
    )
    return replace(state, seats={**state.seats, body.seat: seat})


def operator_detached(state: RunState, event: e.Event, body: e.OperatorDetached) -> RunState:
    return replace(state, seats={name: seat for name, seat in state.seats.items() if name != body.seat})


def operator_moved(state: RunState, event: e.Event, body: e.OperatorMoved) -> RunState:
    seat = state.seats.get(body.seat)
    if seat is None:
        return state
    at = body.step if body.step in state.steps else ""
    return replace(state, seats={**state.seats, body.seat: replace(seat, at=at, active=event.instant)})


def operator_identified(state: RunState, event: e.Event, body: e.OperatorIdentified) -> RunState:
    seat = state.seats.get(body.seat)
    if seat is None:
        return state
    return replace(state, seats={**state.seats, body.seat: replace(seat, by=event.actor)})


# ---- the pen -----------------------------------------------------------------------------------------------------


def pen_asked(state: RunState, event: e.Event, body: e.PenAsked) -> RunState:
    if state.pen is None or state.pen.epoch != body.epoch:
        return state
    ask = PenAsk(by=event.actor, seat=body.seat, since=event.instant, reason=body.reason)
    others = tuple(each for each in state.pen_asked if not same_person(each.by, event.actor))
    return replace(state, pen_asked=(*others, ask))


def pen_offered(state: RunState, event: e.Event, body: e.PenOffered) -> RunState:
    if state.pen is None or state.pen.epoch != body.epoch:
        return state
    return replace(state, pen_offer=PenOffer(seat=body.seat, to=body.to, since=event.instant))


def pen_withdrawn(state: RunState, event: e.Event, body: e.PenWithdrawn) -> RunState:
    if state.pen is None or state.pen.epoch != body.epoch:
        return state
    return replace(state, pen_offer=None)


def pen_passed(state: RunState, event: e.Event, body: e.PenPassed) -> RunState:
    """As it was agreed: no deviation."""
    if state.pen is not None and body.epoch <= state.pen.epoch:
        return state
    return _moved(state, event, body.epoch)


def pen_taken(state: RunState, event: e.Event, body: e.PenTaken) -> RunState:
    if body.found and state.pen is not None and body.epoch <= state.pen.epoch:
        return state
    where = f"from {body.previous}" if body.previous else ""
    return deviate(_moved(state, event, body.epoch), event, "pen", where, body.reason)


def _moved(state: RunState, event: e.Event, epoch: int) -> RunState:
    """Who acts from here on is the first person: what they agreed to as the second one has none any more."""
    actor = event.actor
    steps = {
        step_id: replace(step, countersigned_by="", countersigner=None)
        if step.status == "open" and step.countersigner is not None and same_person(step.countersigner, actor)
        else step
        for step_id, step in state.steps.items()
    }
    pen = Pen(user=actor.user, host=actor.host, epoch=epoch, by=actor, since=event.instant)
    return replace(state, pen=pen, pen_asked=(), pen_offer=None, steps=steps)
