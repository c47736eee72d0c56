"""Where a process comes from, as the kernel tells it of real ones: users, sudo, su, login uids, namespaces."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cockpit.session import whence
from cockpit.session.identity import actor

ANA, BO, SHARED = 47002, 47003, 47001
"""Users without an account: to the kernel they are as real as any."""
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make processes of several users")


def in_turn(*turns: Callable[[], object]) -> dict[str, object]:
    """What `actor` tells in a process below others: each does its turn, then forks the next one. The last one tells."""
    ends = os.pipe()
    first = os.fork()
    if first == 0:
        _turns(turns, ends[1])
    os.close(ends[1])
    with os.fdopen(ends[0], "rb") as told:
        raw = told.read()
    os.waitpid(first, 0)
    return dict(json.loads(raw))


def _turns(turns: tuple[Callable[[], object], ...], end: int) -> None:
    """Never returns. A process becomes another user only once the one below it was forked, since that takes root."""
    try:
        for place, turn in enumerate(turns):
            if place == len(turns) - 1:
                turn()
                told = {field: value for field, value in _told().items() if value}
                os.write(end, json.dumps(told).encode())
                break
            ready = os.pipe()
            below = os.fork()
            if below:
                turn()
                os.write(ready[1], b"x")
                os.waitpid(below, 0)
                break
            os.close(ready[1])
            os.read(ready[0], 1)
    finally:
        os._exit(0)


def _told() -> dict[str, object]:
    who = actor({"SUDO_USER": str(BO)})
    return {name: getattr(who, name) for name in ("user", "login", "sudo", "proven")}


def user(uid: int) -> Callable[[], object]:
    return lambda: os.setresuid(uid, uid, uid)


def called(name: str) -> Callable[[], object]:
    """Still root's, under another name."""
    return lambda: Path("/proc/self/comm").write_text(name)


def logged_in(uid: int) -> None:
    """As pam_loginuid(8) does it."""
    try:
        Path("/proc/self/loginuid").write_text(str(uid))
    except OSError as error:
        pytest.skip(f"no login uid can be set here: {error.strerror}")


def test_sudo_by_a_user_is_seen_in_the_processes() -> None:
    told = in_turn(user(ANA), called("sudo"), user(SHARED))
    assert told == {"user": str(SHARED), "sudo": str(ANA), "proven": ["sudo"]}
    assert in_turn(user(ANA), called("sudo"), user(0)) == {"user": "root", "sudo": str(ANA), "proven": ["sudo"]}


def test_what_a_user_calls_sudo_is_none() -> None:
    def fake() -> None:
        called("sudo")()
        user(ANA)()

    told = in_turn(user(ANA), fake, user(SHARED))
    assert told == {"user": str(SHARED), "sudo": str(BO)}  # what the variable claims


@pytest.mark.skipif(shutil.which("su") is None, reason="su is not installed")
def test_su_is_seen_as_sudo_is() -> None:
    with _asleep(["su", "-s", "/bin/sh", "nobody", "-c", "sleep 60"]) as pid:
        above = whence.ancestors(pid=pid)
        assert any(process.switches for process in above)
        assert whence.origin(above[0].real, above[1:]) == ANA


@contextmanager
def _asleep(command: list[str]) -> Iterator[int]:
    """A `sleep` that a command started, below a process of ANA's; its id."""
    parent = os.fork()
    if parent == 0:
        child = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL)
        os.setresuid(ANA, ANA, ANA)
        child.wait()
        os._exit(0)
    try:
        yield _below(parent, "sleep")
    finally:
        for pid in reversed(_all_below(parent)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.waitpid(parent, 0)


def _all_below(pid: int) -> list[int]:
    text = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return [each for child in map(int, text.split()) for each in (child, *_all_below(child))]


def _below(parent: int, name: str) -> int:
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        for pid in _all_below(parent):
            with suppress(OSError):
                is_mine = f"Uid:\t{ANA}" in Path(f"/proc/{parent}/status").read_text()
                if is_mine and Path(f"/proc/{pid}/comm").read_text().strip() == name:
                    return pid
        time.sleep(0.01)
    raise AssertionError(f"{name} never ran")


def test_the_login_uid_says_who_logged_in_before_all_of_it() -> None:
    if whence.login_uid() is not None:
        pytest.skip("this process has a login uid, which then cannot be another")
    if not _can_set_login_uid():
        pytest.skip("no login uid can be set here")

    told = in_turn(user(ANA), lambda: (logged_in(ANA), user(SHARED)()))
    assert told == {"user": str(SHARED), "login": str(ANA), "sudo": str(BO), "proven": ["login"]}
    # Somebody who has none sets it to another's number: below no process of theirs it is a claim.
    told = in_turn(user(SHARED), lambda: (logged_in(ANA), user(SHARED)()))
    assert told == {"user": str(SHARED), "login": str(ANA), "sudo": str(BO)}


def _can_set_login_uid() -> bool:
    done = subprocess.run(
        [sys.executable, "-c", f"open('/proc/self/loginuid', 'w').write('{ANA}')"], capture_output=True, check=False
    )
    return done.returncode == 0


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
def test_a_user_namespace_is_told() -> None:
    code = "from cockpit.session.identity import actor; print(actor({'SUDO_USER': 'ana'}))"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr:
        pytest.skip("no user namespace can be made here")
    assert "in a user namespace" in done.stdout
    assert "proven=()" in done.stdout
