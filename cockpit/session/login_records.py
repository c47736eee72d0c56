"""What root's own programs noted of this login: logind's file of the session, and the utmp record of the terminal.

Invariant: a record counts only if root alone can have written it, and only for the session that this process is in.
Never raises, never waits; what cannot be read says nothing.
"""

from __future__ import annotations

import os
import platform
import stat
from collections.abc import Iterator

from msgspec import Struct

from cockpit.text import shortened

_SESSION_BYTES, _UTMP_BYTES = 16 * 1024, 512 * 1024
_USER_PROCESS = 7
_UTMP = {"x86_64": "<hxxi32s4s32s256shhiii16s20x", "aarch64": "<hxxi32s4s32s256shhqqq16s20x4x"}
"""utmp(5): type, pid, line, id, user, host, exit (2), session, time (2), address. On others it is not read."""
_ADDRESS_CHARACTERS = 64


class LogindSession(Struct, frozen=True):
    """One login, as systemd-logind keeps it."""

    uid: int
    tty: str
    """`pts/3`; empty where logind was not told."""
    remote_host: str
    """Address (or name, where sshd looks those up) of the client; empty: none."""
    leader: int
    """Process that logged in; 0: not known."""


def logind_session(number: int | None, run: str = "/run") -> LogindSession | None:
    """The session with this number of the kernel's; None: logind knows of none."""
    if number is None:
        return None
    text = _of_root(f"{run}/systemd/sessions/{number}", _SESSION_BYTES).decode("utf-8", "replace")
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    if fields.get("AUDIT", str(number)) != str(number):
        return None
    try:
        return LogindSession(
            uid=int(fields["UID"]),
            tty=fields.get("TTY", ""),
            remote_host=shortened(fields.get("REMOTE_HOST", ""), _ADDRESS_CHARACTERS),
            leader=int(fields.get("LEADER", "0")),
        )
    except (KeyError, ValueError):
        return None


def utmp_address(tty: str, pids: frozenset[int], run: str = "/run") -> str:
    """Address of the client at a terminal (`pts/3`), noted for one of these processes; empty: none is known.

    The host's name in the record does not count: programs that anybody may run can write one there (utempter(3)).
    """
    form = _UTMP.get(platform.machine())
    raw = _of_root(f"{run}/utmp", _UTMP_BYTES) if form and tty else b""
    for kind, pid, line, address in _records(raw, form or ""):
        if kind == _USER_PROCESS and pid in pids and line == tty:
            return address
    return ""


def _records(raw: bytes, form: str) -> Iterator[tuple[int, int, str, str]]:
    if not raw:
        return
    import struct  # few hosts still keep utmp

    size = struct.calcsize(form)
    for fields in struct.iter_unpack(form, raw[: len(raw) - len(raw) % size]):
        yield fields[0], fields[1], fields[2].rstrip(b"\0").decode("utf-8", "replace"), _address(fields[11])


def _address(raw: bytes) -> str:
    import socket

    if not any(raw):
        return ""
    if not any(raw[4:]):
        return socket.inet_ntop(socket.AF_INET, raw[:4])
    return socket.inet_ntop(socket.AF_INET6, raw)


def _of_root(path: str, limit_bytes: int) -> bytes:
    """The content of a file that only root (or a group that root gave it to) can have written; else nothing."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW)
    except OSError:
        return b""
    try:
        known = os.fstat(fd)
        if not stat.S_ISREG(known.st_mode) or known.st_uid != 0 or known.st_mode & stat.S_IWOTH:
            return b""
        return os.read(fd, limit_bytes)
    except OSError:
        return b""
    finally:
        os.close(fd)
