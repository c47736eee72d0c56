"""Locks between processes. All of them die with their holder; none needs cleaning up after a crash.

`HeldLock` is an open-file-description lock (fcntl(2), F_OFD_SETLK): it belongs to the open file, so another thread or
a file closed elsewhere in the process cannot lose it, and it can be looked at without being taken. A process that is
started by executing a program does not inherit it (the file closes on exec). `AppendLock` is a flock(2) with a
deadline: a stopped holder makes an append fail with a sentence, never hang. Never lock the log itself.
"""

from __future__ import annotations

import fcntl
import os
import random
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cockpit.audit.opening import opened
from cockpit.errors import StoreFailed
from cockpit.patterns import late

_FLOCK = "hhqqi0q"  # struct flock on 64-bit Linux: type, whence, start, length, pid (0 for OFD locks)
_OPEN = os.O_RDWR | os.O_CREAT
APPEND_DEADLINE_S = 30.0
"""An append holds its lock for a write and a sync: whoever holds it this long is stopped, or its disk is."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.0002, 0.002

_FLOCKED = late(r"\d+: FLOCK +ADVISORY +WRITE (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) ")


def _whole_file(kind: int) -> bytes:
    return struct.pack(_FLOCK, kind, os.SEEK_SET, 0, 0, 0)


class HeldLock:
    """A lock held until `release`, or until this process ends in any way."""

    def __init__(self, fd: int, path: Path) -> None:
        self._fd = fd
        self.path = path
        # For `held_by` alone, and no lock that anybody waits for: of this kind the kernel tells the process.
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @classmethod
    def take(cls, path: Path) -> HeldLock | None:
        """Take the lock at `path` (made if absent), or return None at once if somebody holds it. Raises OSError."""
        fd = opened(path, _OPEN)
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _whole_file(fcntl.F_WRLCK))
        except BlockingIOError:
            os.close(fd)
            return None
        except BaseException:
            os.close(fd)
            raise
        return cls(fd, path)

    @classmethod
    def wait(cls, path: Path) -> HeldLock:
        """Take the lock at `path` as soon as nobody holds it: for ever, in the kernel, until a signal ends it.

        Raises OSError.
        """
        fd = opened(path, _OPEN)
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLKW, _whole_file(fcntl.F_WRLCK))
        except BaseException:
            os.close(fd)
            raise
        return cls(fd, path)

    def release(self) -> None:
        """Let it go. A second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def held_by(path: Path, pid: int) -> bool:
    """Whether a process holds the `HeldLock` at `path`, as the kernel tells everybody (proc(5), `/proc/locks`).

    Not by what it has open: a process that holds secrets shows that to nobody but root. Raises OSError.
    """
    inode = str(path.stat().st_ino)
    for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
        found = _FLOCKED.match(line)
        if found is not None and (found[1], found[2]) == (str(pid), inode):
            return True
    return False


def holder_alive(path: Path) -> bool:
    """Whether some process holds the `HeldLock` at `path`; looks without taking it. False if there is no such file."""
    try:
        fd = opened(path, os.O_RDONLY)  # F_OFD_GETLK asks for no right to write
    except FileNotFoundError:
        return False
    try:
        seen = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _whole_file(fcntl.F_WRLCK))
    finally:
        os.close(fd)
    return bool(struct.unpack(_FLOCK, seen)[0] != fcntl.F_UNLCK)


class AppendLock:
    """The lock around an append; one per store object, used by one thread at a time.

    Whoever waits holds the turn meanwhile, and nobody gets the lock but by way of the turn: between two appends of one
    busy writer, a waiting one comes first. (flock(2) alone let a busy writer win a hundred times in a row.)
    """

    def __init__(self, lock_path: Path, turn_path: Path, *, deadline_s: float = APPEND_DEADLINE_S) -> None:
        self._path = lock_path
        self._deadline_s = deadline_s
        self._fd = opened(lock_path, _OPEN)
        try:
            self._turn_fd = opened(turn_path, _OPEN)
        except OSError:
            os.close(self._fd)
            raise

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock for the block. Raises StoreFailed if it is not to be had before the deadline."""
        give_up = time.monotonic() + self._deadline_s
        self._acquire(self._turn_fd, give_up)
        try:
            self._acquire(self._fd, give_up)
        finally:
            fcntl.flock(self._turn_fd, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _acquire(self, fd: int, give_up: float) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise StoreFailed(
                        f"nothing was written: another process has held {self._path} for {self._deadline_s:.0f} s",
                        hint="see who it is with `fuser`, and resume or end it",
                    ) from None
            # Not LOCK_EX without LOCK_NB: a wait in the kernel cannot be given up by one thread.
            time.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 (spreads waiters, protects nothing)
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)

    def close(self) -> None:
        """Close the lock files."""
        if self._fd >= 0:
            os.close(self._fd)
            os.close(self._turn_fd)
            self._fd = self._turn_fd = -1
