"""A disk that loses power: what was synced stays, what was not may be there whole, in part, as a hole, or not at all.

It writes through to real files, so that whoever reads sees what a page cache would show; beside that it knows what is
durable. `power_cut` leaves one of the many states in which a file system may come back (write order is not kept between
syncs, a size may be there without its bytes, a name may be gone without a sync of its folder).
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

from cockpit.audit.storage import Disk

SECTOR = 512


class PowerCut(BaseException):
    """The moment after which nothing is written any more. No Exception: nobody may go on after it."""


class SimulatedDisk(Disk):
    """Everything in one folder. `cut_at`: before which call the power goes (1: the first one), 0: never."""

    def __init__(self, chance: random.Random, cut_at: int = 0) -> None:
        self._chance = chance
        self.cut_at = cut_at
        self.calls = 0
        self._durable: dict[Path, bytes] = {}
        """Content that a sync of the file covered, by path."""
        self._named: set[Path] = set()
        """Files whose name a sync of the folder covered."""
        self._paths: dict[int, Path] = {}

    def _tick(self) -> bool:
        """Count one call; whether the power goes in the middle of it."""
        self.calls += 1
        if self.cut_at and self.calls > self.cut_at:
            raise PowerCut
        return self.calls == self.cut_at

    # ---- the calls -----------------------------------------------------------------------------------------------

    def create(self, path: Path, mode: int) -> int:
        if self._tick():
            raise PowerCut
        fd = super().create(path, mode)
        self._durable[path] = b""
        return fd

    def write(self, fd: int, data: bytes) -> int:
        is_last = self._tick()
        if is_last:
            data = data[: self._chance.randrange(len(data) + 1)]
        elif len(data) > 1 and self._chance.random() < 0.3:
            data = data[: self._chance.randrange(1, len(data))]  # a short write
        self._path(fd)
        written = super().write(fd, data) if data else 0
        if is_last:
            raise PowerCut
        return written

    def fdatasync(self, fd: int) -> None:
        if self._tick() and self._chance.random() < 0.5:
            raise PowerCut
        path = self._path(fd)
        self._durable[path] = path.read_bytes()
        if self.calls == self.cut_at:
            raise PowerCut  # it reached the disk, and nobody was told

    def fsync_dir(self, path: Path) -> None:
        if self._tick():
            raise PowerCut
        self._named |= {each for each in self._durable if each.parent == path}
        # A folder's own name is in its parent; whoever makes one syncs that too.
        self._named |= {each for each in self._durable if each.parent.parent == path and each in self._named}

    def _path(self, fd: int) -> Path:
        path = Path(os.readlink(f"/proc/self/fd/{fd}"))
        self._durable.setdefault(path, b"")
        return path

    # ---- afterwards ----------------------------------------------------------------------------------------------

    def power_cut(self, to: Path, run_dir: Path, kind: str) -> Path | None:
        """The run's folder as it comes back, in `to`; None if it is not there. `kind`: `least`, `most`, `torn`."""
        log = run_dir / "audit.jsonl"
        seen = log.read_bytes() if log.exists() else None
        is_named = log in self._named or (kind == "most" and seen is not None)
        if kind == "torn" and seen is not None:
            is_named = is_named or self._chance.random() < 0.5
        if not is_named or seen is None:
            return None
        back = to / run_dir.name
        shutil.rmtree(back, ignore_errors=True)
        shutil.copytree(run_dir, back)
        (back / "audit.jsonl").write_bytes(self._left(self._durable.get(log, b""), seen, kind))
        return back

    def _left(self, durable: bytes, seen: bytes, kind: str) -> bytes:
        assert seen.startswith(durable), "the log was rewritten"
        if kind == "least":
            return durable
        if kind == "most":
            return seen
        size = self._chance.randrange(len(durable), len(seen) + 1)
        left = bytearray(seen[:size])
        for at in range(len(durable), size, SECTOR):
            if self._chance.random() < 0.3:  # the size reached the disk, these bytes did not
                end = min(size, at + SECTOR)
                left[at:end] = bytes(end - at)
        return bytes(left)
