"""Where a log that cannot be written any more goes on, and whether it may still be written at all.

A run that went on elsewhere (`continuing`) leaves word at its former place, if that place takes it: whoever appended
there would make two logs of one run.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cockpit.audit.layout import append_lock, continued_mark, log_path, store_path, turn_lock
from cockpit.audit.locks import AppendLock
from cockpit.audit.poison import Poison
from cockpit.errors import StoreFailed
from cockpit.patterns import late

ROOM_BYTES = 8192
"""What most facts fit into, twice over."""
STILL_S = 5.0
"""This long an append that is under way is waited for."""
_BRANCH = late(r"offline-[0-9]+(?:-[0-9]+)?")


def went_on(run_dir: Path) -> str:
    """Where this run goes on, as far as its former place could be told; empty: nothing is known of it."""
    where = _word(run_dir)
    if where and Path(where).parent == run_dir.absolute() and _word(Path(where)) == str(run_dir.absolute()):
        return ""  # an offline branch, which came back: the word here is only not taken away yet
    return where


def _word(run_dir: Path) -> str:
    try:
        return os.readlink(continued_mark(run_dir))
    except OSError:
        return ""


def branch_of(run_dir: Path) -> Path | None:
    """The folder of the run of which this is an offline branch; None if it is none."""
    folder = run_dir.absolute()
    is_branch = _BRANCH.fullmatch(folder.name) is not None and store_path(folder.parent).exists()
    return folder.parent if is_branch else None


def set_aside(run_dir: Path, fd: int) -> Path | None:
    """Where the log that is open by `fd` was put when a merge made this host's copy anew; None if none did."""
    own = os.fstat(fd)
    for log in run_dir.glob(f"offline-*/{log_path(run_dir).name}"):
        found = os.stat(log)
        if (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino):
            return log.parent
    return None


def place_now(run_dir: Path) -> Path:
    """Where a run is walked now: in its folder, or in the branch in which it goes on offline on this host."""
    where = went_on(run_dir)
    return Path(where) if where and is_same_run(run_dir, Path(where)) else run_dir


def is_same_run(run_dir: Path, other: Path) -> bool:
    """Whether the one is an offline branch of the other."""
    return run_dir.absolute() == branch_of(other) or other.absolute() == branch_of(run_dir)


def leave_word(run_dir: Path, new_dir: Path) -> bool:
    """Tell whoever looks at the former place where the run goes on; whether that place took it."""
    try:
        os.symlink(new_dir.absolute(), continued_mark(run_dir))
    except OSError:
        return False
    return True


@contextmanager
def nobody_appends(run_dir: Path, *, deadline_s: float = STILL_S) -> Iterator[None]:
    """Keep a log as it is while it is copied and word is left: else what is acknowledged meanwhile is in no copy.

    Raises StoreFailed if somebody holds the append lock. Where the lock cannot be opened (a disk that is read-only or
    broken) there is nothing to wait for, and where the store is poisoned nobody acknowledges anything.
    """
    with ExitStack() as stack:
        try:
            lock = AppendLock(append_lock(run_dir), turn_lock(run_dir), deadline_s=deadline_s)
            stack.callback(lock.close)
            stack.enter_context(lock.held())
        except OSError:
            pass
        except StoreFailed:
            if not Poison(run_dir).reason:
                raise
        yield


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
