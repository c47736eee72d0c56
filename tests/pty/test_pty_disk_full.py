"""A disk that fills during a run, on a real terminal: it is said, nothing is acknowledged, and the run goes on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from terminal import Terminal

from cockpit.audit import layout
from cockpit.audit.files import FileStore
from cockpit.audit.line import draft, encode
from cockpit.audit.locks import holder_alive
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import AbortRun
from cockpit.run.events import Actor, Event, LogContinued, NoteAdded, PenTaken
from cockpit.session.creating import create_run
from cockpit.session.identity import actor
from cockpit.session.seat import Seat

PROFILE = """
id = "shop"
environment = "staging"
[[probes]]
id = "beat"
kind = "command"
argv = ["sh", "-c", "date +%N"]
interval = 0.2
timeout = 2
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First of all"
[[phases.steps]]
id = "second"
title = "Second to none"
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", place], check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system may be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def run_dir(tmp_path: Path, small_disk: Path) -> Iterator[Path]:
    profile = tmp_path / "shop.toml"
    profile.write_text(PROFILE)
    run_dir = create_run(load(profile, installed()), {}, folder=small_disk)
    yield run_dir
    for place in (run_dir, tmp_path / "spare" / run_dir.name):
        if place.exists():
            _give_up(place)


def _give_up(run_dir: Path) -> None:
    seat = Seat.open(run_dir, actor())
    seat.submit(seat.command(AbortRun, reason="the test is over"))
    seat.close()
    _until(lambda: not holder_alive(layout.keeper_lock(run_dir)))


