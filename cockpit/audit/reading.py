"""Bytes of a growing file: cut into complete lines, and checked to be the same file that was read before.

Invariant: a reader never holds more than one block and one line. It never waits and never interprets a line.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cockpit.audit.extent import LONGEST, too_large
from cockpit.audit.line import FIRST_LIMIT_BYTES, LIMIT_BYTES
from cockpit.audit.opening import opened
from cockpit.audit.rereading import Reread
from cockpit.errors import LogDamaged, LogUnreadable

BLOCK_BYTES = 256 * 1024
_REMEMBERED_BYTES = 4096


def open_log(path: Path, flags: int) -> int:
    """Open a log file; raises LogUnreadable with the reason. What is no regular file (a pipe, a device) is refused, and
    so is one whose lines go on behind the end of the longest log.

    To be read it may be reached through a symbolic link: people have logs in many places. To be written to it may not.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever. It changes nothing for a file.
        if flags & os.O_ACCMODE != os.O_RDONLY:
            return opened(path, flags)
        fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise LogUnreadable(f"{path} cannot be opened: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise LogUnreadable(f"{path} is not a file", hint="name a log, or a run's folder")
        require_readable(fd, path)
    except LogUnreadable:
        os.close(fd)
        raise
    return fd


def require_readable(fd: int, path: Path) -> None:
    """Raise LogTooLarge if there are lines behind the end of the longest log. Of all else, what counts is shown."""
    size_bytes = os.fstat(fd).st_size
    if size_bytes > LONGEST.size_bytes:
        around = os.pread(fd, 2 * LIMIT_BYTES, LONGEST.size_bytes - 1)
        if b'\n{"v":1,"run":"' in around:
            raise too_large(path, size_bytes)


class GrowingFile:
    """A file that only ever grows. Remembers the last bytes read, to notice when it was cut, edited or replaced."""

    def __init__(self, fd: int, path: Path) -> None:
        self._fd = fd
        self._path = path
        self.offset = 0
        """How far it was read."""
        self.rest = b""
        """The bytes before `offset` that are no complete line yet."""
        self._remembered = b""
        self._reread: Reread | None = None

    def remember(self) -> None:
        """Remember all that is read from here on, the beginning of the file, so that `was_changed` can tell."""
        self._reread = Reread()

    def was_changed(self) -> str:
        """Look at some more of what was read long ago: what another program did to it; empty if nothing was found."""
        at = self._reread.changed_at(self._fd) if self._reread is not None else None
        return "" if at is None else f"{self._path} was changed behind byte {at}, which had been read, while in use"

    def trouble(self) -> str:
        """Say what another program did to the file, or return an empty string if it only grew."""
        try:
            named, opened = os.stat(self._path), os.fstat(self._fd)
        except FileNotFoundError:
            return f"{self._path} is gone: it was moved or deleted while in use"
        if (named.st_ino, named.st_dev) != (opened.st_ino, opened.st_dev):
            return f"{self._path} was replaced by another file while in use"
        if opened.st_size < self.offset:
            return f"{self._path} was cut from {self.offset} to {opened.st_size} bytes while in use"
        start = self.offset - len(self._remembered)
        if os.pread(self._fd, len(self._remembered), start) != self._remembered:
            return f"{self._path} was changed before byte {self.offset} while in use"
        return ""

    def size(self) -> int:
        """Its size now, bytes."""
        return os.fstat(self._fd).st_size

    def read_lines(self) -> list[bytes]:
        """Return the complete lines of the next block, newlines included; empty at the end of the file.

        An incomplete last line stays in `rest`. Raises LogDamaged if a line is longer than any line may be (its
        number is then unknown: `line` is 0).
        """
        while (left := self.size() - self.offset) > 0:
            block = os.pread(self._fd, min(BLOCK_BYTES, left), self.offset)
            if not block:
                break
            self.offset += len(block)
            self._remembered = (self._remembered + block)[-_REMEMBERED_BYTES:]
            if self._reread is not None:
                self._reread.take(block)
            lines = _split(self.rest + block)
            self.rest = lines.pop()
            if len(self.rest) > FIRST_LIMIT_BYTES:
                message = f"{self._path} holds a line of more than {FIRST_LIMIT_BYTES} bytes before byte {self.offset}"
                raise LogDamaged(message, line=0)
            if lines:
                return lines
        return []

    def wrote(self, data: bytes) -> bool:
        """Count `data`, which this process just appended in whole lines, as read. False if more or less is there."""
        self.offset += len(data)
        self._remembered = (self._remembered + data)[-_REMEMBERED_BYTES:]
        if self._reread is not None:
            self._reread.take(data)
        return self.size() == self.offset


def _split(data: bytes) -> list[bytes]:
    """Cut after every newline byte (and nowhere else); the last item holds what follows the last one."""
    texts = data.split(b"\n")
    rest = texts.pop()
    return [*(text + b"\n" for text in texts), rest]
