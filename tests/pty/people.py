"""Other users of this host, as whom a test runs cockpit: real ones to the kernel, by number, without an account.

They cannot be expected to reach this interpreter or this tree (a home folder of root's, say), so each of their commands
gets a mount namespace of its own in which both are bound below a folder that everybody can reach.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

from policies import let_note
from terminal import Terminal

_AS = """
mount --bind "$1" "$4/python" && mount --bind "$2" "$4/site" && mount --bind "$3" "$4/tree" || exit 77
folder=$4 user=$5 groups=$6; shift 6
cd / && export PYTHONPATH="$folder/tree:$folder/site"
exec setpriv --reuid "$user" --regid "$user" --groups "$groups" "$folder/python/bin/$(basename "$1")" -P "${@:2}"
"""
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"


class Host:
    """A folder in /tmp that everybody may enter, and people who use it. Only root can make one."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cockpit-people-", dir="/tmp"))
        self.folder.chmod(0o755)
        for name in ("python", "site", "tree"):
            (self.folder / name).mkdir(mode=0o755)

    def person(self, uid: int, *groups: int, **environ: str) -> Person:
        """Somebody with a home folder here."""
        home = self.folder / f"home-{uid}"
        home.mkdir(mode=0o700, exist_ok=True)
        os.chown(home, uid, uid)
        let_note(home / ".config", uid)
        return Person(self.folder, uid, groups, {"HOME": str(home), **environ})

    def close(self) -> None:
        """Take it all away."""
        shutil.rmtree(self.folder)


class Person:
    """One user, in some groups."""

    def __init__(self, folder: Path, uid: int, groups: Sequence[int], environ: dict[str, str]) -> None:
        self.uid = uid
        self._folder = folder
        self._groups = ",".join(str(group) for group in (uid, *groups))
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TERM", "TZ")}
        self._environ = {"LANG": "C.UTF-8", "TERM": "xterm-256color", **kept, **environ}

    def argv(self, *arguments: str) -> list[str]:
        """How this user has Python run with these arguments."""
        packages = sysconfig.get_paths()["purelib"]
        tree = Path(__file__).parents[2]
        mine = [self._folder, self.uid, self._groups, _PYTHON, *arguments]
        return ["unshare", "-m", "bash", "-c", _AS, "as", *map(str, (sys.base_prefix, packages, tree, *mine))]

    def cockpit(self, *arguments: str, **environ: str) -> Terminal:
        """A terminal in which they give a command of cockpit's."""
        return Terminal(self.argv("-m", "cockpit.cli", *arguments), env=self._environ | environ)

    def python(self, code: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a few lines."""
        return subprocess.run(
            self.argv("-c", code, *arguments), env=self._environ | environ, capture_output=True, text=True, timeout=30
        )


def obstacle() -> str:
    """Why there can be no other people here; empty if there can."""
    if os.geteuid() != 0:
        return "only root can act as other users"
    if missing := [name for name in ("unshare", "setpriv", "mount") if shutil.which(name) is None]:
        return f"{missing[0]} is not installed"
    host = Host()
    try:
        done = host.person(40009).python("import cockpit.cli, os; print(os.getuid())")
    finally:
        host.close()
    return "" if done.stdout == "40009\n" else f"another user cannot run cockpit here: {done.stderr.strip()[-200:]}"
