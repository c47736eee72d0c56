"""When a keeper would be killed at logout."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.logind import logout_warning

SESSION = "0::/user.slice/user-1000.slice/session-4.scope\n"


def host(root: Path, *, cgroup: str = SESSION, **files: str) -> Path:
    for name, text in {"proc/self/cgroup": cgroup, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_nothing_is_said_where_logind_is_not_told_to_kill(tmp_path: Path) -> None:
    assert logout_warning("ana", "RUN1", host(tmp_path)) == ""
    assert logout_warning("ana", "RUN1", tmp_path / "no host at all") == ""


def test_a_host_that_kills_is_named_with_the_remedy(tmp_path: Path) -> None:
    root = host(tmp_path, **{"etc/systemd/logind.conf": "[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n"})
    said = logout_warning("ana", "RUN1", root)
    assert said.endswith("have systemd keep one: cockpit unit RUN1 --install, and: loginctl enable-linger ana")
    assert logout_warning("root", "RUN1", root) == "", "KillExcludeUsers= has root unless it is set"


@pytest.mark.parametrize(
    ("drop_in", "warned"), [("KillUserProcesses=no", False), ("KillUserProcesses=on", True), ("nonsense", True)]
)
def test_a_drop_in_counts_more(tmp_path: Path, drop_in: str, warned: bool) -> None:
    files = {"usr/lib/systemd/logind.conf": "[Login]\nKillUserProcesses=yes\n"}
    root = host(tmp_path, **files, **{"etc/systemd/logind.conf.d/50-local.conf": f"[Login]\n{drop_in}\n"})
    assert bool(logout_warning("ana", "RUN1", root)) is warned


def test_who_lingers_is_killed_too_and_has_a_manager_that_could_keep_one(tmp_path: Path) -> None:
    files = {"etc/systemd/logind.conf": "[Login]\nKillUserProcesses=yes\n", "var/lib/systemd/linger/ana": ""}
    assert logout_warning("ana", "RUN1", host(tmp_path, **files)).endswith("cockpit unit RUN1 --install")


def test_outside_of_a_session_nobody_logs_out(tmp_path: Path) -> None:
    files = {"etc/systemd/logind.conf": "[Login]\nKillUserProcesses=yes\n"}
    assert logout_warning("ana", "RUN1", host(tmp_path, cgroup="0::/system.slice/cron.service\n", **files)) == ""
