"""Programs beside cockpit: whether what signs, and what the profile starts, is there, and new enough.

Invariant: of a profile nothing is run: its programs are looked for on PATH. OpenSSH alone is asked for its version.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

from msgspec import Struct

import cockpit
from cockpit.doctor.findings import Finding, advice, error, ok, unknown, warning
from cockpit.doctor.paths import own_program
from cockpit.patterns import late

_SIGNS_FROM, _RESTRICTS_FROM = (8, 1), (8, 9)
_TIMEOUT_S = 2.0
_VERSION = late(r"OpenSSH_(\d+)\.(\d+)")


class Tools(Struct, frozen=True):
    """What was found."""

    ssh_keygen: str | None
    """Its path; None: there is none."""
    openssh: tuple[int, int] | None
    """Version; None: it cannot be told."""
    programs: Mapping[str, str]
    """By what the profile calls it: where it is; empty: it is not there."""
    uses: Mapping[str, str]
    """By the same: what of the profile starts it."""


def look(environ: Mapping[str, str], programs: Mapping[str, str], found: Mapping[str, str]) -> Tools:
    """`programs`: each with what starts it; `found`: each with its path, or none. Never raises."""
    return Tools(shutil.which("ssh-keygen", path=environ.get("PATH")), _openssh(environ), found, programs)


def judge(tools: Tools, *, signs: bool) -> Iterator[Finding]:
    """`signs`: the profile asks for signatures, or runs are signed."""
    yield ok("tools.cockpit", "cockpit", f"{cockpit.__version__}, on Python {sys.version.split()[0]}")
    yield from _of_openssh(tools, signs=signs)
    for name, path in tools.programs.items():
        if not path:
            why = f"{tools.uses.get(name, 'the profile')} starts it"
            yield error("tools.program", name, "there is none on PATH", why, f"# install {name}, or correct PATH")
        else:
            yield ok("tools.program", name, path)


def _of_openssh(tools: Tools, *, signs: bool) -> Iterator[Finding]:
    what = "ssh-keygen"
    why = "nothing can be signed, and no signature can be checked"
    if tools.ssh_keygen is None:
        yield (error if signs else advice)("tools.ssh", what, "there is none here", why, "# install openssh-client")
    elif tools.openssh is None:
        yield unknown("tools.ssh", what, "its version cannot be told", "signing takes OpenSSH 8.1", "ssh -V")
    elif tools.openssh < _SIGNS_FROM:
        told = "OpenSSH {}.{}".format(*tools.openssh)
        yield (error if signs else warning)(
            "tools.ssh", what, told, f"{why}: that takes 8.1", "# update openssh-client"
        )
    elif tools.openssh < _RESTRICTS_FROM:
        told = "OpenSSH {}.{}".format(*tools.openssh)
        yield advice("tools.ssh", what, told, "keys bound to hosts (ssh-add -h) take 8.9", "# update openssh-client")
    else:
        yield ok("tools.ssh", what, "OpenSSH {}.{}".format(*tools.openssh))


def _openssh(environ: Mapping[str, str]) -> tuple[int, int] | None:
    program = own_program("ssh", environ)
    if program is None:
        return None
    try:
        told = subprocess.run(
            [program, "-V"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return None
    found = _VERSION.search(told.stderr + told.stdout)
    return (int(found[1]), int(found[2])) if found else None
