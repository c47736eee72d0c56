"""Notes, holds, triggers and the way back: what stops the line, or turns it.

A part of the log's format: see `events`.
"""

from __future__ import annotations

from typing import ClassVar

from cockpit.run.events_base import Body
from cockpit.run.readings import ConditionVerdict, Evidence, Verdict


class NoteAdded(Body, frozen=True, kw_only=True):
    """Somebody wrote something down."""

    type: ClassVar[str] = "note.added"
    text: str
    step: str = ""


class HoldPlaced(Body, frozen=True, kw_only=True):
    """Somebody stopped the line."""

    type: ClassVar[str] = "hold.placed"
    reason: str


class HoldReleased(Body, frozen=True, kw_only=True):
    """The line goes on."""

    type: ClassVar[str] = "hold.released"
    reason: str


class TriggerFired(Body, frozen=True, kw_only=True):
    """A trigger's conditions held for its time."""

    type: ClassVar[str] = "trigger.fired"
    trigger: str
    conditions: tuple[ConditionVerdict, ...] = ()
    current: tuple[Evidence, ...] = ()


class TriggerCleared(Body, frozen=True, kw_only=True):
    """What fired it is over. It stays until it is answered all the same."""

    type: ClassVar[str] = "trigger.cleared"
    trigger: str


class TriggerRaised(Body, frozen=True, kw_only=True):
    """Somebody saw what no probe can see."""

    type: ClassVar[str] = "trigger.raised"
    trigger: str = ""
    """Id of a trigger of the profile; empty: none of them."""
    reason: str


class TriggerAnswered(Body, frozen=True, kw_only=True):
    """Fired or raised triggers were answered: go on, with a reason. (Rolling back answers them too.)"""

    type: ClassVar[str] = "trigger.answered"
    seqs: tuple[int, ...]
    """The events by which they fired or were raised."""
    reason: str
    not_taken: str = ""
    """The rollback plan that was proposed, and not taken; empty: none fitted."""


class AlertSent(Body, frozen=True, kw_only=True):
    """People were called through the profile's alert channel, since no seat was attached."""

    type: ClassVar[str] = "alert.sent"
    about: str
    channel: str
    ok: bool
    detail: str = ""


class PlansJudged(Body, frozen=True, kw_only=True):
    """Which rollback plans fit now, told whenever that changes."""

    type: ClassVar[str] = "plans.judged"
    verdicts: dict[str, Verdict] = {}
    """`pass`: it fits; `blocked`: it does not; `unknown`, `pending`: it cannot be said."""
    details: dict[str, str] = {}


class RollbackChosen(Body, frozen=True, kw_only=True):
    """The way back was taken: from here on the walk goes through these steps."""

    type: ClassVar[str] = "rollback.chosen"
    plan: str
    steps: tuple[str, ...]
    """What is due of the plan, in the order in which it is walked."""
    proposed: str = ""
    """The plan that was proposed; empty: none fitted."""
    not_taken: tuple[str, ...] = ()
    """Plans that were offered beside it."""
    reason: str = ""
    answers: tuple[int, ...] = ()
    """Triggers answered by it, as in `trigger.answered`."""


class RollbackLeft(Body, frozen=True, kw_only=True):
    """The way back was given up: the walk goes on where it was left."""

    type: ClassVar[str] = "rollback.left"
    reason: str
