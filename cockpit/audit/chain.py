"""The rule by which lines are a log: the one place that says which bytes count (docs/log-format.md, "Reading").

A line counts if it begins with the bytes that its place demands (`line.prefix`: version, run, sequence, digest of the
line before), ends in `}`, is no longer than its limit and is an envelope (`line.Envelope`). Bytes that do not count are
pending. A `log.recovered` line that chains to the last line that counts and names exactly the pending bytes steps over
them, if a crash can have left them; nothing else does.

Invariant: `position`, `seq` and `digest` are those of the last line that counts. Writers, tails and `verify` all walk
with this class, so they cannot disagree. It reads no files and holds one line at a time.
"""

from __future__ import annotations

import hashlib
import re

import msgspec
from msgspec import Struct

from cockpit.audit.extent import Extent, require_within
from cockpit.audit.line import (
    FIRST_LIMIT_BYTES,
    GENESIS,
    LIMIT_BYTES,
    Envelope,
    Head,
    digest,
    event_of,
    open_envelope,
    prefix,
)
from cockpit.errors import LogDamaged, LogError
from cockpit.patterns import late
from cockpit.run.events import Event, LogContinued, LogRecovered
from cockpit.text import shortened

TORN_BYTES = 64 << 20
"""Telemetry that lies unsynced: of some minutes, with all that a keeper can tell."""
TORN_LINES = 20_000
RUN_ID = late(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_FIRST = late(rb'\{"v":1,"run":"([0-9A-Za-z_-]{1,64})","seq":')


def named_run(beginning: bytes) -> str:
    """The run that the first bytes of a log name; empty if they name none."""
    match = _FIRST.match(beginning)
    return match[1].decode("ascii") if match else ""


class Link(Struct, frozen=True):
    """A line that counts."""

    envelope: Envelope
    digest: str
    line: int
    """Its number in the file, counted from 1."""
    size: int
    """Bytes, newline included."""

    @property
    def event(self) -> Event:
        """The event, decoded anew. Raises LogDamaged if its data are not those of its type."""
        return event_of(self.envelope, line=self.line)


class Recovery(Struct, frozen=True):
    """Bytes that were stepped over."""

    line: int
    """Number of the first line stepped over, counted from 1 in the file."""
    offset: int
    length: int


class Continuation(Struct, frozen=True):
    """A place at which the log goes on elsewhere than where it was begun."""

    seq: int
    """Of its `log.continued`."""
    former: str
    head: Head
    """The last durable fact that it cites."""
    lost: int


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

    def add(self, text: bytes) -> None:
        """Take in one more line, given without its newline."""
        if self._lines:
            self._hash.update(b"\n")
            self.length += 1
        self._hash.update(text)
        self.length += len(text)
        self._lines += 1
        self._facts += _is_fact(text)

    @property
    def sha256(self) -> str:
        """Of the pending bytes, hex."""
        return self._hash.hexdigest()

    def could_be_torn(self, rest: bytes = b"") -> bool:
        """Whether a crash can have left these bytes, with `rest` after their last newline.

        Every fact is synced before the next line is written, and a sync covers all bytes before it. So a crash damages
        unsynced telemetry and one fact at most; more whole facts after a bad line mean that somebody changed it. So
        does more than a host can have written since.
        """
        return self._facts + _is_fact(rest) <= 1 and not self.is_too_much

    @property
    def is_too_much(self) -> bool:
        """Whether it is more than a crash can have left."""
        return self.length > TORN_BYTES or self._lines > TORN_LINES


class _Classed(Struct, gc=False, rename={"class_": "class"}):
    class_: str


_classed = msgspec.json.Decoder(_Classed)


def _is_fact(text: bytes) -> bool:
    """Whether these bytes are a JSON object that calls itself a fact."""
    try:
        text.decode()
        return _classed.decode(text).class_ == "fact"
    except (ValueError, RecursionError):
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
        self.facts = 0
        self.head: Head | None = None
        self.pending: Pending | None = None
        self.recoveries: tuple[Recovery, ...] = ()
        self.continuations: tuple[Continuation, ...] = ()

    def step(self, raw: bytes) -> Link | None:
        """Walk one complete line, newline included. Return it if it counts, else None: it is pending.

        Raises LogTooNew if a newer cockpit wrote it, LogDamaged once more is pending than a crash can have left,
        LogTooLarge behind the last line that any log has.
        """
        assert raw.endswith(b"\n"), "only complete lines can be walked"
        text = raw[:-1]
        try:
            envelope = self.examine(text)
        except LogDamaged as why:
            if self.pending is None:
                self.pending = Pending(self.position, self.lines + 1, why)
            self.pending.add(text)
            self.lines += 1
            if self.pending.is_too_much:
                raise self.pending.why from None
            return None
        return self._accept(envelope, text)

    def examine(self, text: bytes) -> Envelope:
        """Return the envelope if `text` (no newline) counts as the next line. Changes nothing.

        Raises LogDamaged with the reason, LogTooNew, or LogTooLarge.
        """
        number = self.lines + 1
        require_within(Extent(self.seq, self.position), number)
        limit = LIMIT_BYTES if self.seq else FIRST_LIMIT_BYTES
        if len(text) + 1 > limit:
            raise LogDamaged(f"line {number} has more than {limit} bytes", line=number)
        if not text.startswith(prefix(self._run_of(text), self.seq + 1, self.digest)):
            raise LogDamaged(self._why_not_next(text, number), line=number)
        envelope = open_envelope(text, line=number)
        if (envelope.run, envelope.seq) != (self._run_of(text), self.seq + 1):
            raise LogDamaged(f"line {number} gives its run or sequence number twice", line=number)
        if not text.endswith(b"}"):
            raise LogDamaged(f"line {number} does not end in a brace: its line ending was changed", line=number)
        names_pending = self._names_pending(envelope, number)
        if self.pending is not None and not names_pending:
            raise LogDamaged(f"line {number} follows bytes that do not count", line=number)
        if self.pending is None and envelope.type == LogRecovered.type:
            raise LogDamaged(f"line {number} says that bytes were stepped over, but there are none", line=number)
        return envelope

    def extend(self, raw: bytes, digest_of_raw: str, *, is_fact: bool) -> None:
        """Count a line that `line.encode` made for this place, newline included, without looking at it again."""
        assert self.pending is None, "only log.recovered may follow pending bytes"
        self.seq += 1
        self.digest = digest_of_raw
        self.position += len(raw)
        self.lines += 1
        if is_fact:
            self.facts += 1
            self.head = Head(seq=self.seq, digest=self.digest)

    def _accept(self, envelope: Envelope, text: bytes) -> Link:
        start = self.position
        if self.pending is not None:
            start = self.pending.offset + self.pending.length + 1
            skipped = Recovery(self.pending.line, self.pending.offset, self.pending.length)
            self.recoveries = (*self.recoveries, skipped)
            self.pending = None
        elif not self.run:
            self.run = self._run_of(text)
        self.seq = envelope.seq
        self.digest = digest(text)
        self.position = start + len(text) + 1
        self.lines += 1
        if envelope.is_fact:
            self.facts += 1
            self.head = Head(seq=self.seq, digest=self.digest)
        if envelope.type == LogContinued.type:
            self._note_continuation(envelope)
        return Link(envelope=envelope, digest=self.digest, line=self.lines, size=len(text) + 1)

    def _note_continuation(self, envelope: Envelope) -> None:
        try:
            body = event_of(envelope, line=self.lines).body
        except LogDamaged:
            return  # it counts, and says nothing: whoever decodes it says so
        if isinstance(body, LogContinued):
            cited = Head(seq=body.seq, digest=body.digest)
            went_on = Continuation(envelope.seq, body.former, cited, body.lost)
            self.continuations = (*self.continuations, went_on)

    def _names_pending(self, envelope: Envelope, number: int) -> bool:
        pending = self.pending
        # Without a first line there is no run to go on with; what no crash leaves is never stepped over.
        if pending is None or not self.seq or envelope.type != LogRecovered.type or not pending.could_be_torn():
            return False
        body = event_of(envelope, line=number).body
        named = (body.offset, body.length, body.sha256) if isinstance(body, LogRecovered) else None
        return named == (pending.offset, pending.length, pending.sha256)

    def _run_of(self, text: bytes) -> str:
        if self.run:
            return self.run
        return named_run(text)

    def _why_not_next(self, text: bytes, number: int) -> str:
        try:
            envelope = open_envelope(text, line=number)
        except LogDamaged as why:
            if self.seq or number > 1:
                raise
            what = "this is no log of cockpit, or its beginning was changed"
            raise LogDamaged(f"{what}: {why.message}", line=number) from why
        seq, expected = envelope.seq, self.seq + 1
        if self.run and f'"run":"{self.run}"'.encode() not in text:
            return f"line {number} is not of the run {self.run}: {shortened(text[:80].decode(errors='replace'), 80)}"
        if seq > expected:
            gone = f"event {expected} is" if seq == expected + 1 else f"events {expected} to {seq - 1} are"
            return f"line {number} has the sequence number {seq}, expected {expected}: {gone} missing before it"
        if seq < expected:
            return f"line {number} has the sequence number {seq}, expected {expected}: it was repeated or moved"
        if f'"prev":"{self.digest}"'.encode() not in text:
            before = f"line {self.lines}" if self.lines else "the beginning"
            return (
                f"line {number} does not chain to {before}: one of the two was changed, or a line between them is gone"
            )
        return f"line {number} does not begin with the keys of the format in their order"
