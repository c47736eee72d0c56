"""What two sides wrote without knowing of each other, as a part of `state`."""

from __future__ import annotations

from msgspec import Struct

from cockpit.run.events import Actor, Event, Instant
from cockpit.run.readings import Evidence
from cockpit.run.state_line import Hold
from cockpit.run.state_walk import StepStatus


class Word(Struct, frozen=True):
    """What somebody last said about a subject (see `subjects`)."""

    seq: int
    """Of the event; of one that a branch tells, of the line that tells it."""
    what: str
    """The event's type."""
    by: Actor
    at: Instant
    id: str = ""
    """The event's."""
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    """On what it rested."""
    counts: dict[str, int] = {}
    """All probes by shown status, as it was confirmed."""
    outcome: str = ""
    """Of an action that ended."""
    branch: str = ""
    """`tip_digest` of the branch that tells it; empty: this log's own."""


class Conflict(Struct, frozen=True):
    """Both sides settled the same thing since they parted."""

    subject: str
    """`step:<id>`, `gate:<gate>`, `way` or `end`."""
    log: Word
    """What this log said itself, or another branch that was told before."""
    branch: Word
    """What the branch said last."""
    since: Instant
    was: StepStatus = "open"
    """Of a step: its status by this log."""
    told: tuple[Event, ...] = ()
    """What the branch did, in order: it happens if the branch counts."""


class Offline(Struct, frozen=True):
    """The run goes on without its database."""

    seq: int
    """Of `store.left`."""
    since: Instant
    by: Actor
    reason: str
    ancestor: int
    """Sequence number of the last line that the database was known to have."""
    store: str = ""


class Branch(Struct, frozen=True):
    """Lines that were written elsewhere since both sides parted, and are told in this log."""

    seq: int
    """Of `branch.merged`."""
    ancestor: int
    tip: int
    tip_digest: str
    merged: Instant
    by: Actor
    facts: int
    cause: str = ""
    left: Offline | None = None
    """Why it was begun, as it tells itself."""
    parts: int = 0
    part: int = 0
    """How many parts were told so far."""
    rest: str = ""
    """Of a line whose end was not told yet."""
    since: dict[str, Word] = {}
    """What this side said since both parted. Empty again once the branch is told."""
    hold: Hold | None = None
    """Of this side, when it was merged."""
    own_hold: Hold | None = None
    """Of the branch."""
    seqs: dict[int, int] = {}
    """Of its facts: by their number in the branch, the line that tells them. Empty again once the branch is told."""
    orders: dict[str, tuple[str, int]] = {}
    """Actions that it first asked for: step and sequence number. Empty again once the branch is told."""

    @property
    def is_told(self) -> bool:
        """Whether all of it was told."""
        return self.part >= self.parts
