"""The keeper's heartbeat: a line of fixed width that says when its loop last came round.

Invariant: the file always holds one whole beat, since equal widths overwrite each other; a beat is only ever written by
the loop that also checks staleness, so that a keeper that hangs falls silent.
"""

from __future__ import annotations

import os
from pathlib import Path

from cockpit.audit.layout import keeper_beat, keeper_here
from cockpit.audit.opening import opened


class Beat:
    """Written by the keeper that holds the lock."""

    def __init__(self, run_dir: Path, epoch: int) -> None:
        """Raises OSError."""
        self._fd = opened(keeper_beat(run_dir), os.O_RDWR | os.O_CREAT)
        self._begin = f"{epoch} {os.getpid()}"

    def beat(self, now_mono: float) -> None:
        """Say that the loop came round at `now_mono`, seconds of CLOCK_MONOTONIC. Raises OSError."""
        line = f"{self._begin} {now_mono:.3f}".ljust(63) + "\n"
        os.pwrite(self._fd, line.encode("ascii"), 0)
        if os.fstat(self._fd).st_size != len(line):
            os.ftruncate(self._fd, len(line))

    def close(self) -> None:
        """Stop beating; the last beat stays."""
        os.close(self._fd)


def note_here(run_dir: Path, epoch: int) -> None:
    """Note that the keeper of this epoch is on this host, durably and before it says so in the log. Raises OSError."""
    fd = opened(keeper_here(run_dir), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(fd, f"{epoch}\n".encode("ascii"))
        os.fsync(fd)
    finally:
        os.close(fd)
