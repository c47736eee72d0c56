"""What is kept of output: all of it while it is little, the beginning and the end of more, and how much was left out.

Invariant: memory stays within the limits given, whatever comes; what is left out is counted to the byte.
"""

from __future__ import annotations

import hashlib
import os
from typing import NamedTuple

from cockpit.audit.opening import opened


class Excerpt:
    """The beginning and the end of a stream, in memory."""

    def __init__(self, head_bytes: int, tail_bytes: int) -> None:
        self._head_bytes = head_bytes
        self._tail_bytes = tail_bytes
        self._head = bytearray()
        self._tail = bytearray()
        self.left_out_bytes = 0

    def write(self, data: bytes) -> None:
        """More of it."""
        taken = max(0, self._head_bytes - len(self._head))
        self._head += data[:taken]
        self._tail += data[taken:]
        if len(self._tail) > 2 * self._tail_bytes:  # seldom, so that a byte at a time is not a copy at a time
            self._trim()

    def content(self) -> bytes:
        """What was kept, with a line about what was not."""
        self._trim()
        return bytes(self._head) + left_out(self.left_out_bytes) + bytes(self._tail)

    def _trim(self) -> None:
        excess = max(0, len(self._tail) - self._tail_bytes)
        del self._tail[:excess]
        self.left_out_bytes += excess


class Written(NamedTuple):
    """An output file as it was left."""

    bytes: int
    sha256: str
    left_out_bytes: int
    fault: str


class LogFile:
    """The output file: its beginning is written as it comes, its end when all is over."""

    def __init__(self, path: str, head_bytes: int, tail_bytes: int) -> None:
        """Raises OSError if it cannot be made, or is there already."""
        self._fd = opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND)
        self._room_bytes = head_bytes
        self._end = Excerpt(0, tail_bytes)
        self._digest = hashlib.sha256()
        self._size_bytes = 0
        self._fault = ""

    def write(self, data: bytes) -> None:
        """More of it. A full disk ends the file, not the command: see `Written.fault`."""
        head, rest = data[: self._room_bytes], data[self._room_bytes :]
        self._room_bytes -= len(head)
        if head:
            self._put(head)
        if rest:
            self._end.write(rest)

    def close(self) -> Written:
        """Write the end and sync it all."""
        rest = self._end.content()
        if rest:
            self._put(rest)
        try:
            os.fsync(self._fd)
        except OSError as error:
            self._fault = self._fault or f"the output file could not be synced: {error.strerror}"
        os.close(self._fd)
        return Written(self._size_bytes, self._digest.hexdigest(), self._end.left_out_bytes, self._fault)

    def _put(self, data: bytes) -> None:
        while data and not self._fault:
            try:
                count = os.write(self._fd, data)
            except OSError as error:
                self._fault = f"the output file could not be written on: {error.strerror}"
                return
            self._digest.update(data[:count])
            self._size_bytes += count
            data = data[count:]


def left_out(count: int) -> bytes:
    """The line that stands where `count` bytes are missing."""
    return f"\n‹{count} bytes left out here›\n".encode() if count else b""
