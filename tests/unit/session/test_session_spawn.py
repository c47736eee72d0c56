"""Starting a keeper by executing it."""

from __future__ import annotations

import os
import stat
import sys
import textwrap
from pathlib import Path

import psutil
import pytest
from looks import HANGS_S
from session_runs import Keeping, eventually, new_run

from cockpit.audit import layout
from cockpit.errors import KeeperError
from cockpit.session import spawn
from cockpit.session.spawn import last_words, start_keeper, wait_for_keeper

STAND_IN = """\
import os, pathlib, sys, time
here = pathlib.Path(__file__).resolve().parent
if os.environ.get("COCKPIT_TEST_DIES"):
    sys.exit("cockpit.keeper: no such \\x1b[31mserver")
from cockpit.audit import layout
from cockpit.audit.locks import HeldLock
run_dir = pathlib.Path(sys.argv[1])
lock = HeldLock.take(layout.keeper_lock(run_dir))
if lock is None:
    sys.exit(0)
(run_dir / "seen").write_text(f"{os.getsid(0)} {os.getpid()} {os.readlink('/proc/self/fd/0')}")
while not (run_dir / "stop").exists():
    layout.keeper_beat(run_dir).write_text(f"1 {os.getpid()} {time.monotonic()}")
    time.sleep(0.05)
"""


@pytest.fixture
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run, and an interpreter whose `-m cockpit.keeper RUN_DIR` is a stand-in that locks and beats."""
    script = tmp_path / "stand_in.py"
    script.write_text(textwrap.dedent(STAND_IN))
    wrapper = tmp_path / "python"
    wrapper.write_text(
        f'#!/bin/sh\n[ "$1 $2 $3" = "-P -m cockpit.keeper" ] || exit 9\nexec {sys.executable} {script} "$4"\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setattr(spawn.sys, "executable", str(wrapper))
    return new_run(tmp_path)


def test_a_keeper_is_started_in_its_own_session_once_and_leaves_no_zombie(run_dir: Path) -> None:
    assert start_keeper(run_dir)
    sight = wait_for_keeper(run_dir, 20)
    assert sight.alive
    assert sight.silent_s < HANGS_S
    assert not start_keeper(run_dir)  # one lives
    eventually(lambda: (run_dir / "seen").exists() and (run_dir / "seen").read_text())
    sid, pid, stdin = (run_dir / "seen").read_text().split()
    assert sid == pid  # setsid: closing the terminal does not reach it
    assert int(sid) != os.getsid(0)
    assert stdin == "/dev/null"
    (run_dir / "stop").touch()
    eventually(lambda: not psutil.pid_exists(int(pid)))
    assert not wait_for_keeper(run_dir, 0).alive


def test_what_a_keeper_prints_lies_in_a_private_file_of_its_own(run_dir: Path) -> None:
    for n in (1, 2):
        assert start_keeper(run_dir, {"COCKPIT_TEST_DIES": "1"})
        log = layout.outputs_dir(run_dir) / f"keeper-{n}.log"
        eventually(lambda log=log: log.stat().st_size)
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert last_words(run_dir) == "cockpit.keeper: no such ␛[31mserver"
    sight = wait_for_keeper(run_dir, 0.1)
    assert (sight.alive, sight.silent_s) == (False, float("inf"))


def test_a_keeper_that_cannot_be_executed_gives_one_sentence(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawn.sys, "executable", "/nowhere/python")
    with pytest.raises(KeeperError, match="could not be started: No such file"):
        start_keeper(run_dir)


def test_a_beat_from_before_a_reboot_or_that_is_no_beat_does_not_count(run_dir: Path) -> None:
    keeping = Keeping(run_dir)
    keeping.beat(seconds_ago=-1e6)
    assert wait_for_keeper(run_dir, 0).silent_s == float("inf")
    for text in ("", "1 2", "1 2 x", "\x00" * 9):
        layout.keeper_beat(run_dir).write_text(text)
        assert wait_for_keeper(run_dir, 0).silent_s == float("inf")
    keeping.beat(seconds_ago=2)
    sight = wait_for_keeper(run_dir, 0)
    assert sight.alive
    assert 2 <= sight.silent_s < HANGS_S
    keeping.lock.release()
    assert not wait_for_keeper(run_dir, 0).alive


def test_a_keeper_that_said_nothing_has_no_last_words(run_dir: Path) -> None:
    assert last_words(run_dir) == ""
