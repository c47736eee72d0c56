"""Whether a process is the one that works in a folder: a number alone may have gone to somebody else since."""

from __future__ import annotations

import os
from pathlib import Path


def is_at_work(pid: int, folder: Path) -> bool:
    """Whether process `pid` lives and has `folder` in its command line. A zombie does not; 0 never does."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return os.fsencode(folder) in command
