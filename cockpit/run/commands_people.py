"""To pass the pen, to say who one is, to sign. Part of `commands`."""

from __future__ import annotations

from cockpit.run.commands_base import Command
from cockpit.run.handover import Standing


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
