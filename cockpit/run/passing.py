"""Who is here, and how the pen moves: a part of `evolve`.

Invariant: as `evolve`. The pen moves by `pen.passed` and `pen.taken` alone, each time to a higher epoch; an event of
another epoch than the pen's changes nothing.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run.people import is_nobody_known, name_of, same_holder, same_person
from cockpit.run.settled import deviate
from cockpit.run.state import RunState
from cockpit.run.state_people import LeftSeat, Pen, PenAsk, PenOffer, SeatState

LEFT = 8
"""So many screens that went are remembered."""
ASKS = 64
"""So many people who wait for the pen are remembered: more than there are, whatever a log says."""

# ---- seats -------------------------------------------------------------------------------------------------------


def operator_attached(state: RunState, event: e.Event, body: e.OperatorAttached) -> RunState:
    known = state.seats.get(body.seat)
    seat = SeatState(
        seat=body.seat,
        user=event.actor.user,
        role=body.role,
        since=known.since if known is not None else event.instant,
        by=event.actor,
        version=body.version,
        at=_place(state, body.at),
        active=event.instant,
    )
    return replace(state, seats={**state.seats, body.seat: seat})


def operator_detached(state: RunState, event: e.Event, body: e.OperatorDetached) -> RunState:
    seat = state.seats.get(body.seat)
    if seat is None:
        return state
    left = LeftSeat(seat=seat, when=event.instant, reason=body.reason, is_gone=body.found == "gone")
    seats = {name: each for name, each in state.seats.items() if name != body.seat}
    offer = state.pen_offer
    return replace(
        state,
        seats=seats,
        left=(*state.left, left)[-LEFT:],
        pen_asked=tuple(ask for ask in state.pen_asked if ask.seat != body.seat),
        pen_offer=None if offer is not None and offer.seat == body.seat else offer,
    )


def operator_moved(state: RunState, event: e.Event, body: e.OperatorMoved) -> RunState:
    seat = state.seats.get(body.seat)
    if seat is None:
        return state
    seat = replace(seat, at=_place(state, body.step), active=event.instant)
    return replace(state, seats={**state.seats, body.seat: seat})


def _place(state: RunState, step: str | None) -> str | None:
    """A step that there is; of one that there is not, nothing is known but that they tell where they look."""
    return step if step is None or step in state.steps else ""


def proved(state: RunState, event: e.Event, body: e.OperatorIdentified) -> RunState:
    """From here on it is known who sits at this account by this key."""
    actor = event.actor
    if "person" not in actor.proven or (actor.person, actor.signer) != (body.person, body.key):
        return state
    return replace(state, identified=state.identified | {_identity(actor)})


def operator_identified(state: RunState, event: e.Event, body: e.OperatorIdentified) -> RunState:
    """The pen of a run that they began under the name that they now proved is theirs."""
    known = state
    state = proved(state, event, body)
    if state is known:
        return state
    seat, pen = state.seats.get(body.seat), state.pen
    if pen is not None and pen.by is not None and _only_claimed(pen.by, event.actor):
        state = replace(state, pen=replace(pen, by=event.actor))
    if seat is None:
        return state
    return replace(state, seats={**state.seats, body.seat: replace(seat, by=event.actor)})


def credible(state: RunState, actor: e.Actor) -> e.Actor:
    """The actor as far as this log shows it: a name that no `operator.identified` in it proves is a claim."""
    if "person" not in actor.proven or _identity(actor) in state.identified:
        return actor
    return replace(actor, proven=tuple(field for field in actor.proven if field not in ("person", "signer")))


def _identity(actor: e.Actor) -> tuple[str, str, str, str]:
    return actor.user, actor.host, actor.person, actor.signer


def _only_claimed(claimed: e.Actor, proven: e.Actor) -> bool:
    """Whether the one, by the same account, is who the other only said to be."""
    is_one_account = (claimed.user, claimed.host) == (proven.user, proven.host)
    return (
        is_one_account and "person" not in claimed.proven and bool(claimed.person) and claimed.person == proven.person
    )


# ---- the pen -----------------------------------------------------------------------------------------------------


def pen_asked(state: RunState, event: e.Event, body: e.PenAsked) -> RunState:
    if state.pen is None or state.pen.epoch != body.epoch:
        return state
    ask = PenAsk(by=event.actor, seat=body.seat, since=event.instant, reason=body.reason)
    others = tuple(each for each in state.pen_asked if not same_person(each.by, event.actor))
    return replace(state, pen_asked=(*others, ask)[-ASKS:])


def pen_offered(state: RunState, event: e.Event, body: e.PenOffered) -> RunState:
    if state.pen is None or state.pen.epoch != body.epoch:
        return state
    return replace(state, pen_offer=PenOffer(seat=body.seat, to=body.to, since=event.instant))


def pen_withdrawn(state: RunState, event: e.Event, body: e.PenWithdrawn) -> RunState:
    """Whoever declines an offer asks no more; whoever declines an ask still offers what they offered."""
    if state.pen is None or state.pen.epoch != body.epoch:
        return state
    if body.declined == "ask":
        return replace(state, pen_asked=())
    others = tuple(ask for ask in state.pen_asked if not same_person(ask.by, event.actor))
    return replace(state, pen_offer=None, pen_asked=others)


def pen_passed(state: RunState, event: e.Event, body: e.PenPassed) -> RunState:
    """As it was agreed: no deviation."""
    if state.pen is not None and body.epoch <= state.pen.epoch:
        return state
    return _moved(state, event, body.epoch, body.seat)


def pen_taken(state: RunState, event: e.Event, body: e.PenTaken) -> RunState:
    """One that an older cockpit wrote counts whatever its epoch, which grows all the same."""
    epoch = body.epoch
    if state.pen is not None and epoch <= state.pen.epoch:
        if body.found:
            return state
        epoch = state.pen.epoch + 1
    where = f"from {body.previous}" if body.previous else ""
    return deviate(_moved(state, event, epoch, body.seat, body.reason), event, "pen", where, body.reason)


def _moved(state: RunState, event: e.Event, epoch: int, seat: str, reason: str = "") -> RunState:
    """Who acts from here on is the first person: what they agreed to as the second one has none any more."""
    actor = event.actor
    is_unknown = is_nobody_known(actor, state.profile.shared_accounts)
    steps = {
        step_id: replace(step, countersigned_by="", countersigner=None)
        if step.status == "open" and (second := step.countersigner) and (is_unknown or same_person(second, actor))
        else step
        for step_id, step in state.steps.items()
    }
    before = state.pen
    previous = "" if before is None else name_of(before.by) if before.by is not None else before.user
    pen = Pen(
        user=actor.user,
        host=actor.host,
        epoch=epoch,
        by=actor,
        since=event.instant,
        previous=previous,
        seat=seat,
        reason=reason,
    )
    return replace(state, pen=pen, pen_asked=(), pen_offer=None, steps=steps, seats=_roles(state, seat))


def _roles(state: RunState, acting: str) -> dict[str, SeatState]:
    """One seat acts from here on. Which one, older logs do not tell: their seats stay as they were."""
    if not acting:
        return state.seats
    return {name: replace(seat, role="acting" if name == acting else "watching") for name, seat in state.seats.items()}


def acted(state: RunState, event: e.Event) -> Pen | None:
    """The pen, with when its holder last did anything."""
    pen = state.pen
    if pen is None or (pen.user, pen.host) != (event.actor.user, event.actor.host) or event.type in e.BY_MACHINE:
        return pen
    is_holder = pen.by is None or same_holder(pen.by, event.actor)
    return replace(pen, acted=event.instant) if is_holder else pen
