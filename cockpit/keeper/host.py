"""What the host would do to a keeper: whether it is killed when its starter logs out.

systemd-logind with `KillUserProcesses=yes` (logind.conf(5)) kills everything in a session's scope at logout, `setsid`
or not, also of a user who lingers: that keeps the user's manager alive (loginctl(1)), and what its units start. root is
excepted by default. Only what can be read without asking anybody is looked at.
"""

from __future__ import annotations

import configparser
import contextlib
from pathlib import Path

_CONFIGURATION = ("usr/lib/systemd", "run/systemd", "etc/systemd")


def logout_warning(user: str, run: str, root: Path = Path("/")) -> str:
    """One sentence if the keeper of `run` would be killed at logout, else an empty text. `root` is for tests."""
    try:
        cgroup = (root / "proc/self/cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    if "/session-" not in cgroup or user == "root" or not _kills(root):
        return ""
    lingers = (root / "var/lib/systemd/linger" / user).exists()
    also = "" if lingers else f", and: loginctl enable-linger {user}"
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
