"""Disks that fail, and logs that others touch while screen and keeper have them open: said at once, and survived.

Faults are injected into the running keeper or screen by strace(1). The screen says so within a second (it is waited for
longer, and the time is printed), nothing is acknowledged, reading goes on, and `W` lets the run go on elsewhere.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from seated import Night, night
from terminal import Terminal

from cockpit.audit import layout
from cockpit.audit.verify import verify

PHASES = """
[[probes]]
id = "flag"
kind = "command"
argv = ["test", "-e", "{folder}/flag"]
interval = 0.2
timeout = 2
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First of all"
"""
FAULTS = {
    "EIO at a sync": ("fdatasync", "error=EIO", "I/O error"),
    "ENOSPC": ("write", "error=ENOSPC", "the disk is full"),
    "EDQUOT": ("write", "error=EDQUOT", "the quota is used up"),
    "a short write": ("write", "retval=7", "was changed by another program during an append"),
}
"""What fails, how, and what is said. (A system call whose value strace injects is not carried out.)"""


@contextmanager
def failing(pid: int, log: Path, fault: str) -> Iterator[None]:
    """From here on the next such call on the log by this process fails."""
    call, how, _ = FAULTS[fault]
    inject = f"inject={call}:{how}:when=1"
    argv = ["strace", "-f", "-p", str(pid), "-P", str(log), "-e", f"trace={call}", "-e", inject, "-o", os.devnull]
    tracer = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    try:
        said = tracer.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"strace may not attach here: {said}")
        yield
    finally:
        tracer.terminate()
        tracer.communicate(timeout=10)


def goes_on_elsewhere(it: Night, terminal: Terminal, spare: Path, *, is_rewritten: bool = False) -> None:
    """By a key, on the screen that shows the trouble; not where the last durable line was rewritten."""
    terminal.send("l")
    terminal.wait_for("Log – ")
    terminal.wait_for("started shop")  # it stays usable for reading
    terminal.send("escape")
    terminal.wait_until_gone("Log – ")
    terminal.send("W")
    terminal.wait_for("a folder on a disk that is well")
    terminal.fill(str(spare))
    terminal.send("enter")
    went = terminal.wait_for("went on here from|not gone on: (.*)")
    if is_rewritten and went[1]:
        assert re.match(r"line [0-9]+ of audit\.jsonl is not the one", went[1])
        return
    assert not went[1], terminal.text
    terminal.send("q")
    assert terminal.wait_for_exit() == 0
    it.end(spare)
    assert verify(spare / it.run_dir.name).ok


@pytest.fixture
def spare() -> Iterator[Path]:
    """A folder whose name fits into a field."""
    with tempfile.TemporaryDirectory(prefix="spare-", dir="/tmp") as folder:
        yield Path(folder)


@contextmanager
def watched(folder: Path) -> Iterator[tuple[Night, Terminal]]:
    """A run, its keeper, and a screen at it."""
    with night(folder / "n", PHASES.format(folder=folder)) as it, it.screen(120, 40) as terminal:
        terminal.wait_for(r"✖ flag")
        yield it, terminal


def said_within(terminal: Terminal, what: str) -> float:
    began = time.monotonic()
    terminal.wait_for(rf"THE LOG(?: WAS REWRITTEN)?: [^│]*{what}|not written: [^│]*{what}", 10)
    return time.monotonic() - began


@pytest.mark.skipif(not shutil.which("strace"), reason="there is no strace here (Debian: strace)")
@pytest.mark.parametrize(
    ("who", "fault"),
    [
        ("keeper", "EIO at a sync"),
        ("screen", "EIO at a sync"),
        ("screen", "EDQUOT"),
        ("keeper", "ENOSPC"),
        ("screen", "a short write"),
    ],
)
def test_a_disk_that_fails_under_keeper_or_screen_is_said_and_the_run_goes_on_elsewhere(
    tmp_path: Path, spare: Path, who: str, fault: str, request: pytest.FixtureRequest
) -> None:
    _only_some(request, (who, fault) in (("keeper", "EIO at a sync"), ("screen", "EDQUOT")))
    with watched(tmp_path) as (it, terminal):
        pid = it.keeper_pid() if who == "keeper" else terminal.process.pid
        log = layout.log_path(it.run_dir)
        if who == "screen":
            terminal.send("n")
            terminal.wait_for("what should others know")
            terminal.fill("never acknowledged")
        with failing(pid, log, fault):
            if who == "screen":
                terminal.send("enter")
            else:
                (tmp_path / "flag").touch()
            took = said_within(terminal, FAULTS[fault][2])
        print(f"{fault} of the {who}: said after {took:.2f} s")
        assert "note: never" not in terminal.text, "nothing was acknowledged"
        goes_on_elsewhere(it, terminal, spare)


# ---- other programs ----------------------------------------------------------------------------------------------


def read_only(log: Path) -> None:
    log.chmod(0o400)


def cut(log: Path) -> None:
    os.truncate(log, log.stat().st_size - 200)


def edited(log: Path) -> None:
    """As a script does that replaces a letter in place, in the lines that came last."""
    with log.open("r+b") as file:
        file.seek(-100, os.SEEK_END)
        byte = file.read(1)
        file.seek(-100, os.SEEK_END)
        file.write(b"y" if byte == b"x" else b"x")


def replaced(log: Path) -> None:
    """As an editor does that saves."""
    other = log.with_name("other")
    shutil.copy(log, other)
    other.rename(log)


def deleted(log: Path) -> None:
    log.unlink()


OTHERS: dict[Callable[[Path], None], str] = {
    read_only: "was made read-only",
    cut: r"you held \S+ at \d+, and that is gone",
    edited: "was changed|was damaged|does not follow|stands there now",
    replaced: "was replaced by another file",
    deleted: "is gone",
}


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.__name__)
def test_what_another_program_does_to_the_log_is_said_and_the_run_goes_on_elsewhere(
    tmp_path: Path, spare: Path, other: Callable[[Path], None], request: pytest.FixtureRequest
) -> None:
    _only_some(request, other in (read_only, cut))
    with watched(tmp_path) as (it, terminal):
        other(layout.log_path(it.run_dir))
        took = said_within(terminal, f"(?:{OTHERS[other]})")
        print(f"{other.__name__}: said after {took:.2f} s")
        terminal.send("c")
        terminal.wait_for("✖ ")
        assert "confirmed 1.1" not in terminal.text
        goes_on_elsewhere(it, terminal, spare, is_rewritten=other is edited)


def _only_some(request: pytest.FixtureRequest, is_in_sample: bool) -> None:
    """Each costs five seconds: a sample, or all of them."""
    if not is_in_sample and not request.config.getoption("--many"):
        pytest.skip("with --many")
