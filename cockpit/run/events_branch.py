"""Branches of the log: the store was left, what was written meanwhile came back, and what both sides settled.

A part of the log's format: see `events`.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from cockpit.run.events_base import Body


class StoreLeft(Body, frozen=True, kw_only=True):
    """The database is away, and the run goes on without it: what follows is known on this host alone, until it is told.

    The first line that is not in the database.
    """

    type: ClassVar[str] = "store.left"
    reason: str
    store: str = ""
    """Host, port and database; never the password."""
    away: str = ""
    """What was known of the database's absence, one sentence."""
    seq: int
    """Of the last line that this host's copy held: the ancestor."""
    digest: str
    """Of that line."""
    former: str = ""
    """The run's folder on the actor's host; outputs of what was done before stay there."""


class StoreReturned(Body, frozen=True, kw_only=True):
    """The lines since `store.left` are in the database as they were written: nobody had gone on there meanwhile."""

    type: ClassVar[str] = "store.returned"
    seq: int
    """Of the last line of the branch: the line before this one."""
    digest: str
    count: int
    """Lines that came back."""


class BranchMerged(Body, frozen=True, kw_only=True):
    """Two sides went on from one line. This side's last line is this line's `prev`; the other's lines follow, told.

    The second parent: what was written elsewhere, from the ancestor to its tip.
    """

    type: ClassVar[str] = "branch.merged"
    ancestor: int
    """Sequence number of the last line that both sides have."""
    ancestor_digest: str
    tip: int
    """Sequence number, in the branch, of its last line."""
    tip_digest: str
    count: int
    """Lines of the branch after the ancestor."""
    facts: int
    parts: int
    """How many `branch.told` follow, which tell all of these lines."""
    cause: str = ""
    """Why there are two sides, one sentence."""


class BranchTold(Body, frozen=True, kw_only=True):
    """A piece of a branch's bytes. All of one branch, one after the other, are its lines, each with its newline.

    Torn bytes that a `log.recovered` of the branch steps over are left out; the digests of lines do not cover them.
    """

    type: ClassVar[str] = "branch.told"
    branch: str
    """`tip_digest` of the `branch.merged` that this follows."""
    part: int
    """Counted from 1."""
    text: str


class ConflictSettled(Body, frozen=True, kw_only=True):
    """A person says which of two sides counts, where both had settled the same thing without knowing of each other."""

    type: ClassVar[str] = "conflict.settled"
    subject: str
    """`step:<id>`, `gate:<gate>`, `way` or `end`."""
    counts: Literal["log", "branch"]
    """`branch`: what was told of the branch counts instead of what this log said itself."""
    reason: str
