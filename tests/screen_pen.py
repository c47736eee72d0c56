"""A night with three people at it, for tests of how the pen looks and what its keys do."""

from __future__ import annotations

from screen_night import NIGHT, NIGHT_PRODUCTION, Night, at
from screen_story import ANA, BO, FakeSeat

from cockpit.profile.model import Profile
from cockpit.run import commands as c
from cockpit.run import events as e

CY = e.Actor("cy", "bastion-1", tty="pts/7")
SEATS = {"SEATANA": ANA, "SEATBO": BO, "SEATCY": CY}
HERE = tuple(SEATS)


def gathered(night: Night, *gone: str) -> Night:
    """Those who are here, but for some whose screens died."""
    night.here = tuple(seat for seat in night.state.seats.values() if seat.seat not in gone)
    return night


def paired(profile: Profile = NIGHT, step_id: str = "go") -> Night:
    """Ana acts, bo and cy watch."""
    night = at(step_id, profile)
    for seat, actor in SEATS.items():
        night.happens(e.OperatorAttached(seat=seat, role="acting" if actor is ANA else "watching", at=""), actor)
    return gathered(night)


def asked(profile: Profile = NIGHT, reason: str = "you have been up since six") -> Night:
    """Bo has asked ana for the pen."""
    night = paired(profile)
    night.does(c.AskPen, actor=BO, seat="SEATBO", here=HERE, reason=reason)
    return gathered(night)


def offered(profile: Profile = NIGHT) -> Night:
    """Ana offers bo the pen."""
    night = paired(profile)
    night.does(c.OfferPen, to="SEATBO", here=HERE)
    return gathered(night)


def troubled() -> Night:
    """Bo is offered a night in which everything happens at once: no card is longer."""
    night = paired(NIGHT_PRODUCTION, "migrate")
    night.passes_gate()
    night.starts("BEGIN")
    for name in ("users cannot log in", "mails are sent twice", "replica 2 is behind", "a fourth one"):
        night.happens(e.TriggerRaised(reason=name), BO)
    night.happens(e.HoldPlaced(reason="look at replica 2 before anything else is done"), BO)
    night.happens(e.ProbeChanged(probe="api_health", previous="unread", status="fail", value=500))
    night.does(c.OfferPen, to="SEATBO", here=HERE)
    return gathered(night)


def seat_of(night: Night, seat: str) -> FakeSeat:
    """Where one of them sits."""
    actor = SEATS[seat]
    sits = FakeSeat(night, role="acting" if actor is ANA else "watching")
    sits.id, sits.actor = seat, actor
    return sits
