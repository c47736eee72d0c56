"""The files that a step names: their digests, fixed when the run begins and compared before anything is done.

Paths are relative to the profile's folder. Only regular files count: a FIFO would block, and a device has no content
that could be fixed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from cockpit.errors import ActionError
from cockpit.profile.named_files import files_of as files_of
from cockpit.text import shortened

_CHUNK_BYTES = 1 << 20


def digests(files: Iterable[str], base_dir: Path) -> dict[str, str]:
    """The SHA-256 (hex) of each file, by its name as written. Raises ActionError for the first that is unreadable."""
    return {name: _digest(name, base_dir) for name in files}


def changed(files: Iterable[str], base_dir: Path, frozen: Mapping[str, str]) -> str:
    """Which files are not what they were when `frozen` was made, and why: one sentence, or an empty text."""
    said = []
    for name in files:
        quoted = f"`{shortened(name, 120)}`"
        if name not in frozen:
            said.append(f"{quoted} was not fixed when the run began")
            continue
        try:
            digest = _digest(name, base_dir)
        except ActionError as error:
            said.append(str(error))
            continue
        if digest != frozen[name]:
            said.append(f"{quoted} has changed since the run began: {digest[:8]} instead of {frozen[name][:8]}")
    return "; ".join(said)


def _digest(name: str, base_dir: Path) -> str:
    quoted = f"file `{shortened(name, 120)}`"
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to would never return.
        fd = os.open(base_dir / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ActionError(f"{quoted} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ActionError(f"{quoted} cannot be read: its name holds a null character") from error
    digest = hashlib.sha256()
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise ActionError(f"{quoted} is not a regular file")
        while chunk := os.read(fd, _CHUNK_BYTES):
            digest.update(chunk)
    except OSError as error:
        raise ActionError(f"{quoted} cannot be read: {error.strerror}") from error
    finally:
        os.close(fd)
    return digest.hexdigest()
