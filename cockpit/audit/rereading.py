"""Noticing that bytes which were read before are others now: the file read again, a part at a time.

Invariant: what was read is remembered by digests of whole blocks, never by itself; a look reads no more than it is
allowed to, and none at all while the file has not been touched since the last whole round.
"""

from __future__ import annotations

import hashlib
import os
import time

BLOCK_BYTES = 256 * 1024
LEAST_BYTES = 4 << 20
"""Read again in one look at least, where there is so much: two or three milliseconds."""
MOST_BYTES = 8 << 20
ROUND_LOOKS = 5
"""Looks in which a file is read again whole, as long as no look needs more than `MOST_BYTES` for that."""
_SETTLED_S = 0.1
"""A file's time of change is as coarse as the kernel's clock: only one that is older than this says something."""


class Reread:
    """What was read of a file from its beginning on, and whether it still stands there."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._last = hashlib.sha256()
        self._last_bytes = 0
        self._next = 0
        """The block that the next look begins with; -1: the last round found all as it was."""
        self._touched = -1
        """When the file had last been changed as the round began, nanoseconds of the host's clock."""

    def take(self, data: bytes) -> None:
        """Remember bytes that follow those before."""
        view = memoryview(data)
        while view:
            part = view[: BLOCK_BYTES - self._last_bytes]
            self._last.update(part)
            self._last_bytes += len(part)
            view = view[len(part) :]
            if self._last_bytes == BLOCK_BYTES:
                self._blocks.append(self._last.digest())
                self._last, self._last_bytes = hashlib.sha256(), 0

    def changed_at(self, fd: int) -> int | None:
        """Look at some more of the file; the offset of a block that is not as it was read, None if none was found."""
        if self._next < 0 and os.fstat(fd).st_ctime_ns == self._touched:
            return None
        if self._next <= 0:
            self._next = 0
            touched = os.fstat(fd).st_ctime_ns
            is_settled = time.time_ns() - touched > _SETTLED_S * 1e9
            self._touched = touched if is_settled else -1
        count = len(self._blocks) + 1
        looked = max(LEAST_BYTES, min(MOST_BYTES, count * BLOCK_BYTES // ROUND_LOOKS)) // BLOCK_BYTES
        for number in range(self._next, min(count, self._next + looked)):
            if not self._is_as_it_was(fd, number):
                return number * BLOCK_BYTES
        self._next += looked
        if self._next >= count:
            self._next = -1
        return None

    def _is_as_it_was(self, fd: int, number: int) -> bool:
        if number < len(self._blocks):
            raw = os.pread(fd, BLOCK_BYTES, number * BLOCK_BYTES)
            return hashlib.sha256(raw).digest() == self._blocks[number]
        raw = os.pread(fd, self._last_bytes, number * BLOCK_BYTES)
        return hashlib.sha256(raw).digest() == self._last.copy().digest()
