"""Who holds the pen, and whether they are there: what counts when it is offered, asked for, accepted and taken.

Invariant: pure. Whose screens live is told by whoever asks (`here`: ids of seats, by their presence locks), since the
log cannot know it. The pen is a person's, by an account of a host: all seats of that person are the holder's.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Actor, Instant
from cockpit.run.people import called, called_at, same_holder
from cockpit.run.state import RunState
from cockpit.run.state_people import PenAsk, SeatState
from cockpit.text import visible

ANSWER_S = 30.0
"""Whoever was asked for the pen this long ago, and has done nothing for this long, counts as silent."""
SILENCE_S = 300.0
"""Whoever has pressed no key for this long counts as silent, asked or not."""

Presence = Literal["here", "silent", "gone"]


def holds(state: RunState, actor: Actor) -> bool:
    """Whether the pen is this actor's."""
    pen = state.pen
    if pen is None:
        return False
    return same_holder(pen.by, actor) if pen.by is not None else (pen.user, pen.host) == (actor.user, actor.host)


def holder_called(state: RunState) -> str:
    """What whoever holds the pen is called; `nobody` before the start."""
    if state.pen is None:
        return "nobody"
    return called(state.pen.by) if state.pen.by is not None else visible(state.pen.user)


def holder_at(state: RunState) -> str:
    """As `holder_called`, with the host: `ana@bastion-1`."""
    if state.pen is None:
        return "nobody"
    return called_at(state.pen.by or Actor(user=state.pen.user, host=state.pen.host))


def others_here(state: RunState, here: Collection[str]) -> tuple[SeatState, ...]:
    """The seats that the pen can be offered to: of others than its holder, whose screens live; longest here first."""
    return tuple(seat for seat in state.seats.values() if seat.seat in here and not _is_holders(state, seat))


def presence(state: RunState, here: Collection[str], now: Instant) -> Presence:
    """Whether whoever holds the pen is here and answers.

    `gone`: none of their screens lives. `silent`: they have pressed no key for `SILENCE_S`, or were asked for the pen
    `ANSWER_S` ago and neither answered nor did anything since.
    """
    if not any(seat.seat in here and _is_holders(state, seat) for seat in state.seats.values()):
        return "gone"
    idle_s = idle_for_s(state, now)
    if idle_s >= SILENCE_S:
        return "silent"
    asked = any(elapsed_s(ask.since, now) >= ANSWER_S for ask in state.pen_asked)
    return "silent" if asked and idle_s >= ANSWER_S else "here"


def idle_for_s(state: RunState, now: Instant) -> float:
    """Seconds since whoever holds the pen was last known to do anything: a fact of theirs, a key at one of their seats,
    coming here, getting the pen.
    """
    pen = state.pen
    if pen is None:
        return 0.0
    keys = (seat.active for seat in state.seats.values() if _is_holders(state, seat))
    known = [instant for instant in (pen.since, pen.acted, *keys) if instant is not None]
    return min((elapsed_s(instant, now) for instant in known), default=0.0)


def ask_of(state: RunState, actor: Actor) -> PenAsk | None:
    """Their own ask for the pen that waits for an answer, if there is one."""
    return next((ask for ask in state.pen_asked if same_holder(ask.by, actor)), None)


def is_offered_to(state: RunState, actor: Actor) -> bool:
    """Whether the pen is held out to this actor."""
    seat = state.seats.get(state.pen_offer.seat) if state.pen_offer is not None else None
    return seat is not None and seat.by is not None and same_holder(seat.by, actor)


def _is_holders(state: RunState, seat: SeatState) -> bool:
    return seat.by is not None and holds(state, seat.by)
