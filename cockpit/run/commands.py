"""What an operator asks for. Imperative names; `decide` turns each into events or a refusal.

Time, identity and what the seat can see of the keeper arrive inside: `decide` reads no clock and does no I/O.
"""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

from cockpit.run.events import Actor, Instant
from cockpit.run.handover import Standing
from cockpit.run.readings import Evidence


class KeeperSight(Struct, frozen=True):
    """What the seat sees of the keeper at this moment, by its lock and its beat (not by the log)."""

    alive: bool
    """Its lock is held."""
    silent_s: float
    """Seconds since its last beat, by this host's monotonic clock; infinite: none is known yet."""
    is_hidden: bool = False
    """This seat may look at neither: it may only read the log."""
    is_elsewhere: bool = False
    """It is, or the last one was, on another host."""
    is_unknown: bool = False
    """It may be on another host, of which nothing can be seen now: the database that keeps the run is away."""

    @property
    def is_unheard(self) -> bool:
        """Whether no beat of it is known: then there is no length of its silence to tell."""
        return math.isinf(self.silent_s)


Role = Literal["acting", "watching"]
"""Of a seat: whoever watches notes and holds, and does not act."""


class Command(Struct, frozen=True, kw_only=True):
    """The base of every command."""

    actor: Actor
    now: Instant
    role: Role = "acting"
    pen_epoch: int = 0
    """Of the pen that was painted when the key was pressed: whoever acts under another is refused. 0: not told."""


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
    value: str = ""
    """Of a record step: what was entered. Of a decision: the choice's id."""
    digest: str = ""
    """Of a message sent by hand: SHA-256 of the text as it was shown, hex."""


class LeavePhase(PlanCommand, frozen=True, kw_only=True):
    """Leave the phase at the cursor, whose exit gate passes."""

    phase: str
    seen: tuple[Evidence, ...] = ()


class RunAction(PlanCommand, frozen=True, kw_only=True):
    """Have the keeper do what the step at the cursor says, for the first time or again; or send its message."""

    step: str
    action: str
    """A new id (`cockpit.audit.ids.new_id`)."""
    digest: str = ""
    """SHA-256 of what was shown, hex."""
    seen: tuple[Evidence, ...] = ()
    typed: str = ""
    reason: str = ""
    """Asked for when the last attempt's end is not known."""


class CancelAction(Command, frozen=True, kw_only=True):
    """Stop the running action."""

    action: str
    reason: str


class SettleAction(Command, frozen=True, kw_only=True):
    """Say how an action ended whose end is not known."""

    action: str
    outcome: Literal["succeeded", "failed"]
    reason: str


class EndWait(PlanCommand, frozen=True, kw_only=True):
    """End the wait at the cursor before its time, or look at a checkpoint before it is due."""

    step: str
    reason: str
    typed: str = ""


class RestartWait(PlanCommand, frozen=True, kw_only=True):
    """Begin the wait at the cursor again after a breach stopped it."""

    step: str


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


class RaiseTrigger(Command, frozen=True, kw_only=True):
    """Say that something is wrong that no probe sees. Anyone may."""

    reason: str
    trigger: str = ""


class AnswerTriggers(Command, frozen=True, kw_only=True):
    """Go on in spite of the triggers that wait for an answer."""

    seqs: tuple[int, ...] = ()
    """Those that were shown (`FiredTrigger.seq`): one that fired since waits on. Empty: all of them."""
    reason: str
    typed: str = ""


class ChooseRollback(Command, frozen=True, kw_only=True):
    """Take the way back. Blocked by no gate, hold, keeper or window."""

    plan: str
    reason: str
    typed: str = ""


class LeaveRollback(Command, frozen=True, kw_only=True):
    """Give the way back up and walk on forward."""

    reason: str
    typed: str = ""


class RecordDoneOutside(PlanCommand, frozen=True, kw_only=True):
    """Record that the step at the cursor was done by hand, outside."""

    step: str
    reason: str


