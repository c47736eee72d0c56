"""Everything that a command started, found by ancestry and ended.

The shim is the subreaper of its descendants (prctl(2)): whatever forks, makes a session of its own or loses its parent
stays a descendant of the shim. So they are found in /proc by their parents, and nobody else's process ever is.
"""

from __future__ import annotations

import ctypes
import os
import signal
from contextlib import suppress
from typing import NamedTuple

_PR_SET_CHILD_SUBREAPER = 36


class Process(NamedTuple):
    """One line of /proc: enough to tell a process from a later one of the same number."""

    pid: int
    name: str
    state: str
    parent: int
    group: int
    start_ticks: int
    """Since boot (proc_pid_stat(5), field 22)."""


def adopt_orphans() -> None:
    """Make this process the parent of every descendant that loses its own. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def boot_id() -> str:
    """Of this boot: process numbers of another one mean nothing."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def look(pid: int) -> Process | None:
    """The process of that number, or None. One that has ended and is not waited for counts as none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):  # the last: of others, where /proc hides them
        return None
    name, _, rest = stat.partition(b"(")[2].rpartition(b")")
    fields = rest.split()
    if fields[0] in (b"Z", b"X"):
        return None
    state, parent, group, start = fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[19])
    return Process(pid, name.decode("utf-8", "replace"), state, parent, group, start)


def descendants(root: int) -> list[Process]:
    """Every living process below `root`, parents before children."""
    children: dict[int, list[Process]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (process := look(int(entry))) is not None:
            children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    below = [root]
    while below:
        for process in children.get(below.pop(), ()):
            found.append(process)
            below.append(process.pid)
    return found


def terminate(root: int, group: int) -> None:
    """Ask everything below `root` to end: the process group at once, those that left it one by one."""
    found = descendants(root)
    # A group without a member of ours may be somebody else's by now.
    if any(process.group == group for process in found):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGTERM)
    for process in found:
        if process.group != group:
            _send(process, signal.SIGTERM)
        if process.state == "T":
            _send(process, signal.SIGCONT)  # a stopped one could not hear it


def kill(root: int) -> None:
    """End everything below `root`. Stopped first, so that what forks faster than one can look comes to rest."""
    stopped: set[tuple[int, int]] = set()
    for _ in range(50):
        fresh = [process for process in descendants(root) if (process.pid, process.start_ticks) not in stopped]
        if not fresh:
            break
        for process in fresh:
            stopped.add((process.pid, process.start_ticks))
            _send(process, signal.SIGSTOP)
    for process in descendants(root):
        _send(process, signal.SIGKILL)


def _send(process: Process, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # gone, or of another user: it is named as left running
        os.kill(process.pid, number)
