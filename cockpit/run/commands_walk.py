"""To walk the plan: enter, confirm, skip, jump, agree, end. Part of `commands`."""

from __future__ import annotations

from cockpit.run.commands_base import Command, PlanCommand
from cockpit.run.readings import Evidence


class EnterPhase(PlanCommand, frozen=True, kw_only=True):
    """Enter the phase at the cursor, whose entry gate passes."""

    phase: str
    seen: tuple[Evidence, ...] = ()


class LeavePhase(PlanCommand, frozen=True, kw_only=True):
    """Leave the phase at the cursor, whose exit gate passes."""

    phase: str
    seen: tuple[Evidence, ...] = ()


class ConfirmStep(PlanCommand, frozen=True, kw_only=True):
    """Say that the step at the cursor is done."""

    step: str
    seen: tuple[Evidence, ...] = ()
    typed: str = ""
    """The word that `friction.required_word` asks for."""
    value: str = ""
    """Of a record step: what was entered. Of a decision: the choice's id."""
    digest: str = ""
    """Of a message sent by hand: SHA-256 of the text as it was shown, hex."""


class RecordDoneOutside(PlanCommand, frozen=True, kw_only=True):
    """Record that the step at the cursor was done by hand, outside."""

    step: str
    reason: str


class SkipStep(PlanCommand, frozen=True, kw_only=True):
    """Leave the step at the cursor out."""

    step: str
    reason: str
    typed: str = ""


class OverrideGate(PlanCommand, frozen=True, kw_only=True):
    """Open the gate at the cursor although it does not pass."""

    gate: str
    reason: str
    typed: str = ""


class JumpTo(Command, frozen=True, kw_only=True):
    """Make another unsettled step current. Within a free phase that is no deviation and needs no reason."""

    step: str
    reason: str


class ReopenStep(Command, frozen=True, kw_only=True):
    """Make a settled step current again, as a new attempt."""

    step: str
    reason: str


class SignOff(PlanCommand, frozen=True, kw_only=True):
    """Approve the sign-off step at the cursor. From any seat: what counts is who asks."""

    step: str
    seen: tuple[Evidence, ...] = ()


class Countersign(PlanCommand, frozen=True, kw_only=True):
    """Agree, as a second person, to what is about to be confirmed or run at the cursor. From any seat."""

    step: str


class WaiveSecond(PlanCommand, frozen=True, kw_only=True):
    """Go on although the second person that is asked for is missing."""

    step: str
    reason: str
    typed: str = ""


class FinishRun(Command, frozen=True, kw_only=True):
    """Close the run; every step must be settled."""


class AbortRun(Command, frozen=True, kw_only=True):
    """Give the run up. Never blocked by a hold, a gate, a missing keeper or the window."""

    reason: str
    typed: str = ""
