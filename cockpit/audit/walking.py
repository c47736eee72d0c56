"""Every line of a log that counts, in order, with its own bytes: for those who read all of it once.

Invariant: what is handed out counts by the rule of `chain`; ordinary blocks are walked as `verify` walks them, at about
the price of hashing. A log is walked to where it ends when the walk begins. No more than a block and a line are held;
bodies stay undecoded. It never writes.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

from cockpit.audit import layout
from cockpit.audit.beyond import Beyond
from cockpit.audit.chain import Chain
from cockpit.audit.line import FIRST_LIMIT_BYTES, Envelope
from cockpit.audit.reading import GrowingFile, open_log
from cockpit.audit.stretch import BLOCK_BYTES, Block, Ordinary, Place, ordinary
from cockpit.audit.verify import AFTER_A_CRASH
from cockpit.errors import LogDamaged, LogError
from cockpit.text import counted

Counted = tuple[Envelope | Ordinary, bytes]
"""What a line says but for its body, which is undecoded, and its bytes without the newline."""


class Walk:
    """One walk along one log."""

    def __init__(self, path: Path) -> None:
        """Open a run's folder, or a log file of any name. Raises LogUnreadable if it cannot be opened."""
        self.path = layout.log_path(path) if path.is_dir() else path
        self._fd = open_log(self.path, os.O_RDONLY)
        self._end = os.fstat(self._fd).st_size
        self._chain = Chain()
        self.trouble: LogError | None = None
        """What is wrong with the first bytes that do not count; known once the walk is over."""
        self.left_bytes = 0
        """From there to the end of the file; 0 if all of it counts. Known once the walk is over."""

    @property
    def seq(self) -> int:
        """Of the last line that was handed out."""
        return self._chain.seq

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def beyond(self) -> Beyond:
        """What stands behind the last line that counts, vouched for by nothing. Once the walk is over."""
        chain = self._chain
        line = chain.pending.line if chain.pending is not None else chain.lines + 1
        return Beyond(self._fd, start=chain.position, line=line, run=chain.run, seq=chain.seq)

    def batches(self) -> Iterator[list[Counted]]:
        """Some lines at a time, to the end or to the first that does not count; `trouble` says what it is then."""
        try:
            yield from self._counting()
        except LogError as error:
            self.trouble = error
        else:
            self.trouble = self._trouble_at_end()
        self.left_bytes = max(0, self._end - self._chain.position) if self.trouble else 0

    def _counting(self) -> Iterator[list[Counted]]:
        yield self._first()
        chain = self._chain
        while chain.position < self._end:
            block = self._ordinary_block() if chain.seq else None
            if block is not None:
                yield list(zip(block.envelopes, block.lines, strict=True))
            elif not (yield from self._exactly()):
                return

    def _first(self) -> list[Counted]:
        """The first line, if it counts; else nothing, and the exact walk says why."""
        line, newline = b"", b""
        for most in (BLOCK_BYTES, FIRST_LIMIT_BYTES):  # few profiles are so long
            if not newline:
                line, newline, _ = os.pread(self._fd, min(most, self._end), 0).partition(b"\n")
        try:
            link = self._chain.step(line + newline) if newline else None
        except LogError:
            link = None
        if link is None:
            self._chain = Chain()
            return []
        return [(link.envelope, line)]

    def _ordinary_block(self) -> Block | None:
        chain = self._chain
        raw = os.pread(self._fd, min(BLOCK_BYTES, self._end - chain.position), chain.position)
        raw = raw[: raw.rfind(b"\n") + 1]
        block = ordinary(raw, Place(chain.position, chain.seq, chain.digest), chain.run) if raw else None
        if block is not None:
            chain.position += len(raw)
            chain.lines += len(block.lines)
            chain.seq, chain.digest = chain.seq + len(block.lines), block.digests[-1]
        return block

    def _exactly(self) -> Generator[list[Counted], None, bool]:
        """A block line by line, and on until no bytes are pending. False at the end of the file."""
        file = GrowingFile(self._fd, self.path)
        file.offset = self._chain.position
        while file.offset < self._end and (lines := file.read_lines()):
            counting: list[Counted] = []
            failure: LogError | None = None
            try:
                counting += self._stepped(lines)
            except LogError as error:
                failure = error
            yield counting
            if failure is not None:
                raise failure
            if self._chain.pending is None:
                return True
        return False

    def _stepped(self, lines: list[bytes]) -> Iterator[Counted]:
        for raw in lines:
            link = self._chain.step(raw)
            pending = self._chain.pending
            if pending is not None and not pending.could_be_torn():
                raise pending.why
            if link is not None:
                yield link.envelope, raw[:-1]

    def _trouble_at_end(self) -> LogError | None:
        chain = self._chain
        if chain.pending is not None:
            why = chain.pending.why
            return LogDamaged(why.message, line=chain.pending.line, hint=AFTER_A_CRASH if chain.seq else why.hint)
        if not chain.seq:
            return LogDamaged(f"no run began in {self.path}: it holds no complete line", line=1)
        if chain.position < self._end:
            if os.fstat(self._fd).st_size > self._end:
                return None  # somebody was writing this line as the walk began
            torn = counted(
                self._end - chain.position, "byte after the last newline is", "bytes after the last newline are"
            )
            return LogDamaged(f"{torn} no line yet", line=chain.lines + 1)
        return None
