"""A control group around one command, where this user may make one (cgroups(7), version 2).

It ends everything inside at one stroke (`cgroup.kill`, Linux 5.14), also what forks faster than one can look. Where
none may be made (as a plain user outside of a delegated subtree), ancestry alone finds what a command started
(`cockpit.actions.shim.processes`), as it does everywhere besides.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from cockpit.actions.shim.processes import look

_KILL = "cgroup.kill"
_MEMBERS = "cgroup.procs"


class ControlGroup:
    """One, made for one command. Whoever made it is in it only while it starts the command."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def make(cls, name: str, root: Path = Path("/")) -> ControlGroup | None:
        """A new group beneath this process's own, or None where that is not allowed. `root` is for tests.

        It is this process's alone: another run on this host may do an action of the same name at the same time, and
        one group for both would end the one with the other.
        """
        with suppress(OSError, StopIteration):
            mount = _mount(root)
            own = _own(root)
            path = mount / own.lstrip("/") / f"cockpit-{name}-{os.getpid()}"
            for stale in path.parent.glob("cockpit-*"):
                # Of a shim that was killed. One that lives may have made it and not entered it yet.
                if stale == path or not _lives(stale.name.rpartition("-")[2]):
                    with suppress(OSError):  # one that has members stays
                        stale.rmdir()
            path.mkdir()
            if (path / _KILL).exists():
                return cls(path)
            path.rmdir()
        return None

    def enter(self) -> None:
        """Move this process in: what it starts from here on is born inside. Raises OSError."""
        (self._path / _MEMBERS).write_text("0")

    def leave(self) -> None:
        """Move this process out again. Raises OSError."""
        (self._path.parent / _MEMBERS).write_text("0")

    def kill(self) -> None:
        """End everything inside."""
        with suppress(OSError):
            (self._path / _KILL).write_text("1")

    def members(self) -> set[int]:
        """Numbers of the processes inside."""
        try:
            return {int(line) for line in (self._path / _MEMBERS).read_text().split()}
        except (OSError, ValueError):
            return set()

    def remove(self) -> None:
        """Take it away, if nothing lives inside any more."""
        with suppress(OSError):
            self._path.rmdir()


def _lives(pid: str) -> bool:
    return pid.isdecimal() and look(int(pid)) is not None


def _mount(root: Path) -> Path:
    """Where version 2 is mounted; version 1 has no `cgroup.kill`."""
    with open(root / "proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            before, _, after = line.partition(" - ")
            if after.split()[:1] == ["cgroup2"]:
                return root / before.split()[4].lstrip("/")
    raise StopIteration


def _own(root: Path) -> str:
    """This process's group, from the mount on."""
    with open(root / "proc/self/cgroup", encoding="utf-8", errors="replace") as file:
        return next(line.strip()[3:] for line in file if line.startswith("0::"))
