"""Runs that a group shares, as the kernel has them: watched by who may only read, kept in logs that can only grow."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from people import Host, Person, obstacle
from seated import keeper_pid, until
from terminal import Terminal

from cockpit.audit import layout
from cockpit.audit.locks import holder_alive
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.exits import Exit
from cockpit.run import events as e
from cockpit.run.evolve import fold

ANA, BEN, CARL, OPS = 40021, 40022, 40023, 45021
PROFILE = """
id = "shop"
environment = "staging"

[[probes]]
id = "up"
kind = "command"
argv = ["true"]
interval = 0.3
timeout = 2
value = "exit_code"

[[phases]]
id = "one"
title = "One"
steps = [{ id = "first", title = "First" }, { id = "second", title = "Second" }]
"""
pytestmark = pytest.mark.skipif(bool(obstacle()), reason=obstacle())


class Bastion(Host):
    """A host with a folder of runs that `cockpit runs init` made."""

    def __init__(self, *options: str) -> None:
        super().__init__()
        self.runs = self.folder / "shared" / "runs"
        self.profile = self.folder / "shop.toml"
        self.profile.write_text(PROFILE)
        root = self.person(0)
        argv = root.argv("-m", "cockpit.cli", "runs", "init", "--group", str(OPS), *options, str(self.runs))
        done = subprocess.run(argv, env=root._environ, capture_output=True, text=True, timeout=30)
        assert done.returncode == Exit.OK, done.stderr

    def operator(self, uid: int, *groups: int) -> Person:
        return self.person(uid, *groups, COCKPIT_GROUP=str(OPS), COCKPIT_RUNS=str(self.runs))

    def run_dir(self) -> Path:
        (log,) = self.runs.glob("*/audit.jsonl")
        return log.parent

    def close(self) -> None:
        for log in self.runs.glob("*/audit.jsonl"):
            subprocess.run(["chattr", "-a", str(log)], check=False, capture_output=True)
            if holder_alive(layout.keeper_lock(log.parent)):
                with suppress(ProcessLookupError):  # it ends just now
                    os.kill(keeper_pid(log.parent), 9)
        super().close()


@pytest.fixture
def bastion(request: pytest.FixtureRequest) -> Iterator[Bastion]:
    bastion = Bastion(*getattr(request, "param", ()))
    yield bastion
    bastion.close()


def events(run_dir: Path) -> list[e.Event]:
    tail, found = Tail(run_dir), list[e.Event]()
    while entries := tail.read():
        found += [entry.event for entry in entries]
    tail.close()
    return found


def hold(terminal: Terminal, reason: str) -> None:
    """Hold the line or release it; what is typed before the question stands is dropped, so it is looked at first."""
    terminal.send("h")
    terminal.wait_for("Enter sends")
    terminal.fill(reason)
    terminal.send("enter")


@pytest.mark.parametrize("bastion", [("--readable",)], indirect=True)
def test_who_may_only_read_joins_is_told_so_and_can_do_nothing_to_the_run(bastion: Bastion) -> None:
    ana, carl = bastion.operator(ANA, OPS), bastion.operator(CARL)
    with ana.cockpit("run", str(bastion.profile)) as first:
        first.wait_for("✔ up")
        run_dir = bastion.run_dir()
        with carl.cockpit("join") as second:
            second.wait_for("READING ONLY, nobody sees you here: this run is shared by the group")
            second.wait_for("✔ up")
            assert "KEEPER" not in second.text
            for key in ("n", "h", "!", ".", "c", "a", "T", "P"):
                second.send(key)
                second.wait_for("✖ you may only read this run")
                second.send("down", "up")
                second.wait_until_gone("you may only read")
            second.send("i")
            second.wait_for("nobody sees you here, and who is here is known by the log alone")
            second.wait_for(f"{ANA} .*acting")
            second.send("escape")
            first.send("c")
            first.wait_for("confirmed 1.1 First")
            second.wait_for("confirmed 1.1 First")
            second.send("q")
            assert second.wait_for_exit() == Exit.OK
        assert "+1 here" not in first.text
        for name in ("append", "turn", "keeper"):
            tried = carl.python(
                "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)",
                str(layout.locks_dir(run_dir) / name),
            )
            assert "PermissionError" in tried.stderr
        written = carl.python("open(__import__('sys').argv[1], 'a')", str(layout.log_path(run_dir)))
        assert "PermissionError" in written.stderr
        with carl.cockpit("runs") as listed:
            assert listed.wait_for_exit() == Exit.OK
            assert "not to be seen" in listed.text
        first.send("q")
        assert first.wait_for_exit() == Exit.OK
    assert {event.actor.user for event in events(run_dir)} == {str(ANA)}, "nothing is his"


def test_whom_nobody_lets_read_is_refused_in_a_sentence(bastion: Bastion) -> None:
    carl = bastion.operator(CARL)
    with carl.cockpit("join") as screen:
        assert screen.wait_for_exit() == Exit.UNREADABLE
        assert "cannot be listed: Permission denied" in screen.text


@pytest.mark.skipif(shutil.which("chattr") is None, reason="chattr is not installed")
def test_a_run_is_walked_whole_in_a_log_that_can_only_grow(bastion: Bastion) -> None:
    ana, ben = bastion.operator(ANA, OPS), bastion.operator(BEN, OPS)
    with ana.cockpit("run", str(bastion.profile)) as first:
        first.wait_for("✔ up")
        log = layout.log_path(run_dir := bastion.run_dir())
        if subprocess.run(["chattr", "+a", str(log)], capture_output=True).returncode:
            pytest.skip("this file system knows no append-only files")
        with pytest.raises(PermissionError):
            log.open("r+b")
        with ben.cockpit("join") as second:
            second.wait_for("WATCHING")
            hold(second, "look at the replica")
            first.wait_for("HELD")
            hold(second, "all is well")
            first.wait_until_gone("HELD")
            for step in ("1.1 First", "1.2 Second"):
                first.send("c")
                first.wait_for(f"confirmed {step}")
            second.kill()
            first.wait_for("screen is gone")
        until(lambda: not list(layout.locks_dir(run_dir).glob("seat-*"))[1:], "the dead seat's lock taken away")
        first.send("F")
        first.wait_for("F finishes")
        until(lambda: first.send("F") or "FINISHED" in first.look(), "the end")  # the first moment takes no key
        first.send("q")
        assert first.wait_for_exit() == Exit.OK
    until(lambda: not holder_alive(layout.keeper_lock(run_dir)), "the keeper's end")
    with pytest.raises(PermissionError):
        log.unlink()
    assert not verify(log).problem
    assert fold(events(run_dir)).status == "finished"
