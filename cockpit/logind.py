"""What the host does to a user's processes at logout: whether a keeper is killed when its starter logs out.

systemd-logind with `KillUserProcesses=yes` (logind.conf(5)) kills everything in a session's scope at logout, `setsid`
or not, also of a user who lingers: that keeps the user's manager alive (loginctl(1)), and what its units start. root is
excepted by default. Only what can be read without asking anybody is looked at.
"""

from __future__ import annotations

import configparser
import contextlib
from pathlib import Path

from msgspec import Struct

_CONFIGURATION = ("usr/lib/systemd", "run/systemd", "etc/systemd")


class Logout(Struct, frozen=True):
    """What would become of this process, and of what it starts, when its user logs out."""

    is_in_session: bool
    """It is in the scope of a login, which logind may kill; a unit's is not."""
    kills: bool
    """`KillUserProcesses=yes`."""
    lingers: bool
    """The user's units go on without a login."""

    @property
    def ends_it(self) -> bool:
        """Whether it is killed then. Of root nothing is, by default."""
        return self.is_in_session and self.kills


def logout(user: str, root: Path = Path("/")) -> Logout | None:
    """What a logout of `user` would do; None where that cannot be seen (no /proc). `root` is for tests."""
    try:
        cgroup = (root / "proc/self/cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return Logout(
        is_in_session="/session-" in cgroup and user != "root",
        kills=_kills(root),
        lingers=(root / "var/lib/systemd/linger" / user).exists(),
    )


def logout_warning(user: str, run: str, root: Path = Path("/")) -> str:
    """One sentence if the keeper of `run` would be killed at logout, else an empty text."""
    seen = logout(user, root)
    if seen is None or not seen.ends_it:
        return ""
    also = "" if seen.lingers else f", and: loginctl enable-linger {user}"
    return f"this host kills the keeper when {user} logs out; have systemd keep one: cockpit unit {run} --install{also}"


def _kills(root: Path) -> bool:
    """The last setting counts, as systemd reads them: the main file, then the drop-ins by name."""
    paths = [root / folder / "logind.conf" for folder in _CONFIGURATION]
    drop_ins = [path for folder in _CONFIGURATION for path in (root / folder / "logind.conf.d").glob("*.conf")]
    answer = False
    for path in [*paths, *sorted(drop_ins, key=lambda path: path.name)]:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        with contextlib.suppress(
            OSError, configparser.Error, UnicodeDecodeError
        ):  # what systemd cannot read counts not
            parser.read_string(path.read_text(encoding="utf-8"))
            if parser.has_option("Login", "KillUserProcesses"):
                answer = parser["Login"]["KillUserProcesses"].strip().lower() in ("yes", "true", "on", "1")
    return answer
