"""What an operator asks for. Imperative names; `decide` turns each into events or a refusal.

Time, identity and what the seat can see of the keeper arrive inside: `decide` reads no clock and does no I/O.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cockpit.run.events import Actor, Instant
from cockpit.run.readings import Evidence


class KeeperSight(Struct, frozen=True):
    """What the seat sees of the keeper at this moment, by its lock and its beat (not by the log)."""

    alive: bool
    """Its lock is held."""
    silent_s: float
    """Seconds since its last beat, by this host's monotonic clock."""


class Command(Struct, frozen=True, kw_only=True):
    """The base of every command."""

    actor: Actor
    now: Instant
    role: Literal["acting", "watching"] = "acting"


class PlanCommand(Command, frozen=True, kw_only=True):
    """A command that acts on the plan at the cursor: refused if what was painted is no longer current."""

    painted_seq: int
    """`RunState.cursor.opened_seq` as it stood on the screen when the key was pressed."""
    keeper: KeeperSight


class EnterPhase(PlanCommand, frozen=True, kw_only=True):
    """Enter the phase at the cursor, whose entry gate passes."""

    phase: str
    seen: tuple[Evidence, ...] = ()


class ConfirmStep(PlanCommand, frozen=True, kw_only=True):
    """Say that the step at the cursor is done."""

    step: str
    seen: tuple[Evidence, ...] = ()
    typed: str = ""
    """The word that `friction.required_word` asks for."""


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
    """Make another unsettled step current."""

    step: str
    reason: str


class ReopenStep(Command, frozen=True, kw_only=True):
    """Make a settled step current again, as a new attempt."""

    step: str
    reason: str


class AddNote(Command, frozen=True, kw_only=True):
    """Write something down. Anyone may, at any time before the run is over."""

    text: str
    step: str = ""


class PlaceHold(Command, frozen=True, kw_only=True):
    """Stop the line. Anyone may."""

    reason: str


class ReleaseHold(Command, frozen=True, kw_only=True):
    """Go on."""

    reason: str


class TakePen(Command, frozen=True, kw_only=True):
    """Take the right to act from whoever holds it."""

    reason: str


class FinishRun(Command, frozen=True, kw_only=True):
    """Close the run; every step must be settled."""


class AbortRun(Command, frozen=True, kw_only=True):
    """Give the run up. Never blocked by a hold, a gate, a missing keeper or the window."""

    reason: str
    typed: str = ""


class Refusal(Struct, frozen=True):
    """Why a command was not carried out, and what would make it possible. Both are one visible sentence."""

    why: str
    instead: str
    code: str
    """A stable word for tests and for the screen, for example `gate_blocked`, `held`, `not_current`."""
