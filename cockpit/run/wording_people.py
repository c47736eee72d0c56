"""Who sits where, who holds the pen and who signed, as people read it. A part of `wording`."""

from __future__ import annotations

from cockpit.run import events as e
from cockpit.run.people import name_of
from cockpit.run.phrases import NAME, Sayings, because, step_named
from cockpit.run.state import RunState
from cockpit.run.state_people import SeatState
from cockpit.text import shortened


def _pen_taken(event: e.Event, body: e.PenTaken, state: RunState | None) -> str:
    previous = f" from {body.previous}" if body.previous else ""
    found = f", who was {body.found}" if body.found and body.previous else ""
    return f"took the pen{previous}{found}{because(body.reason)}"


def _detached(event: e.Event, body: e.OperatorDetached, state: RunState | None) -> str:
    if body.found != "gone":
        return f"detached{because(body.reason)}"
    known = _seat(state, body.seat)
    whose = f"{shortened(name_of(known.by), NAME)}'s screen" if known and known.by else "another's screen"
    return f"found that {whose} is gone"


def _seat(state: RunState | None, seat: str) -> SeatState | None:
    """A seat that is here, or was lately."""
    if state is None:
        return None
    return state.seats.get(seat) or next((each.seat for each in state.left if each.seat.seat == seat), None)


def _pen_withdrawn(event: e.Event, body: e.PenWithdrawn, state: RunState | None) -> str:
    told = {"offer": "declines the pen", "ask": "keeps the pen for now"}.get(body.declined, "offers the pen no more")
    return f"{told}{because(body.reason)}"


def _head_signed(event: e.Event, body: e.HeadSigned, state: RunState | None) -> str:
    how = "countersigned" if body.is_countersignature else "signed"
    short = f"{shortened(body.digest[:4], 4)}·{shortened(body.digest[4:8], 4)}"
    return f"{how} the head at {body.seq} ({short}) as {shortened(body.principal, 2 * NAME)}"


def _identified(event: e.Event, body: e.OperatorIdentified, state: RunState | None) -> str:
    key = shortened(body.key, 60)
    if name_of(event.actor) != body.person:  # as no cockpit writes it
        return f"says that they are {shortened(body.person, NAME)}, by the key {key}"
    return f"proved on the account {shortened(event.actor.user, NAME)} who they are, by the key {key}"


SAYINGS: Sayings = {
    e.OperatorAttached: lambda event, body, state: f"attached ({body.role})",
    e.OperatorDetached: _detached,
    e.OperatorMoved: lambda event, body, state: (
        f"looks at {step_named(state, body.step)}" if body.step else "looks at what is due"
    ),
    e.OperatorIdentified: _identified,
    e.PenAsked: lambda event, body, state: f"asks for the pen{because(body.reason)}",
    e.PenOffered: lambda event, body, state: f"offers the pen to {shortened(body.to, NAME)}",
    e.PenWithdrawn: _pen_withdrawn,
    e.PenPassed: lambda event, body, state: f"accepted the pen from {shortened(body.previous, 2 * NAME)}",
    e.PenTaken: _pen_taken,
    e.HeadSigned: _head_signed,
    e.SigningFailed: lambda event, body, state: f"did not sign the head at {body.seq}{because(body.reason)}",
    e.SignatureWaived: lambda event, body, state: (
        f"goes on without the signature of seq {body.seq}{because(body.reason)}"
    ),
}
