"""Who is here and who acts: seats, what they look at, the pen as it is asked for, offered, passed and taken.

A part of the log's format: see `events`.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from cockpit.run.events_base import Body


class OperatorAttached(Body, frozen=True, kw_only=True):
    """A seat opened."""

    type: ClassVar[str] = "operator.attached"
    is_fact: ClassVar[bool] = False
    seat: str
    role: Literal["acting", "watching"]
    version: str = ""
    """Of its cockpit."""
    at: str | None = None
    """As `step` of `operator.moved`; None: it is an older one, which never says where it looks."""


class OperatorDetached(Body, frozen=True, kw_only=True):
    """A seat closed; the run goes on."""

    type: ClassVar[str] = "operator.detached"
    is_fact: ClassVar[bool] = False
    seat: str
    reason: str = ""
    found: Literal["", "gone"] = ""
    """`gone`: its process had died without a word, and the actor of this event, another seat, found that out."""


class OperatorMoved(Body, frozen=True, kw_only=True):
    """A seat looks at a step. Told when that changes, and at most once a minute while keys are pressed at it."""

    type: ClassVar[str] = "operator.moved"
    is_fact: ClassVar[bool] = False
    seat: str
    step: str = ""
    """Empty: they look at what is due."""


class OperatorIdentified(Body, frozen=True, kw_only=True):
    """Somebody on a shared account proved by a signature who they are; the actor of this event says so from here on."""

    type: ClassVar[str] = "operator.identified"
    seat: str
    person: str
    key: str
    """Fingerprint of the key that signed."""
    text: str
    """What was signed: run, seat, name and head."""
    signature: str
    """Armoured, as ssh-keygen makes it, in the namespace `cockpit-person@v1`."""


class PenAsked(Body, frozen=True, kw_only=True):
    """Somebody asks whoever holds the pen for it."""

    type: ClassVar[str] = "pen.asked"
    epoch: int
    """Of the pen that is asked for."""
    seat: str
    reason: str = ""


class PenOffered(Body, frozen=True, kw_only=True):
    """Whoever holds the pen offers it to a seat. They act until it is accepted."""

    type: ClassVar[str] = "pen.offered"
    epoch: int
    """Of the pen that is offered."""
    seat: str
    """Of the person to whom."""
    to: str
    """What that person is called."""


class PenWithdrawn(Body, frozen=True, kw_only=True):
    """An offer is over without being accepted, or an ask without being followed."""

    type: ClassVar[str] = "pen.withdrawn"
    epoch: int
    reason: str = ""
    declined: Literal["", "offer", "ask"] = ""
    """What the actor of this event said no to; empty: whoever offered the pen took the offer back."""


class PenPassed(Body, frozen=True, kw_only=True):
    """An offer was accepted: the right to act moved to the actor of this event."""

    type: ClassVar[str] = "pen.passed"
    epoch: int
    """The new one."""
    previous: str
    """user@host of whoever passed it."""
    card: tuple[str, ...] = ()
    """The handover card as it was acknowledged, a line each."""
    seat: str = ""
    """At which the actor acts from here on."""


class PenTaken(Body, frozen=True, kw_only=True):
    """The right to act moved to the actor of this event, without being offered."""

    type: ClassVar[str] = "pen.taken"
    epoch: int
    reason: str
    previous: str = ""
    found: Literal["", "gone", "silent"] = ""
    """How whoever held it was found; empty: an older cockpit did not look."""
    card: tuple[str, ...] = ()
    """As of `pen.passed`."""
    seat: str = ""
    """As of `pen.passed`."""
