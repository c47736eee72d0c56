"""Where this process comes from, as the kernel tells it: its login uid, its audit session, its ancestors.

Invariant: nothing is believed that a process of an unprivileged user could have arranged alone. What root arranges is
beyond all of this: root may set a login uid, and act as anybody. Never raises; whatever cannot be read is not known.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from msgspec import Struct

_UNSET = 0xFFFFFFFF
_WHOLE_MAP = ["0", "0", str(_UNSET)]
_FARTHEST = 64
_FILE_BYTES = 8192
_SWITCHERS = frozenset({"sudo", "su", "doas", "runuser"})
"""Programs by which one user becomes another, having asked who that is, and that stay above what they start: pkexec
becomes it, and run0 has the system start it."""


class Process(Struct, frozen=True):
    """One process, as /proc/PID/status tells it (proc_pid_status(5))."""

    pid: int
    name: str
    real: int
    """Real uid."""
    effective: int
    parent: int

    @property
    def switches(self) -> bool:
        """Whether it is root's `sudo` or another of its kind. Whoever is not root cannot have one of that name."""
        return self.effective == 0 and self.name in _SWITCHERS


def ancestors(proc: str = "/proc", pid: int | None = None) -> tuple[Process, ...]:
    """The processes above this one, its parent first, as far as they can be seen."""
    found: list[Process] = []
    one = _process(proc, os.getpid() if pid is None else pid)
    while one is not None and one.parent > 0 and len(found) < _FARTHEST:
        one = _process(proc, one.parent)
        if one is not None:
            found.append(one)
    return tuple(found)


def origin(uid: int, above: Sequence[Process]) -> int | None:
    """The user who became `uid` by sudo, su or the like, maybe in several turns; None: nobody other, or it is not seen.

    Root in between is passed over: it is how one becomes another. A root who is where it all began is not seen as one:
    the system's own processes are root's, too.
    """
    came, user, is_switched = None, uid, False
    for process in above:
        if process.switches:
            is_switched = True
        elif process.real not in (0, user):
            if not is_switched:
                break  # something of another's started it and became this user without being asked: no person's way
            came = user = process.real
            is_switched = False
    return None if came == uid else came


def login_uid(proc: str = "/proc") -> int | None:
    """The user who logged in, as the kernel keeps it for audit(8); None where no login set it."""
    return _number(proc, "loginuid")


def audit_session(proc: str = "/proc") -> int | None:
    """The kernel's number of the login session; None where no login began one."""
    return _number(proc, "sessionid")


def is_among(uid: int, above: Sequence[Process]) -> bool:
    """Whether a user has a process among those. Never of root, of whom the system's own processes are.

    It matters where a login uid is looked at: a process that has none may set its own to any number, once
    (kernel/auditsc.c, audit_set_loginuid_perm), but cannot be the child of somebody else's.
    """
    return uid != 0 and any(process.real == uid for process in above)


def is_among_all_users(proc: str = "/proc") -> bool:
    """Whether the uids that this process sees are the host's own.

    They are not in a user namespace (user_namespaces(7)), which anybody can make and be anybody in.
    """
    return _content(proc, "self", "uid_map").split() == _WHOLE_MAP


def _process(proc: str, pid: int) -> Process | None:
    fields: dict[str, str] = {}
    for line in _content(proc, str(pid), "status").split("\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name, value.strip())
    try:
        uids = fields["Uid"].split()
        return Process(pid, fields["Name"], int(uids[0]), int(uids[1]), int(fields["PPid"]))
    except (KeyError, ValueError, IndexError):
        return None


def _number(proc: str, name: str) -> int | None:
    try:
        number = int(_content(proc, "self", name))
    except ValueError:
        return None
    return None if number == _UNSET else number


def _content(*path: str) -> str:
    try:
        fd = os.open("/".join(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return ""
    try:
        return os.read(fd, _FILE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(fd)
