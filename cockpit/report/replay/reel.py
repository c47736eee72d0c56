"""Where things are in a log's file: found in one pass that decodes no more than the facts.

A log is mostly samples and output. The pass takes whole blocks of lines, looks at the place where a line gives its
class and type, and remembers where facts, presence, outputs and key frames stand. What stands there is read again when
it is wanted.

Invariant: every line of the file is a row, an output, a sample, or damage; rows are in the file's order. Lines that do
not count by the rule of `cockpit.audit.chain` are shown all the same if they are events of this run: what is not in
order is damage, told where it is. Whether the chain holds is for `verify` to say. Memory grows with the facts alone.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from cockpit.audit.chain import TORN_BYTES, TORN_LINES
from cockpit.audit.extent import Extent, require_within
from cockpit.audit.layout import log_path
from cockpit.audit.line import decode
from cockpit.audit.reading import GrowingFile, open_log
from cockpit.errors import LogDamaged, LogError, LogTooNew, LogUnreadable
from cockpit.patterns import late
from cockpit.run.events import Event, LogRecovered
from cockpit.text import shortened

_SAMPLE = b'telemetry","type":"probes.sampled",'
_OUTPUT = b'telemetry","type":"action.output",'
_KEY = b'"data":{"key":true,'
_KEY_WITHIN = 700
"""Bytes of a line in which its data begin: ids, names and times take no more in what cockpit writes."""
_START = late(rb'\{"v":1,"run":"([0-9A-Za-z_-]{1,64})","seq":([1-9][0-9]{0,17}),"prev":"[0-9a-f]{64}","class":"')
_TORN_LIMIT = TORN_BYTES
_BLOCK_BYTES = 1024 * 1024


class Row(Struct, frozen=True):
    """A line that is kept track of: a fact, or somebody who came or went."""

    event: Event
    offset: int
    size: int
    """Bytes, newline included."""
    line: int
    """Its number in the file, counted from 1."""


class Damage(Struct, frozen=True):
    """Something is wrong with the log from here on."""

    line: int
    """Of the file, counted from 1; 0: nowhere in particular."""
    offset: int
    """Bytes of the file before it."""
    sentence: str


class Reel:
    """An open log, read from its beginning to where its end is now. One thread reads; any may read lines."""

    def __init__(self, path: Path) -> None:
        """Open it and read its first line. Raises LogUnreadable or LogTooNew if there is no run to be shown."""
        self.path = log_path(path) if path.is_dir() else path
        self._fd = open_log(self.path, os.O_RDONLY)
        self._file = GrowingFile(self._fd, self.path)
        self.outputs = array("Q")
        """Offsets of lines that tell output."""
        self.keys = array("Q")
        """Offsets of lines that are a key frame."""
        self.damages: tuple[Damage, ...] = ()
        self.lines = 0
        self.run = ""
        self._intro = b""
        self._seq = 0
        self._pending: list[bytes] = []
        """Lines since the last that counts: none of them is an event."""
        self._pending_at = 0
        self._pending_bytes = 0
        self._fruitless = 0
        """Lines since the last event."""
        self._kept: list[bytes] = []
        try:
            self._kept = self._file.read_lines()
            self.first = self._first()
        except LogError:
            os.close(self._fd)
            raise
        self.offset = self.first.size
        """How far it was read: the end of the last complete line."""

    def close(self) -> None:
        """Let go of the file; a second call does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    @property
    def size(self) -> int:
        """Bytes of the file now."""
        return os.fstat(self._fd).st_size

    @property
    def torn_bytes(self) -> int:
        """After the last newline: no line yet."""
        return len(self._file.rest)

    # ---- reading on ----------------------------------------------------------------------------------------------

    def read(self) -> list[Row] | None:
        """The rows of the next block of lines; None at the end of the file. Never raises for what the file holds."""
        lines, self._kept = self._kept, []
        if not lines:
            try:
                if self._fruitless > TORN_LINES or self._pending_bytes > TORN_BYTES:
                    raise LogDamaged("no more events are looked for in what follows", line=self.lines + 1)
                require_within(Extent(self._seq, self.offset), self.lines + 1)
                if self.offset and (trouble := self._file.trouble()):
                    raise LogDamaged(trouble, line=self.lines)
                lines = self._file.read_lines()
            except LogError as error:
                self._damaged(self.lines + 1, self.offset, error.message)
                return None
        if not lines:
            return None
        return self._plain(lines) if self._is_plain(lines) else self._examined(lines)

    def _first(self) -> Row:
        if not self._kept:
            why = "it is empty" if not self.size else "its first line was never written whole"
            raise LogUnreadable(f"{self.path} holds no run: {why}", hint="a log begins with run.started")
        raw = self._kept.pop(0)
        try:
            event = decode(raw, line=1)
        except LogTooNew as error:
            raise LogTooNew(f"{self.path}: {error.message}", hint="update cockpit") from error
        except LogError as error:
            text = shortened(raw[:80].decode(errors="replace"), 60)
            raise LogUnreadable(f"{self.path} is no log of cockpit; it begins with {text}", hint=_A_LOG) from error
        if event.type != "run.started":
            begins = shortened(event.type, 40)
            raise LogUnreadable(f"{self.path} begins with {begins}: its start was cut off", hint=_A_LOG)
        self.run, self._seq, self.lines = event.run, event.seq, 1
        self._intro = f'{{"v":1,"run":"{event.run}","seq":'.encode()
        return Row(event, 0, len(raw), 1)

    def _is_plain(self, lines: list[bytes]) -> bool:
        """Whether a block looks as it should: nothing pends, and its ends have the numbers that they ought to have."""
        if self._pending:
            return False
        first, last = _START.match(lines[0]), _START.match(lines[-1])
        run = self.run.encode()
        return (
            first is not None and last is not None
            and (first[1], int(first[2])) == (run, self._seq + 1)
            and (last[1], int(last[2])) == (run, self._seq + len(lines))
        )  # fmt: skip

    def _plain(self, lines: list[bytes]) -> list[Row]:
        rows: list[Row] = []
        offset, seq, number = self.offset, self._seq, self.lines
        # Where the class stands: after `"seq":N,"prev":"<64>","class":"`.
        base = len(self._intro) + 9 + 64 + 11
        digits = len(str(seq + 1))
        limit, at = 10**digits, base + digits
        for raw in lines:
            seq += 1
            number += 1
            if seq == limit:
                limit, at = limit * 10, at + 1
            if raw.startswith(_SAMPLE, at):
                if raw.find(_KEY, at, at + _KEY_WITHIN) >= 0:
                    self.keys.append(offset)
            elif raw.startswith(_OUTPUT, at):
                self.outputs.append(offset)
            elif (row := self._row(raw, offset, number, seq)) is not None:
                rows.append(row)
            offset += len(raw)
        self.offset, self._seq, self.lines = offset, seq, number
        return rows

    def _examined(self, lines: Iterable[bytes]) -> list[Row]:
        """As `_plain`, where something is out of order."""
        rows = []
        for raw in lines:
            row = self._row(raw, self.offset, self.lines + 1, self._seq + 1)
            if row is not None:
                self._seq = row.event.seq
                body = row.event.type
                if row.event.is_fact or body.startswith("operator."):
                    rows.append(row)
                elif body == "action.output":
                    self.outputs.append(row.offset)
                elif raw.find(_KEY, 0, 1000) >= 0:
                    self.keys.append(row.offset)
            self.offset += len(raw)
            self.lines += 1
        return rows

    def _row(self, raw: bytes, offset: int, line: int, seq: int) -> Row | None:
        """The event of a line; None if it is none, which is noted as damage."""
        try:
            event = decode(raw, line=line)
        except LogError as error:
            if not self._pending:
                self._pending_at = offset
                self._damaged(line, offset, str(error) if isinstance(error, LogTooNew) else error.message)
            if self._pending_bytes < _TORN_LIMIT:
                self._pending.append(raw)
            self._pending_bytes += len(raw)
            self._fruitless += 1
            return None
        if event.run != self.run:
            self._damaged(line, offset, f"line {line} is of another run, {shortened(event.run, 64)}: it is left out")
            return None
        if self._pending and isinstance(event.body, LogRecovered) and self._names(event.body):
            self.damages = self.damages[:-1]  # a crash left it, and this says so: that is no damage
        self._pending, self._pending_bytes, self._fruitless = [], 0, 0
        if event.seq != seq:
            self._damaged(line, offset, _out_of_order(line, event.seq, seq))
        return Row(event, offset, len(raw), line)

    def _names(self, body: LogRecovered) -> bool:
        torn = b"".join(self._pending).removesuffix(b"\n")
        told = (body.offset, body.length, body.sha256)
        return told == (self._pending_at, len(torn), sha256(torn).hexdigest())

    def _damaged(self, line: int, offset: int, sentence: str) -> None:
        if len(self.damages) < _TOLD_DAMAGES:
            self.damages = (*self.damages, Damage(line, offset, sentence))

    # ---- reading again -------------------------------------------------------------------------------------------

    def raw(self, offset: int, size: int) -> bytes:
        """Bytes of the file."""
        return os.pread(self._fd, size, offset)

    def lines_between(self, start: int, end: int, *marks: bytes) -> Iterator[bytes]:
        """Complete lines that begin in a stretch of the file; only those that hold one of `marks`, if given."""
        rest = b""
        while start < end:
            block = self.raw(start, min(_BLOCK_BYTES, end - start))
            if not block:
                return
            start += len(block)
            *lines, rest = (rest + block).split(b"\n")
            for raw in lines:
                if not marks or any(mark in raw for mark in marks):
                    yield raw

    def event(self, raw: bytes) -> Event | None:
        """The event of a line that was read again; None if it is none of this run."""
        with suppress(LogError):
            event = decode(raw)
            return event if event.run == self.run else None
        return None


_A_LOG = "give a log of cockpit, a run's folder, or the beginning of a run's id"
_TOLD_DAMAGES = 1000


def _out_of_order(line: int, seq: int, expected: int) -> str:
    if seq == expected + 1:
        return f"line {line}: the event {expected} is missing"
    if seq > expected:
        return f"line {line}: the events {expected} to {seq - 1} are missing"
    return f"line {line} has the sequence number {seq}, expected {expected}: it is repeated, or out of its place"
