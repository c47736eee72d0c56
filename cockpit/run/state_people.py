"""Who is at a run, as a part of `state`: seats, the pen, and who signed what."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cockpit.run.events import Actor, Instant


class Pen(Struct, frozen=True):
    """Who may act."""

    user: str
    host: str
    epoch: int = 1
    by: Actor | None = None
    """Whoever holds it, whole."""
    since: Instant | None = None
    acted: Instant | None = None
    """When they last did anything that is a fact, if they did."""
    previous: str = ""
    """What whoever held it before is called; empty: nobody did."""
    seat: str = ""
    """At which it was accepted or taken; empty: it was with whoever began the run, or an older log does not tell."""
    reason: str = ""
    """Why it was taken; empty: it was not."""


class PenAsk(Struct, frozen=True):
    """Somebody waits for the pen."""

    by: Actor
    seat: str
    since: Instant
    reason: str = ""


class PenOffer(Struct, frozen=True):
    """The pen is held out to somebody, who has not accepted it yet."""

    seat: str
    to: str
    since: Instant


class UnsignedFact(Struct, frozen=True):
    """A fact whose signature has not arrived."""

    seq: int
    by: Actor
    what: str
    """`signoff`: nothing goes on without it, or a reason; `fact`: any other."""
    step: str = ""
    failed: str = ""
    """Why it could not be signed; empty: it was not tried, or the try has not ended."""
    since: Instant | None = None
    """When it was written."""


class SignedHead(Struct, frozen=True):
    """The newest head that somebody signed."""

    principal: str
    seq: int
    at: Instant
    key: str = ""


class SeatState(Struct, frozen=True):
    """A screen that attached and has not said goodbye."""

    seat: str
    user: str
    role: Literal["acting", "watching"]
    since: Instant
    by: Actor | None = None
    """Whoever sits there, whole."""
    version: str = ""
    """Of their cockpit; empty: an older one did not say."""
    at: str | None = None
    """The step that they look at; empty: what is due; None: their cockpit does not say."""
    active: Instant | None = None
    """When they last were known to press a key."""


class LeftSeat(Struct, frozen=True):
    """A screen that was here, and is not any more."""

    seat: SeatState
    when: Instant
    reason: str = ""
    is_gone: bool = False
    """It was killed, or its host or link died: others found that out."""
