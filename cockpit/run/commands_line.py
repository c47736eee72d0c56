"""To say something, to stop the line, to turn it round. Part of `commands`."""

from __future__ import annotations

from cockpit.run.commands_base import Command


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
