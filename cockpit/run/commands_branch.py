"""To go on without the database, to come back to it, to settle what two sides did. Part of `commands`."""

from __future__ import annotations

from typing import Literal

from cockpit.run.commands_base import Command


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
