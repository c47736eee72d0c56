"""Records of what stopped the line or turned it, and what people said.

A part of the chronicle: see `records`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from cockpit.run.readings import ConditionVerdict, Evidence


class Happening(Struct, frozen=True, kw_only=True):
    """A fact in one sentence; what probes and gates said is told with them."""

    seq: int
    at: datetime
    type: str
    mark: str = ""
    """Its kind in `cockpit.report.marks`; empty: it went as planned."""
    who: str
    text: str
    step: str = ""


class DeviationRecord(Struct, frozen=True, kw_only=True):
    """Something done against the plan: see `cockpit.run.state_line.Deviation` for the kinds."""

    seq: int
    at: datetime
    kind: str
    where: str
    reason: str
    by: str


class HoldRecord(Struct, frozen=True, kw_only=True):
    """The line was stopped."""

    began: datetime
    ended: datetime | None = None
    seconds: float = 0.0
    by: str
    reason: str
    step: str = ""
    """Where the walk stood."""
    released_by: str = ""
    """Empty: it was not released; the way back, or the run's end, may have ended it."""
    release_reason: str = ""


class TriggerRecord(Struct, frozen=True, kw_only=True):
    """A trigger that fired or was raised."""

    seq: int
    at: datetime
    trigger: str
    title: str
    severity: str
    by: str = ""
    """Who raised it; empty: the keeper saw it."""
    reason: str = ""
    conditions: tuple[ConditionVerdict, ...] = ()
    current: tuple[Evidence, ...] = ()
    cleared: datetime | None = None
    answered: datetime | None = None
    answered_by: str = ""
    answer: str = ""
    """`went on`, or the title of the plan by which it was rolled back."""
    answer_reason: str = ""


class RollbackRecord(Struct, frozen=True, kw_only=True):
    """A way back that was taken."""

    seq: int
    at: datetime
    plan: str
    title: str
    by: str
    reason: str = ""
    proposed: str = ""
    steps: tuple[str, ...] = ()
    left: datetime | None = None
    left_by: str = ""
    left_reason: str = ""


class SignoffRecord(Struct, frozen=True, kw_only=True):
    """Somebody's word: a role's approval, a second person's consent, or that it was gone on without one."""

    seq: int
    at: datetime
    kind: Literal["signoff", "countersign", "waived"]
    step: str
    attempt: int
    role: str = ""
    by: str
    reason: str = ""


class NoteRecord(Struct, frozen=True, kw_only=True):
    """A note."""

    seq: int
    at: datetime
    by: str
    text: str
    step: str = ""


class PenRecord(Struct, frozen=True, kw_only=True):
    """The pen changed hands."""

    seq: int
    at: datetime
    by: str
    previous: str
    epoch: int
    reason: str
    """Of a pen that was taken; empty: it was offered and accepted."""
    found: str = ""
    """How whoever held it was found when it was taken: `gone` or `silent`; empty: an older cockpit did not look."""
    is_passed: bool = False
    """It was offered and accepted."""
    card: tuple[str, ...] = ()
    """The handover card that was read, a line each."""
