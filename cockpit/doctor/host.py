"""The host as processes of this user meet it: what is left of their memory, who else sees them, what a logout ends.

Invariant: only files that anybody may read are read; what a kernel does not say is unknown. `root` is for tests.
"""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from cockpit.doctor.findings import Finding, advice, ok, quoted, unknown, warning
from cockpit.logind import Logout, logout

_LIMIT_BYTES = 256 * 1024
_ENCRYPTED = "CRYPT-"
"""How the id of a device begins that dm-crypt made (/sys/block/dm-N/dm/uuid)."""


class Host(Struct, frozen=True):
    """What was looked at; None where it could not be."""

    user: str
    core_limit: int
    """Bytes, soft, of the shell that this was started from; -1: without a limit."""
    core_pattern: str | None
    ptrace_scope: int | None
    """Of Yama, 0 to 3; None: the kernel has none, or does not say."""
    proc_options: str | None
    """How /proc is mounted."""
    swaps: tuple[str, ...] | None
    """Devices and files that hold memory, without those that are encrypted or in memory themselves."""
    logout: Logout | None


def look(user: str, root: Path = Path("/")) -> Host:
    """Never raises."""
    scope = _text(root / "proc/sys/kernel/yama/ptrace_scope")
    return Host(
        user=user,
        core_limit=_core_limit(_text(root / f"proc/{os.getppid()}/limits")),
        core_pattern=_text(root / "proc/sys/kernel/core_pattern"),
        ptrace_scope=int(scope) if scope is not None and scope.isdecimal() else None,
        proc_options=_proc_options(_text(root / "proc/self/mountinfo")),
        swaps=_swaps(root),
        logout=logout(user, root),
    )


def judge(host: Host) -> Iterator[Finding]:
    """What of it matters for a night."""
    yield from _of_cores(host)
    yield _of_ptrace(host)
    yield _of_proc(host)
    yield _of_swap(host)
    yield _of_logout(host)


def _of_cores(host: Host) -> Iterator[Finding]:
    what, pattern = "core dumps", host.core_pattern
    why = "a program that crashes leaves its memory there, with every secret in it"
    if pattern is not None and pattern.startswith("|"):
        # core(5): the limit does not count for what is piped to a program.
        program = os.path.basename(pattern[1:].split()[0]) if pattern[1:].split() else "a program"
        cure = "ulimit -c 0"
        if "systemd-coredump" in program:
            cure = "echo Storage=none | sudo tee -a /etc/systemd/coredump.conf"
        yield advice("host.core", what, f"{program} takes them, whatever `ulimit -c` says", why, cure)
    elif host.core_limit != 0:
        size = "without a limit" if host.core_limit < 0 else f"up to {host.core_limit} bytes"
        yield warning("host.core", what, f"they are written, {size}", why, "ulimit -c 0")
    elif pattern is None:
        yield unknown("host.core", what, "the limit is 0; where they would go cannot be seen")
    else:
        yield ok("host.core", what, "none are written (ulimit -c 0)")


def _of_ptrace(host: Host) -> Finding:
    what = "reading the memory of processes"
    cure = "sudo sysctl -w kernel.yama.ptrace_scope=1"
    if host.ptrace_scope is None:
        return unknown("host.ptrace", what, "kernel.yama.ptrace_scope does not say who may")
    if host.ptrace_scope == 0:
        why = "whatever runs as you can take secrets out of the keeper (ptrace_scope 0)"
        return advice("host.ptrace", what, "any process of the same user may", why, cure)
    return ok("host.ptrace", what, f"kernel.yama.ptrace_scope is {host.ptrace_scope}")


def _of_proc(host: Host) -> Finding:
    what = "who sees your command lines"
    if host.proc_options is None:
        return unknown("host.proc", what, "/proc cannot be looked at")
    hidden = re.search(r"(?:^|,)hidepid=(\w+)", host.proc_options)
    if hidden is None or hidden[1] in ("0", "off"):
        return advice(
            "host.proc",
            what,
            "every user of this host (/proc without hidepid)",
            "what stands in the arguments of a command is read by all: give secrets through the environment",
            "sudo mount -o remount,hidepid=2 /proc",
            "# then who became root by sudo stays claimed: docs/people.md",
        )
    return ok("host.proc", what, f"root and you (hidepid={hidden[1]}); who came by sudo stays claimed")


def _of_swap(host: Host) -> Finding:
    what = "swap"
    if host.swaps is None:
        return unknown("host.swap", what, "/proc/swaps cannot be looked at")
    if host.swaps:
        why = "what secrets were in memory may stay on that disk"
        cure = "sudo swapoff -a"
        return advice("host.swap", what, f"{', '.join(host.swaps)}, not known to be encrypted", why, cure)
    return ok("host.swap", what, "none that is not encrypted or in memory")


def _of_logout(host: Host) -> Finding:
    what, seen = "after logout", host.logout
    if seen is None:
        return unknown("host.logout", what, "whether processes are killed then cannot be seen")
    if not seen.ends_it:
        return ok("host.logout", what, "the keeper goes on")
    cures = [] if seen.lingers else [f"loginctl enable-linger {quoted(host.user)}"]
    why = "the run is then watched by nobody, and waits end for nobody"
    found = "the keeper is killed (KillUserProcesses=yes)"
    return warning("host.logout", what, found, why, *cures, "cockpit unit RUN --install    # once the run has begun")


def _core_limit(limits: str | None) -> int:
    """Of the process above (proc(5), limits): cockpit's own says nothing of what else is started here."""
    found = re.search(r"^Max core file size\s+(\S+)", limits or "", re.MULTILINE)
    if found is None:
        return resource.getrlimit(resource.RLIMIT_CORE)[0]
    return int(found[1]) if found[1].isdecimal() else -1


def _swaps(root: Path) -> tuple[str, ...] | None:
    text = _text(root / "proc/swaps")
    if text is None:
        return None
    names = [line.split()[0] for line in text.splitlines()[1:] if line.split()]
    return tuple(name for name in names if not _is_safe(name, root))


def _is_safe(name: str, root: Path) -> bool:
    device = os.path.basename(name)
    if device.startswith("zram"):
        return True
    return (_text(root / f"sys/block/{device}/dm/uuid") or "").startswith(_ENCRYPTED)


def _proc_options(mountinfo: str | None) -> str | None:
    """The last mount on /proc counts; the options of the mount and of what is mounted stand in two places (proc(5))."""
    if mountinfo is None:
        return None
    found = None
    for line in mountinfo.splitlines():
        here, _, there = line.partition(" - ")
        if there.startswith("proc ") and here.split()[4:5] == ["/proc"]:
            found = f"{here.split()[5]},{there.split()[-1]}"
    return found


def _text(path: Path) -> str | None:
    try:
        with open(path, "rb") as file:
            return file.read(_LIMIT_BYTES).decode("utf-8", "replace").strip()
    except OSError:
        return None
