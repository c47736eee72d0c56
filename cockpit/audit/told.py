"""Whether what a log tells of its branches is what they were: each line held against its chain, to the named tip.

Invariant: it reads what counts in the log, and says nothing of a branch that it has not seen whole. The rule is the one
of `chain` but for torn bytes, which are not told: a line begins with the bytes that its place demands, is an event, and
the last one has the digest that `branch.merged` names.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from cockpit.audit.chain import Chain
from cockpit.audit.line import FIRST_LIMIT_BYTES, GENESIS, LIMIT_BYTES, digest, open_envelope, prefix
from cockpit.audit.reading import GrowingFile
from cockpit.errors import LogError
from cockpit.run.events import BranchMerged, BranchTold
from cockpit.text import counted, shortened

MERGING = frozenset({BranchMerged.type, BranchTold.type})
"""The types that tell a branch."""
_merged = msgspec.json.Decoder(BranchMerged)
_told = msgspec.json.Decoder(BranchTold)


class ToldBranch(Struct, frozen=True):
    """A branch as a log tells it."""

    seq: int
    """Of `branch.merged`."""
    ancestor: int
    tip: int
    tip_digest: str
    lines: int
    """Lines that were told and count."""
    facts: int
    problem: str = ""
    """What is wrong, one sentence; empty: every line chains from the ancestor to the tip."""


class _Telling:
    """One branch that is being told."""

    def __init__(self, seq: int, run: str, body: BranchMerged) -> None:
        self.seq, self.run, self.body = seq, run, body
        self.at, self.digest = body.ancestor, body.ancestor_digest
        self.part = self.lines = self.facts = 0
        self.rest = ""
        self.problem = ""

    def take(self, seq: int, body: BranchTold) -> None:
        """The next piece."""
        if body.part != self.part + 1 or body.part > self.body.parts:
            self.fail(f"seq {seq} tells part {body.part} of {self.body.parts}, expected {self.part + 1}")
            return
        self.part = body.part
        *lines, self.rest = (self.rest + body.text).split("\n")
        for text in lines:
            if not self.problem:
                self._step(seq, text.encode())

    def _step(self, seq: int, raw: bytes) -> None:
        what = f"what seq {seq} tells as line {self.at + 1} of the branch"
        if not raw.startswith(prefix(self.run, self.at + 1, self.digest)):
            self.fail(f"{what} does not chain to the line before it")
            return
        if len(raw) >= (LIMIT_BYTES if self.at else FIRST_LIMIT_BYTES) or not raw.endswith(b"}"):
            self.fail(f"{what} is no line: too long, or without its end")
            return
        try:
            envelope = open_envelope(raw)
        except LogError as error:
            self.fail(f"{what} is no event: {shortened(error.message, 200)}")
            return
        self.at, self.digest = self.at + 1, digest(raw)
        self.lines += 1
        self.facts += envelope.is_fact

    def fail(self, why: str) -> None:
        self.problem = self.problem or why

    def found(self) -> ToldBranch:
        """What became of it, once the log was read."""
        body = self.body
        if not self.problem and self.part < body.parts:
            self.fail(f"of {body.parts} parts {self.part} are told")
        if not self.problem and (self.rest or (self.at, self.digest) != (body.tip, body.tip_digest)):
            self.fail(f"what is told ends at line {self.at}, which is not the tip that it names (line {body.tip})")
        if not self.problem and (self.lines, self.facts) != (body.count, body.facts):
            told = f"{counted(self.lines, 'line')} with {counted(self.facts, 'fact')}"
            self.fail(f"it tells {told}, not {body.count} with {body.facts}")
        return ToldBranch(self.seq, body.ancestor, body.tip, body.tip_digest, self.lines, self.facts, self.problem)


class Told(Struct):
    """The branches of a log, in the order in which its lines are taken."""

    telling: list[_Telling] = []
    odd: list[tuple[int, str]] = []
    """What tells of no branch: sequence number and why."""

    def take(self, seq: int, run: str, type_name: str, data: msgspec.Raw | bytes) -> None:
        """Take in a line of one of the types `MERGING`."""
        try:
            if type_name == BranchMerged.type:
                self.telling.append(_Telling(seq, run, _merged.decode(data)))
                return
            body = _told.decode(data)
        except (ValueError, RecursionError):
            self.odd.append((seq, f"seq {seq} is no {type_name}"))
            return
        branch = next((each for each in self.telling if each.body.tip_digest == body.branch), None)
        if branch is None:
            self.odd.append((seq, f"seq {seq} tells of a branch that nothing before it names"))
        else:
            branch.take(seq, body)

    def hold_against(self, digests: dict[int, str]) -> None:
        """The ancestors have to be lines of this log: `digests` of those by sequence number."""
        for each in self.telling:
            if digests.get(each.body.ancestor) != each.body.ancestor_digest or each.body.ancestor >= each.seq:
                each.fail(f"line {each.body.ancestor} of this log is not the ancestor that it names")

    def branches(self) -> tuple[ToldBranch, ...]:
        """All of them, with what is wrong."""
        return tuple(each.found() for each in self.telling)


def told_in(fd: int, path: Path, end: int) -> Told:
    """What a log tells of branches, as far as it counts and up to byte `end`. Walks it line by line, twice."""
    told = Told()
    for link_seq, run, type_name, data, _ in _lines(fd, path, end):
        if type_name in MERGING:
            told.take(link_seq, run, type_name, data)
    wanted = {each.body.ancestor for each in told.telling}
    digests = {seq: digest_of for seq, _, _, _, digest_of in _lines(fd, path, end) if seq in wanted}
    told.hold_against({0: GENESIS} | digests)
    return told


def _lines(fd: int, path: Path, end: int) -> Iterator[tuple[int, str, str, msgspec.Raw, str]]:
    file, chain = GrowingFile(fd, path), Chain()
    while chain.position < end and (lines := file.read_lines()):
        for raw in lines:
            if chain.position >= end:
                return
            if (link := chain.step(raw)) is not None:
                envelope = link.envelope
                yield envelope.seq, chain.run, envelope.type, envelope.data, link.digest
