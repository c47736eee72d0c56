"""Locks that die with their holder."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cockpit.audit.locks import AppendLock, HeldLock, held_by, holder_alive
from cockpit.errors import StoreFailed

HOLDER = """
import sys
from pathlib import Path
from cockpit.audit.locks import HeldLock
lock = HeldLock.take(Path(sys.argv[1]))
print(lock is not None, flush=True)
sys.stdin.read()
"""


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    path = tmp_path / "keeper"
    assert not holder_alive(path)
    lock = HeldLock.take(path)
    assert lock is not None
    assert HeldLock.take(path) is None
    assert holder_alive(path)
    lock.release()
    lock.release()
    assert not holder_alive(path)
    again = HeldLock.take(path)
    assert again is not None
    again.release()


def test_who_holds_a_lock_is_told_by_the_kernel(tmp_path: Path) -> None:
    path, other = tmp_path / "keeper", tmp_path / "other"
    other.touch()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert held_by(path, holder.pid)
        assert not held_by(path, os.getpid())
        assert not held_by(other, holder.pid)
        holder.stdin.close()
        holder.wait(60)
        assert not held_by(path, holder.pid)
    with pytest.raises(FileNotFoundError):
        held_by(tmp_path / "absent", os.getpid())


def test_looking_at_a_lock_does_not_take_it(tmp_path: Path) -> None:
    path = tmp_path / "keeper"
    path.touch()
    assert not holder_alive(path)
    lock = HeldLock.take(path)
    assert lock is not None
    lock.release()


def test_opening_and_closing_the_file_elsewhere_does_not_lose_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "keeper"
    lock = HeldLock.take(path)
    assert lock is not None
    path.open().close()
    assert holder_alive(path)
    lock.release()


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "keeper"
    with subprocess.Popen([sys.executable, "-c", HOLDER, path], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert holder_alive(path)
        assert HeldLock.take(path) is None
        holder.kill()
        holder.wait()
    assert not holder_alive(path)


def test_a_program_that_the_holder_starts_does_not_inherit_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "keeper"
    lock = HeldLock.take(path)
    assert lock is not None
    with subprocess.Popen(["cat"], stdin=-1, close_fds=False) as child:
        lock.release()
        assert not holder_alive(path)
        child.communicate()


def test_the_lock_file_is_private(tmp_path: Path) -> None:
    lock = HeldLock.take(tmp_path / "keeper")
    assert lock is not None
    assert (tmp_path / "keeper").stat().st_mode & 0o777 == 0o600
    lock.release()


def test_an_append_lock_that_is_never_let_go_is_one_sentence(tmp_path: Path) -> None:
    holder = AppendLock(tmp_path / "append", tmp_path / "turn")
    waiter = AppendLock(tmp_path / "append", tmp_path / "turn", deadline_s=0.02)
    with holder.held(), pytest.raises(StoreFailed, match="nothing was written"), waiter.held():
        pass
    with waiter.held():
        pass
    holder.close()
    waiter.close()


def test_an_append_lock_is_waited_for(tmp_path: Path) -> None:
    one, two = AppendLock(tmp_path / "append", tmp_path / "turn"), AppendLock(tmp_path / "append", tmp_path / "turn")
    order: list[str] = []

    def second() -> None:
        with two.held():
            order.append("second")

    with one.held():
        thread = threading.Thread(target=second)
        thread.start()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    one.close()
    two.close()
