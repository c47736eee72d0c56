"""The beginning of a log, copied byte by byte and durable: the start of a place where it goes on."""

from __future__ import annotations

import os
from pathlib import Path

from cockpit.audit.reading import BLOCK_BYTES
from cockpit.audit.storage import Storage


def copied(source: int, end: int, target: Path, storage: Storage) -> bool:
    """Append the first `end` bytes of an open file to `target`, which is there, and make them durable.

    False: it ends before that, somebody cut it. Raises OSError.
    """
    fd = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        at = 0
        while at < end:
            block = os.pread(source, min(BLOCK_BYTES, end - at), at)
            if not block:
                return False
            at += len(block)
            while block:
                block = block[storage.write(fd, block) :]
        storage.fdatasync(fd)
        return True
    finally:
        os.close(fd)
