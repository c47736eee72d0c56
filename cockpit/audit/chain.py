"""The rule by which lines are a log: the one place that says which bytes count (docs/log-format.md, "Reading").

A line counts if it begins with the bytes that its place demands (`line.prefix`: version, run, sequence, digest of the
line before), is no longer than its limit and decodes. Bytes that do not count are pending. A `log.recovered` line that
chains to the last line that counts and names exactly the pending bytes steps over them; nothing else does.

Invariant: `position`, `seq` and `digest` are those of the last line that counts. Writers, tails and `verify` all walk
with this class, so they cannot disagree. It reads no files and holds one line at a time.
"""

from __future__ import annotations

import hashlib
import re

from msgspec import Struct

from cockpit.audit.line import FIRST_LIMIT_BYTES, GENESIS, LIMIT_BYTES, Head, decode, digest, prefix
from cockpit.errors import LogDamaged, LogError
from cockpit.run.events import Event, LogRecovered
from cockpit.text import shortened

_FIRST = re.compile(rb'\{"v":1,"run":"([0-9A-Za-z_-]{1,64})","seq":')


class Link(Struct, frozen=True):
    """A line that counts."""

    event: Event
    digest: str
    size: int
    """Bytes, newline included."""


class Recovery(Struct, frozen=True):
    """Bytes that were stepped over."""

    line: int
    """Number of the first line stepped over, counted from 1 in the file."""
    offset: int
    length: int


class Pending:
    """Bytes after the last line that counts, which do not count (yet)."""

    def __init__(self, offset: int, line: int, why: LogError) -> None:
        self.offset = offset
        self.line = line
        self.why = why
        self.length = 0
        """Without the newline that ends them."""
        self._hash = hashlib.sha256()
        self._lines = 0
        self._facts = 0
        self._ends_with_fact = False

    def add(self, text: bytes) -> None:
        """Take in one more line, given without its newline."""
        if self._lines:
            self._hash.update(b"\n")
            self.length += 1
        self._hash.update(text)
        self.length += len(text)
        self._lines += 1
        self._ends_with_fact = _is_fact(text)
        self._facts += self._ends_with_fact

    @property
    def sha256(self) -> str:
        """Of the pending bytes, hex."""
        return self._hash.hexdigest()

    def could_be_torn(self, rest: bytes = b"") -> bool:
        """Whether a crash can have left these bytes, with `rest` after their last newline.

        Every fact is synced before the next line is written, and a sync covers all bytes before it. So a crash damages
        unsynced telemetry and one fact at most, the last; more facts after a bad line mean that somebody changed it.
        """
        return self._facts == 0 or (self._facts == 1 and self._ends_with_fact and not rest)


def _is_fact(text: bytes) -> bool:
    try:
        return decode(text).is_fact
    except LogError:
        return False


class Chain:
    """A walk along the lines of one log, from its first byte."""

    def __init__(self, run: str = "") -> None:
        self.run = run
        """Empty until the first line told."""
        self.seq = 0
        self.digest = GENESIS
        self.position = 0
        """Offset of the first byte after the last line that counts."""
        self.lines = 0
        """Complete lines walked, counting or not."""
        self.head: Head | None = None
        self.pending: Pending | None = None
        self.recoveries: tuple[Recovery, ...] = ()

    def step(self, raw: bytes) -> Link | None:
        """Walk one complete line, newline included. Return it if it counts, else None: it is pending.

        Raises LogTooNew if a newer cockpit wrote it.
        """
        assert raw.endswith(b"\n"), "only complete lines can be walked"
        text = raw[:-1]
        try:
            event = self.examine(text)
        except LogDamaged as why:
            if self.pending is None:
                self.pending = Pending(self.position, self.lines + 1, why)
            self.pending.add(text)
            self.lines += 1
            return None
        return self._accept(event, text)

    def examine(self, text: bytes) -> Event:
        """Return the event if `text` (no newline) counts as the next line. Changes nothing.

        Raises LogDamaged with the reason, or LogTooNew.
        """
        number = self.lines + 1
        limit = LIMIT_BYTES if self.seq else FIRST_LIMIT_BYTES
        if len(text) + 1 > limit:
            raise LogDamaged(f"line {number} has more than {limit} bytes", line=number)
        if not text.startswith(prefix(self._run_of(text), self.seq + 1, self.digest)):
            raise LogDamaged(self._why_not_next(text, number), line=number)
        event = decode(text, line=number)
        names_pending = self._names_pending(event)
        if self.pending is not None and not names_pending:
            raise LogDamaged(f"line {number} follows bytes that do not count", line=number)
        if self.pending is None and event.type == LogRecovered.type:
            raise LogDamaged(f"line {number} says that bytes were stepped over, but there are none", line=number)
        return event

    def _accept(self, event: Event, text: bytes) -> Link:
        start = self.position
        if self.pending is not None:
            start = self.pending.offset + self.pending.length + 1
            skipped = Recovery(self.pending.line, self.pending.offset, self.pending.length)
            self.recoveries = (*self.recoveries, skipped)
            self.pending = None
        elif not self.run:
            self.run = self._run_of(text)
        self.seq = event.seq
        self.digest = digest(text)
        self.position = start + len(text) + 1
        self.lines += 1
        if event.is_fact:
            self.head = Head(seq=self.seq, digest=self.digest)
        return Link(event=event, digest=self.digest, size=len(text) + 1)

    def _names_pending(self, event: Event) -> bool:
        pending, body = self.pending, event.body
        return (
            pending is not None
            and self.seq > 0  # without a first line there is no run to go on with
            and isinstance(body, LogRecovered)
            and (body.offset, body.length, body.sha256) == (pending.offset, pending.length, pending.sha256)
        )

    def _run_of(self, text: bytes) -> str:
        if self.run:
            return self.run
        match = _FIRST.match(text)
        return match[1].decode("ascii") if match else ""

    def _why_not_next(self, text: bytes, number: int) -> str:
        event = decode(text, line=number)  # says by itself what is wrong with a line that is no event
        if event.seq != self.seq + 1:
            return f"line {number} has the sequence number {event.seq}, expected {self.seq + 1}"
        if f'"run":"{self.run}"'.encode() not in text:
            return f"line {number} is not of the run {self.run}: {shortened(text[:80].decode(errors='replace'), 80)}"
        if f'"prev":"{self.digest}"'.encode() not in text:
            before = f"line {self.lines}" if self.lines else "the beginning"
            return (
                f"line {number} does not chain to {before}: one of the two was changed, or a line between them is gone"
            )
        return f"line {number} does not begin with the keys of the format in their order"
