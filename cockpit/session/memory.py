"""What a seat remembers of the log beside its fold: the heads that it held, and the signatures that it has to check.

Invariant: what is compared is what this seat read itself, or what the same person's screens noted earlier in their own
folder. Memory does not grow with the log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from cockpit.audit.line import Head, digest
from cockpit.audit.tail import Entry
from cockpit.run.events import BranchMerged, BranchTold, Event, HeadSigned, LogContinued, OperatorIdentified
from cockpit.run.told_lines import told_event
from cockpit.session.noted import noted

HELD = 8192
"""Facts whose digests are remembered."""
UNCHECKED = 4096
"""Signatures that wait to be checked; older ones are left to `cockpit verify`."""


class Held(Struct, frozen=True):
    """A fact as this seat read it."""

    digest: str
    at: datetime


class Claim(Struct, frozen=True):
    """A signature in the log, with the fact that it names as this seat holds it."""

    event: Event
    """Of `head.signed` or `operator.identified`."""
    seq: int
    """Of the fact that it names."""
    held: Held | None
    """None: there is no such fact before it."""
    is_too_old: bool = False
    """That fact is not remembered any more."""


class Memory:
    """Of one seat."""

    def __init__(self, notes: Mapping[int, str] | None = None, *, name: str = "") -> None:
        """`notes`: digests that were noted, by sequence number; None: those in this person's own folder.

        `name`: under which they are noted; empty: by the run's id.
        """
        self.held: dict[int, Held] = {}
        """By sequence number, oldest first."""
        self.claims: deque[Claim] = deque(maxlen=UNCHECKED)
        """Oldest first; whoever checks takes them away."""
        self.other: tuple[Head, Head | None] | None = None
        """The first head that was noted and is another one in this log, with what it is there; None: all are in it."""
        self._notes, self._name = notes, name
        self._left: dict[int, str] = {}
        self._others: dict[int, tuple[Head, Head | None]] = {}
        self._told: dict[str, tuple[dict[int, Held], int]] = {}
        """Of each branch, by its tip: the facts that were told, and its ancestor."""

    def take(self, entry: Entry) -> None:
        """Remember a fact."""
        event = entry.event
        if event.seq == 1 or self._notes is None:
            self._notes = noted(self._name or event.run) if self._notes is None else self._notes
            self._left = dict(self._notes)
        seq, body = event.seq, event.body
        if isinstance(body, LogContinued):
            # What was seen behind the place at which it was continued may never have been acknowledged.
            self._left = {each: digest for each, digest in self._left.items() if each < seq}
        if (noted_digest := self._left.pop(seq, None)) is not None and noted_digest != entry.digest:
            self._others[seq] = Head(seq=seq, digest=noted_digest), Head(seq=seq, digest=entry.digest)
        if isinstance(body, BranchTold):
            self._take_told(event, body)
        elif isinstance(body, BranchMerged):
            self._told[body.tip_digest] = {}, body.ancestor
        elif isinstance(body, HeadSigned):
            self._claim(event, body.seq)
        elif isinstance(body, OperatorIdentified):
            self._claim(event, _seq_in(body.text))
        self.held[seq] = Held(entry.digest, event.instant.at)
        if len(self.held) > HELD:
            del self.held[next(iter(self.held))]

    def _take_told(self, event: Event, body: BranchTold) -> None:
        """What a branch tells is held, and its signatures are checked, against its own lines."""
        held, ancestor = self._told.get(body.branch, ({}, 0))
        for line in body.text.split("\n")[:-1]:
            fact = told_event(line)
            if fact is None or not fact.is_fact:
                continue
            if isinstance(fact.body, HeadSigned | OperatorIdentified):
                seq = fact.body.seq if isinstance(fact.body, HeadSigned) else _seq_in(fact.body.text)
                named = self.held.get(seq) if seq <= ancestor else held.get(seq)
                self.claims.append(Claim(replace(fact, seq=event.seq), seq, named))
            told = Held(digest(line.encode()), fact.instant.at)
            held[fact.seq] = told
            if self._left.get(fact.seq) == told.digest:
                del self._left[fact.seq]
            if fact.seq in self._others and self._others[fact.seq][0].digest == told.digest:
                del self._others[fact.seq]  # what was noted stood on the other side of a merge, and is kept

    def _claim(self, event: Event, seq: int) -> None:
        oldest = next(iter(self.held), 0)
        self.claims.append(Claim(event, seq, self.held.get(seq), is_too_old=len(self.held) >= HELD and seq < oldest))

    def end_of_reading(self) -> None:
        """All that there is was read: what was noted and did not come is not there."""
        gone = {seq: (Head(seq=seq, digest=digest), None) for seq, digest in self._left.items()}
        others = gone | self._others
        self.other = others[min(others)] if others else None
        self._left, self._others = {}, {}

    @property
    def digests(self) -> dict[int, str]:
        """Of the facts that are held."""
        return {seq: held.digest for seq, held in self.held.items()}


def _seq_in(text: str) -> int:
    """The number of the head in a text by which somebody proved a name; 0 if there is none."""
    lines = text.split("\n")
    return int(lines[3]) if len(lines) > 4 and lines[3].isascii() and lines[3].isdigit() and len(lines[3]) < 19 else 0
