"""The four system calls by which a log becomes durable, behind a seam where a crash can be simulated.

Nothing else in the file store makes bytes durable: what is not called here did not happen.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol


class Storage(Protocol):
    """Where bytes go. Every method raises OSError as the system call does."""

    def create(self, path: Path, mode: int) -> int:
        """Create a file that must not exist; return a descriptor for reading and appending."""
        ...

    def write(self, fd: int, data: bytes) -> int:
        """Append some of `data`; return how many bytes."""
        ...

    def fdatasync(self, fd: int) -> None:
        """Return once everything written to the file is durable."""
        ...

    def fsync_dir(self, path: Path) -> None:
        """Return once the names in the folder are durable."""
        ...


APPENDING = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
"""O_APPEND always: a file with `chattr +a` opens no other way."""


class Disk:
    """The real one."""

    def create(self, path: Path, mode: int) -> int:
        """open(2) with O_EXCL."""
        return os.open(path, APPENDING | os.O_CREAT | os.O_EXCL, mode)

    def write(self, fd: int, data: bytes) -> int:
        """write(2)."""
        return os.write(fd, data)

    def fdatasync(self, fd: int) -> None:
        """fdatasync(2)."""
        os.fdatasync(fd)

    def fsync_dir(self, path: Path) -> None:
        """fsync(2) of a folder."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
