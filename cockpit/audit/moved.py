"""Where a log that cannot be written any more goes on, and whether it may still be written at all.

A run that went on elsewhere (`continuing`) leaves word at its former place, if that place takes it: whoever appended
there would make two logs of one run.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cockpit.audit.layout import continued_mark

ROOM_BYTES = 8192
"""What most facts fit into, twice over."""


def went_on(run_dir: Path) -> str:
    """Where this run goes on, as far as its former place could be told; empty: nothing is known of it."""
    try:
        return os.readlink(continued_mark(run_dir))
    except OSError:
        return ""


def leave_word(run_dir: Path, new_dir: Path) -> bool:
    """Tell whoever looks at the former place where the run goes on; whether that place took it."""
    try:
        os.symlink(new_dir.absolute(), continued_mark(run_dir))
    except OSError:
        return False
    return True


def full(log: Path) -> str:
    """Say that the log's disk has no room left, before the next append finds out; empty if it has any."""
    try:
        disk = os.statvfs(log)
    except OSError:
        return ""
    free = disk.f_bfree if os.geteuid() == 0 else disk.f_bavail
    if not disk.f_blocks or free * disk.f_frsize >= ROOM_BYTES:
        return ""
    return f"the disk is full, with {free * disk.f_frsize} bytes left: {log}"


def unwritable(log: Path) -> str:
    """Say that a log was made read-only since it was begun; empty if not. A file that is gone is not told of here.

    Its mode counts also for root, whom no mode stops: whoever took the right to write away meant it.
    """
    try:
        mode = os.stat(log).st_mode
        if os.statvfs(log).f_flag & os.ST_RDONLY:
            return f"the file system of {log} is read-only now"
    except OSError:
        return ""
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        return f"{log} was made read-only (mode {stat.S_IMODE(mode):04o})"
    if os.geteuid() == 0 and not os.access(log, os.W_OK):
        return f"{log} cannot be written any more (it was made immutable?)"
    return ""
