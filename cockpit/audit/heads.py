"""Heads that were noted elsewhere, held against a chain: the one thing that shows a cut tail or a rewritten log.

Invariant: a head holds only if the chain was walked over the line that it names, and that line has the digest. Of a
chain that breaks, what was walked before the break counts.
"""

from __future__ import annotations

from msgspec import Struct

from cockpit.audit.chain import Link
from cockpit.audit.checkpoints import Checkpoint
from cockpit.audit.line import Head
from cockpit.audit.stretch import Wanted
from cockpit.audit.verdict import Kind, Problem
from cockpit.text import visible

LEAST_DIGITS = 8


class Seen(Struct):
    """What a walk came by, of what was asked for."""

    digests: dict[int, str] = {}
    """By sequence number."""
    places: dict[str, int] = {}
    """By code: the first fact whose digest begins so."""

    def add(self, digests: dict[int, str], places: dict[str, int]) -> None:
        """Take in a part that follows."""
        self.digests |= digests
        self.places = places | self.places

    def look_at(self, wanted: Wanted, link: Link) -> None:
        """Take in one line."""
        if link.envelope.seq in wanted.seqs:
            self.digests[link.envelope.seq] = link.digest
        for code in wanted.codes:
            if link.envelope.is_fact and link.digest.startswith(code):
                self.places.setdefault(code, link.envelope.seq)


class Heads(Struct, frozen=True):
    """All that were given for one log."""

    anchors: tuple[Head, ...] = ()
    """Each with a digest or its beginning."""
    codes: tuple[str, ...] = ()
    """Beginnings of digests, of facts that nobody named."""
    checkpoints: tuple[Checkpoint, ...] = ()

    @property
    def wanted(self) -> Wanted:
        """What the walk has to look out for."""
        seqs = {head.seq for head in self.anchors} | {each.seq for each in self.checkpoints}
        return Wanted(tuple(sorted(seqs)), tuple(dict.fromkeys(filter(_is_enough, self.codes))))

    def holds(self, checkpoint: Checkpoint, seen: Seen, run: str) -> bool:
        """Whether a checkpoint is of this run and this chain."""
        return checkpoint.run == run and _holds(checkpoint.head, seen)

    def anchored(self, seen: Seen, run: str) -> tuple[Head, ...]:
        """Those that the chain contains, with the digits that were given, by sequence number."""
        found = [head for head in self.anchors if _holds(head, seen)]
        found += [Head(seq=seen.places[code], digest=code) for code in self.codes if code in seen.places]
        found += [each.head for each in self.checkpoints if self.holds(each, seen, run)]
        return tuple(sorted(dict.fromkeys(found), key=lambda head: head.seq))

    def foreign(self, run: str) -> list[Problem]:
        """Checkpoints of another run."""
        return [
            Problem("checkpoint", f"{visible(str(each.path))} is of the run {each.run}, this log is of the run {run}")
            for each in self.checkpoints
            if each.run != run
        ]

    def missing(self, seen: Seen, run: str, last_seq: int) -> list[Problem]:
        """What is wrong, of a chain that holds to `last_seq`."""
        told = [_missing("anchor", "an anchor", head, seen, last_seq) for head in self.anchors]
        told += [_missing_code(code, last_seq) for code in self.codes if code not in seen.places]
        told += [
            _missing("checkpoint", f"the checkpoint {visible(str(each.path))}", each.head, seen, last_seq)
            for each in self.checkpoints
            if each.run == run
        ]
        return [problem for problem in told if problem is not None]


def _is_enough(digest: str) -> bool:
    return len(digest) >= LEAST_DIGITS


def _holds(head: Head, seen: Seen) -> bool:
    return _is_enough(head.digest) and seen.digests.get(head.seq, "").startswith(head.digest)


def _missing(kind: Kind, what: str, head: Head, seen: Seen, last_seq: int) -> Problem | None:
    if _holds(head, seen):
        return None
    if head.seq > last_seq:
        ends = f"the log ends at {last_seq}, but {what} was noted at {head.seq} ({head.short})"
        return Problem(kind, f"{ends}: its tail was cut off")
    found = Head(seq=head.seq, digest=seen.digests[head.seq]).short
    it = what.replace("an anchor", "the anchor")
    return Problem(kind, f"{it} {head.short} at {head.seq} is not of this chain, which has {found} there: "
                         "the log was rewritten")  # fmt: skip


def _missing_code(code: str, last_seq: int) -> Problem:
    short = Head(seq=0, digest=code).short
    if not _is_enough(code):
        return Problem("anchor", f"the head {short} has fewer than {LEAST_DIGITS} digits: it anchors nothing")
    return Problem(
        "anchor",
        f"no fact up to seq {last_seq} has the head {short}: the tail was cut off with it, or the log was rewritten, "
        "or that head is of another run",
    )