class AcceptKeeper(PlanCommand, frozen=True, kw_only=True):
    """Have a keeper act although it differs from the one before. What is painted of the plan does not matter to it."""

    epoch: int
    shown: tuple[str, ...]
    """The differences as they stood on the screen (`Differences.told`): refused if there are others by now."""
    reason: str = ""
    typed: str = ""


class MoveKeeper(PlanCommand, frozen=True, kw_only=True):
    """Have a keeper begin on this seat's host, since the last one was on another and is gone. What is painted of the
    plan does not matter to it.
    """

    epoch: int
    """Of the keeper that is left behind."""
    reason: str
    typed: str = ""


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


class PenCommand(Command, frozen=True, kw_only=True):
    """A command about the pen, which asks who is here."""

    seat: str = ""
    """Id of the seat that asks."""
    here: tuple[str, ...] = ()
    """Ids of the seats whose screens live at this moment, by their locks (not by the log)."""


class OfferPen(PenCommand, frozen=True, kw_only=True):
    """Hold the pen out to somebody who is here."""

    to: str
    """Id of their seat."""


class WithdrawPen(PenCommand, frozen=True, kw_only=True):
    """Take the offer back, before it is accepted."""


class AskPen(PenCommand, frozen=True, kw_only=True):
    """Ask whoever holds the pen for it. Anyone may."""

    reason: str = ""


class DeclinePen(PenCommand, frozen=True, kw_only=True):
    """Say no: to the pen that is offered, or, as its holder, to those who ask for it."""

    reason: str


class TakeoverCommand(PenCommand, frozen=True, kw_only=True):
    """A command by which the pen comes to whoever gives it, who has read the handover card."""

    card: tuple[str, ...] = ()
    """Its lines."""
    read: Standing | None = None
    """What it stood on when it was read; None: it was not read."""


class AcceptPen(TakeoverCommand, frozen=True, kw_only=True):
    """Take the pen that is offered."""


class TakePen(TakeoverCommand, frozen=True, kw_only=True):
    """Take the right to act from whoever holds it and is gone, or silent."""

    reason: str
    typed: str = ""


class Identify(Command, frozen=True, kw_only=True):
    """Say by a signature who sits at an account that several people use. The actor says so already."""

    seat: str
    """Id of the seat."""
    person: str
    key: str
    """Fingerprint of the key that signed."""
    text: str
    signature: str


class StopKeeper(Command, frozen=True, kw_only=True):
    """Have the run's keeper end. The run stays live. Whoever may write to the run may."""

    epoch: int
    """Of the keeper that is meant."""
    reason: str


class RecordSignature(Command, frozen=True, kw_only=True):
    """Write down a signature over a head, which this seat made and checked. From any seat, also after the end."""

    seq: int
    """Of the fact that is the head."""
    digest: str
    principal: str
    key: str
    signature: str
    is_countersignature: bool = False


class RecordSigningFailure(Command, frozen=True, kw_only=True):
    """Write down that a fact of one's own could not be signed. From any seat, also after the end."""

    seq: int
    reason: str


class WaiveSignature(Command, frozen=True, kw_only=True):
    """Go on although an approval was not signed; or although a signature in the log does not count."""

    seq: int
    """Of the fact that stays without; or of the signature that this seat found not to count."""
    is_bad: bool = False
    """The latter."""
    reason: str
    typed: str = ""


class GoOffline(Command, frozen=True, kw_only=True):
    """Go on without the database, which is away: what is written from here on is known on this host alone."""

    reason: str
    typed: str = ""
    away: str
    """What is known of the database's absence, one sentence; empty: it is there."""
    store: str = ""
    """Which database: host, port and name."""
    seq: int
    """Of the last line of this host's copy."""
    digest: str
    former: str = ""
    """The run's folder."""


class ReturnToStore(Command, frozen=True, kw_only=True):
    """Bring what was written without the database into it."""

    seq: int
    """Of the last line of the branch."""
    digest: str


class SettleConflict(Command, frozen=True, kw_only=True):
    """Say which of two sides counts, where both had settled the same thing. Also after the end."""

    subject: str
    counts: Literal["log", "branch"]
    reason: str
    shown: int = 0
    """`Conflict.branch.seq` as it was shown: refused if more was told since. 0: not told."""


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
