"""Being woken when a file or a folder changes: inotify(7), by the C library that this process has anyway.

Invariant: what happened is never told, only that something did: whoever waits looks for itself. Packages for this look
for the C library by a program that they start (ldconfig), at every start of a screen or a keeper.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path

MODIFIED, ATTRIBUTES, MOVED_IN = 0x2, 0x4, 0x80
DELETED, MOVED = 0x400, 0x800
"""Of what is watched itself."""
_READ_BYTES = 65536


class Watch:
    """One watch; `fileno` is ready to be read once something happened."""

    def __init__(self, path: Path, events: int) -> None:
        """`events`: those above, joined by `|`. Raises OSError where the kernel has no watch to give."""
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._answer(self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
        try:
            self._answer(self._libc.inotify_add_watch(self._fd, os.fsencode(path), ctypes.c_uint32(events)))
        except OSError:
            self.close()
            raise

    def fileno(self) -> int:
        """To wait for; -1 once it is closed."""
        return self._fd

    def clear(self) -> None:
        """What happened was noticed."""
        with suppress(BlockingIOError):
            os.read(self._fd, _READ_BYTES)

    def close(self) -> None:
        """Watch no more; a second call does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _answer(self, value: int) -> int:
        if value < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return value
