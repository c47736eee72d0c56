"""What stands in a log behind the first line that does not count: shown to people, and vouched for by nothing.

Invariant: what is handed out as an event of the run could be one; whether it is what was written there, nobody can say.
Everything between is told as a break, so that nothing is left out in silence. Memory does not grow with the log.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from msgspec import Struct

from cockpit.audit.chain import TORN_LINES
from cockpit.audit.line import FIRST_LIMIT_BYTES, Envelope, open_envelope
from cockpit.errors import LogError, LogTooNew

BLOCK_BYTES = 256 * 1024


FRUITLESS_BYTES = 64 * 1024 * 1024
"""So far is looked for another event."""
FRUITLESS_LINES = TORN_LINES


class Break(Struct, frozen=True):
    """Something is out of order before the next event that is shown, or at the end."""

    line: int
    """Of the file, counted from 1."""
    what: str
    """One sentence that names the lines."""


def lines_of(fd: int, start: int, end: int) -> Iterator[tuple[int, bytes | None]]:
    """Offset and bytes, without the newline, of each complete line from byte `start` to `end`.

    None stands for a line that is longer than any may be; of a file with holes, those are not read.
    """
    here, rest = start, b""
    line_start = start
    while here < end and (block := os.pread(fd, min(BLOCK_BYTES, end - here), here)):
        *texts, tail = block.split(b"\n")
        for text in texts:
            whole = rest + text
            yield line_start, whole if len(whole) < FIRST_LIMIT_BYTES else None
            here += len(text) + 1
            line_start, rest = here, b""
        here += len(tail)
        if len(rest) < FIRST_LIMIT_BYTES:
            rest += tail
        else:
            here = _after_hole(fd, here, end)


def _after_hole(fd: int, here: int, end: int) -> int:
    """Where the next bytes stand that were ever written."""
    try:
        return os.lseek(fd, here, os.SEEK_DATA)
    except OSError as error:
        return end if error.errno == errno.ENXIO else here  # other file systems know no holes


def _ends_in_newline(fd: int, end: int) -> bool:
    return end == 0 or os.pread(fd, 1, end - 1) == b"\n"


class Beyond:
    """The lines of a file from one place on, as far as they are events of a run."""

    def __init__(self, fd: int, *, start: int, line: int, run: str, seq: int) -> None:
        """Begin behind the last line that counts: `start` bytes, `line` - 1 lines, `seq` of its event."""
        self._fd, self._start, self._line, self._run, self._seq = fd, start, line, run, seq
        self._end = os.fstat(fd).st_size
        self._skipped: tuple[int, int] | None = None
        """The first and the last line since the last event."""
        self.is_newer = False
        """Whether a line of a newer cockpit ended it."""

    def read(self) -> Iterator[tuple[Envelope, bytes] | Break]:
        """Events with their lines (no newline), and what is out of order between them."""
        last_event_at = self._start
        number, text = self._line - 1, None
        for number, (offset, text) in enumerate(lines_of(self._fd, self._start, self._end), self._line):
            envelope = self._event(text, number) if text is not None else None
            if envelope is not None and text is not None:
                yield from self._told_skipped()
                if number > self._line:  # what is wrong with the first is known
                    yield from self._told_order(envelope.seq, number)
                self._seq, last_event_at = envelope.seq, offset
                yield envelope, text
                continue
            if self.is_newer:
                yield from self._told_skipped()
                yield Break(number, f"line {number} was written by a newer cockpit, and what follows: update cockpit")
                return
            self._skipped = (self._skipped[0] if self._skipped else number, number)
            if offset - last_event_at > FRUITLESS_BYTES or number - self._skipped[0] > FRUITLESS_LINES:
                yield from self._told_skipped()
                yield Break(number, f"after line {number} no more events were looked for")
                return
        yield from self._told_skipped()
        if number >= self._line and not _ends_in_newline(self._fd, self._end):
            yield Break(number + 1, f"line {number + 1} was cut off: its newline is missing, so it is no line yet")

    def _event(self, text: bytes, number: int) -> Envelope | None:
        try:
            envelope = open_envelope(text, line=number)
        except LogTooNew:
            self.is_newer = True
            return None
        except LogError:
            return None
        self._run = self._run or envelope.run
        return envelope if envelope.run == self._run else None

    def _told_skipped(self) -> Iterator[Break]:
        if self._skipped:
            first, last = self._skipped
            which = f"line {first} is no event" if first == last else f"lines {first} to {last} are no events"
            yield Break(first, f"{which} of this run, and cannot be shown")
            self._skipped = None

    def _told_order(self, seq: int, number: int) -> Iterator[Break]:
        expected = self._seq + 1
        if seq > expected:
            gone = f"event {expected} is" if seq == expected + 1 else f"events {expected} to {seq - 1} are"
            yield Break(number, f"{gone} missing before line {number}")
        elif seq < expected:
            yield Break(number, f"line {number} has the sequence number {seq} again, after {self._seq}")
