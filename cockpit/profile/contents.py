"""The content of a file as a digest, and whether it still is what it was.

Only regular files count: a FIFO would block, and a device has no content that could be fixed. A shim imports this just
before it starts a command: nothing of weight is loaded.
"""

from __future__ import annotations

import hashlib
import os
import stat

from cockpit.text import shortened

CURE = "put it back as it was, or do the step by hand: d"
"""What to do about a file that differs: a run does what was confirmed when it began, and nothing else."""
_CHUNK_BYTES = 1 << 20


class Unreadable(Exception):
    """Its text says why, one sentence that names the file."""


def digest_of(name: str, folder: str | os.PathLike[str]) -> str:
    """The SHA-256 (hex) of the file `name`, relative to `folder`. Raises Unreadable."""
    quoted = f"file `{shortened(name, 120)}`"
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to would never return.
        fd = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise Unreadable(f"{quoted} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Unreadable(f"{quoted} cannot be read: its name holds a null character") from error
    digest = hashlib.sha256()
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise Unreadable(f"{quoted} is not a regular file")
        while chunk := os.read(fd, _CHUNK_BYTES):
            digest.update(chunk)
    except OSError as error:
        raise Unreadable(f"{quoted} cannot be read: {error.strerror}") from error
    finally:
        os.close(fd)
    return digest.hexdigest()


def differs(name: str, folder: str | os.PathLike[str], fixed: str) -> str:
    """How a file is not what it was when it had the digest `fixed`, one sentence; empty if it is the same."""
    try:
        now = digest_of(name, folder)
    except Unreadable as error:
        return str(error)
    if now == fixed:
        return ""
    return f"`{shortened(name, 120)}` has changed since the run began: {now[:8]} instead of {fixed[:8]}"