def _until(holds: Callable[[], object]) -> None:
    import time

    for _ in range(3000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def cockpit(*arguments: str) -> Terminal:
    return Terminal([sys.executable, "-m", "cockpit.cli", *arguments], env=dict(os.environ))


def fill(place: Path, log: Path) -> None:
    """Until not one more line fits: the log's last block too."""
    store = FileStore.open(log.parent)
    empty = len(encode(draft(NoteAdded(text=""), actor()), run=store.run, seq=999, prev="0" * 64))
    left = -(log.stat().st_size + empty) % 4096
    store.append(None, draft(NoteAdded(text="x" * max(0, left - 40)), actor()))
    store.close()
    fd = os.open(place / "ballast", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        while True:
            os.write(fd, b"x" * 4096)
    except OSError:
        os.close(fd)


def enter(terminal: Terminal, text: str) -> None:
    """Type into the question, once it takes letters: what comes before it stands is dropped."""
    for _ in range(10):
        terminal.send("ctrl+u")
        terminal.type(text[0])
        if terminal.wait_until(lambda screen: re.search(f"▊ +{re.escape(text[0])} +▎", screen), 2.0):
            break
    terminal.type(text[1:])
    # of what is longer than the field its end is to be seen
    terminal.wait_for(f"▊.*{re.escape(text[-30:])} +▎")
    terminal.send("enter")


def _wait_for_said(terminal: Terminal, text: str) -> None:
    """A sentence that may be broken anywhere: it was printed, not drawn."""
    assert terminal.wait_until(lambda screen: text in screen.replace("\n", "")), terminal.text


def events(run_dir: Path) -> list[Event]:
    tail, found = Tail(run_dir), []
    while entries := tail.read():
        found += [entry.event for entry in entries]
    tail.close()
    return found


def test_a_full_disk_is_said_and_the_run_goes_on_elsewhere_by_one_key(run_dir: Path, small_disk: Path, tmp_path: Path):
    spare = tmp_path / "spare"
    with cockpit("resume", str(run_dir)) as terminal:
        terminal.wait_for(r"✔ beat")
        terminal.send("c")
        terminal.wait_for(r"✔ 1\.1 First")
        fill(small_disk, layout.log_path(run_dir))
        terminal.wait_for("THE LOG: .*the disk is full", 3)
        terminal.send("c")
        terminal.wait_for("not written: ")
        terminal.send("l")  # it stays usable for reading
        terminal.wait_for("1.1 First of all")
        terminal.wait_for("↑ ↓ scroll")
        terminal.send("escape")
        terminal.wait_until_gone("↑ ↓ scroll")
        terminal.send("W")
        terminal.wait_for("a folder on a disk that is well")
        enter(terminal, str(spare))
        terminal.wait_for("went on here from")
        terminal.wait_for(r"✔ beat")
        terminal.send("c")
        terminal.wait_for(r"✔ 1\.2 Second")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
        _wait_for_said(terminal, f"cockpit resume {spare / run_dir.name}")
    new_dir = spare / run_dir.name
    found = verify(new_dir)
    assert (found.ok, [each.lost for each in found.continuations]) == (True, [0])
    confirmed = [event.seq for event in events(new_dir) if event.type == "step.confirmed"]
    assert len(confirmed) == 2
    (went_on,) = [event.body for event in events(new_dir) if isinstance(event.body, LogContinued)]
    assert "the disk is full" in went_on.trouble
    with cockpit("resume", str(run_dir)) as terminal:
        _wait_for_said(terminal, "this run goes on in ")  # the full disk took the name of a link


def test_who_does_not_hold_the_pen_moves_no_run_without_a_reason(run_dir: Path, small_disk: Path, tmp_path: Path):
    """Asked after the copy was made, a person who thinks better of it would have left the run behind."""
    bo = Actor(user="bo", host="elsewhere")
    store = FileStore.open(run_dir)
    store.append(None, draft(PenTaken(epoch=1, previous=actor().user, reason="ana sleeps"), bo))
    store.close()
    fill(small_disk, layout.log_path(run_dir))
    spare = tmp_path / "spare"
    with cockpit("resume", str(run_dir), "--into", str(spare)) as terminal:
        terminal.wait_for(r"have you read it, .* \[y/n\]")
        terminal.send("y", "enter")
        terminal.wait_for("the reason for taking it")
        terminal.send("ctrl+c")
        terminal.wait_for_exit()
    with cockpit("resume", str(run_dir), "--into", str(spare), "--reason", " ") as terminal:
        _wait_for_said(terminal, "taking the pen needs a reason")
        assert terminal.wait_for_exit() == 4
    assert not spare.exists()
    with cockpit("resume", str(run_dir), "--into", str(spare), "--reason", "bo's disk is full") as terminal:
        terminal.wait_for(r"have you read it, .* \[y/n\]")
        terminal.send("y", "enter")
        terminal.wait_for(r"✔ beat")
        terminal.send("q")
        terminal.wait_for_exit()
    types = [event.type for event in events(spare / run_dir.name)]
    assert types.index("log.continued") < len(types) - 1 - types[::-1].index("pen.taken")


def test_another_screen_is_told_where_the_run_went(run_dir: Path, small_disk: Path, tmp_path: Path):
    spare = tmp_path / "spare"
    with cockpit("join", str(run_dir)) as watching, cockpit("resume", str(run_dir)) as terminal:
        watching.wait_for("First of all")
        terminal.wait_for(r"✔ beat")
        fill(small_disk, layout.log_path(run_dir))
        watching.wait_for("THE LOG: .*the disk is full", 3)
        terminal.wait_for("THE LOG: .*the disk is full", 3)
        terminal.send("W")
        terminal.wait_for("a folder on a disk that is well")
        enter(terminal, str(spare))
        terminal.wait_for("went on here from")
        watching.wait_for("WENT ON ELSEWHERE   q, cockpit join /", 3)
        watching.send("q")
        _wait_for_said(watching, f"come to it there: cockpit join {spare / run_dir.name}")
        terminal.wait_for(r"✔ beat")
        terminal.send("q")
        terminal.wait_for_exit()


def test_from_a_shell_it_goes_on_too_and_print_works_on_the_full_disk(run_dir: Path, small_disk: Path, tmp_path: Path):
    fill(small_disk, layout.log_path(run_dir))
    with cockpit("resume", str(run_dir)) as terminal:
        terminal.wait_for("THE LOG: ")
        terminal.send("q")
        terminal.wait_for_exit()
    with cockpit("resume", str(run_dir), "--into", str(small_disk)) as terminal:
        _wait_for_said(terminal, "is where it can no longer be written")
    with cockpit("resume", str(run_dir), "--into", str(tmp_path / "spare")) as terminal:
        terminal.wait_for("the run goes on in|went on here")
        terminal.wait_for(r"✔ beat")
        terminal.send("q")
        terminal.wait_for_exit()
    assert verify(tmp_path / "spare" / run_dir.name).ok
    shutil.rmtree(small_disk / "ballast", ignore_errors=True)
