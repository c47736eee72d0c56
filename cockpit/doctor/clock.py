"""This host's clock: whether the kernel holds it for synchronised, and which program keeps it so.

adjtimex(2) with `modes = 0` only reads, and needs no right. Invariant: where it cannot be called, nothing is claimed.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from cockpit.doctor.findings import Finding, advice, ok, unknown, warning

_TIME_ERROR = 5
_UNSYNCHRONISED = 0x0040
_KEEPERS = ("chronyd", "ntpd", "systemd-timesyn", "ptp4l", "openntpd", "ntpd-rs", "phc2sys")
"""As /proc calls them: 15 characters at most."""
_WIDE_S = 1.0
"""Beyond this, what two hosts wrote is hard to put in order by eye."""


class _Timex(ctypes.Structure):
    """`struct timex`, as far as it is read; the kernel writes 208 bytes."""

    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    ]


class Clock(Struct, frozen=True):
    """What the kernel says of it."""

    is_synchronised: bool | None
    """None: the kernel cannot be asked."""
    error_s: float = 0.0
    """The largest error that the kernel reckons with."""
    keepers: tuple[str, ...] = ()
    """Programs that keep it, among the processes that can be seen."""
    sees_all: bool = True
    """Processes of others can be seen."""


def look(proc: Path = Path("/proc")) -> Clock:
    """Never raises."""
    keepers, sees_all = _keepers(proc)
    try:
        told = _Timex()
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(told))
    except (OSError, AttributeError):
        return Clock(None, keepers=keepers, sees_all=sees_all)
    if state < 0:
        return Clock(None, keepers=keepers, sees_all=sees_all)
    is_well = state != _TIME_ERROR and not told.status & _UNSYNCHRONISED
    return Clock(is_well, told.maxerror / 1e6, keepers, sees_all)


def judge(clock: Clock) -> Iterator[Finding]:
    """Whether what this host writes can be put in order with what others write."""
    what = "clock"
    kept = ", ".join(clock.keepers)
    if clock.is_synchronised is None:
        yield unknown("host.clock", what, "the kernel does not say whether it is right", "", "chronyc tracking")
    elif not clock.is_synchronised:
        why = "windows, ages and the order of what several hosts wrote hang on it"
        if clock.keepers:
            found = f"the kernel holds it for not synchronised, though {kept} runs"
            yield warning("host.clock", what, found, why, "chronyc tracking    # or: timedatectl timesync-status")
        else:
            runs = "" if clock.sees_all else " that could be seen"
            found = f"nothing{runs} keeps it: the kernel holds it for not synchronised"
            yield warning("host.clock", what, found, why, "sudo timedatectl set-ntp true")
    elif clock.error_s > _WIDE_S:
        why = "what several hosts wrote is hard to put in order"
        yield advice("host.clock", what, f"it may be off by {clock.error_s:.1f} s", why, "chronyc tracking")
    else:
        by = f", by {kept}" if kept else ""
        yield ok("host.clock", what, f"synchronised{by}, at most {clock.error_s * 1000:.0f} ms off")


def _keepers(proc: Path) -> tuple[tuple[str, ...], bool]:
    found: list[str] = []
    sees_root = False
    try:
        pids = [name for name in os.listdir(proc) if name.isdecimal()]
    except OSError:
        return (), False
    for pid in pids:
        try:
            name = (proc / pid / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue
        sees_root = sees_root or pid == "1"
        if name in _KEEPERS:
            found.append(name)
    return tuple(dict.fromkeys(found)), sees_root
