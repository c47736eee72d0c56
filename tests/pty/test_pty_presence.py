"""Two people at one run, in real terminals: who is here, where they look, whose screen died, whose link hangs."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from seated import Night, night, until
from terminal import Terminal

from cockpit.audit.files import FileStore
from cockpit.audit.layout import locks_dir
from cockpit.audit.line import draft
from cockpit.exits import Exit
from cockpit.run import events as e
from cockpit.run.events import Actor
from cockpit.session.identity import actor

PHASES = """
[[phases]]
id = "one"
title = "One"
steps = [
    { id = "a", title = "Maintenance on" },
    { id = "b", title = "Migrate" },
    { id = "c", title = "Roll out" },
]
"""
BO = Actor(user="bo", host=os.uname().nodename)
ENOUGH = 60
"""Notes, each waited for on another's screen."""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Night]:
    with night(tmp_path / "night", PHASES) as run:
        yield run


def joined(run: Night, columns: int = 80, lines: int = 24, **environ: str) -> Terminal:
    terminal = Terminal(run.argv("join", str(run.run_dir)), env=run.environ(**environ), columns=columns, lines=lines)
    terminal.wait_for("WATCHING")
    return terminal


def seats(run: Night) -> list[str]:
    return [path.name for path in locks_dir(run.run_dir).glob("seat-*")]


def row(terminal: Terminal, step: str) -> str:
    """Of the plan's pane."""
    return next((line[:34] for line in terminal.text.splitlines() if re.search(rf"[▶·] {re.escape(step)}", line)), "")


# ---- who is here -----------------------------------------------------------------------------------------------------


def test_a_screen_that_was_killed_is_gone_everywhere_and_leaves_nothing(run: Night) -> None:
    with run.screen(120, 40) as first, joined(run) as second:
        first.wait_for("LIVE")
        until(lambda: len(run.state.seats) == 2, "both in the log")
        second.send("i")
        second.wait_for("acting, holds the pen")
        second.send("escape")
        first.process.send_signal(signal.SIGKILL)
        until(lambda: "screen is gone" in second.text, "word of it")
        until(lambda: len(run.state.seats) == 1, "the log to know")
        (left,) = run.bodies(e.OperatorDetached)
        assert isinstance(left, e.OperatorDetached)
        assert left.found == "gone"
        until(lambda: len(seats(run)) == 1, "its lock's file taken away")
        second.send("i")
        second.wait_for(r"Left lately\s")
        second.wait_for("the screen is gone: killed")


def test_of_several_seats_that_find_one_gone_one_writes_it_down(run: Night) -> None:
    with joined(run) as one, joined(run) as two, joined(run) as three:
        until(lambda: len(run.state.seats) == 3, "all of them")
        three.kill()
        for other in (one, two):
            other.wait_for("screen is gone")
        until(lambda: len(seats(run)) == 2, "the lock's file taken away")
        assert len([body for body in run.bodies(e.OperatorDetached) if body.found]) == 1  # type: ignore[attr-defined]


def test_what_a_dead_seat_left_when_nobody_was_there_is_cleared_by_who_comes_next(run: Night) -> None:
    with joined(run) as first:
        until(lambda: run.state.seats, "it")
        first.kill()
    assert len(seats(run)) == 1
    with joined(run):
        until(lambda: len(run.bodies(e.OperatorDetached)) == 1, "word of it")
        until(lambda: len(seats(run)) == 1, "its own lock alone")


def test_of_several_live_runs_one_is_picked_from_a_list_with_who_is_there(run: Night) -> None:
    with night(run.folder, PHASES) as other, other.screen(120, 40) as first:
        first.wait_for("LIVE")
        until(lambda: other.state.seats, "them in the log")
        with Terminal(run.argv("join"), env=run.environ(), columns=80, lines=24) as screen:
            screen.wait_for("join which")
            listed = [line.split() for line in screen.text.splitlines() if line.startswith(("1", "2"))]
            assert [(line[1], line[-1]) for line in listed] == [("shop", first_user()), ("shop", "nobody")]
            screen.send("7", "enter")
            screen.wait_for("not in the range")
            screen.send("1", "enter")
            screen.wait_for("WATCHING")
            until(lambda: len(other.state.seats) == 2, "both in the log")
            screen.send("q")
            assert screen.wait_for_exit() == Exit.OK
        other.end()
        first.wait_for("ABORTED")
        run.end()
        with Terminal(run.argv("join"), env=run.environ(), columns=80, lines=24) as screen:
            assert screen.wait_for_exit() == Exit.UNREADABLE
            assert "no run is live in" in screen.text
            assert "cockpit runs" in screen.text.replace("\n", "")


def first_user() -> str:
    return actor().user


# ---- where they look -------------------------------------------------------------------------------------------------


def test_where_the_other_looks_is_marked_behind_the_row_without_colour_too(run: Night) -> None:
    mark = "◂"
    with run.screen(NO_COLOR="1") as first, joined(run) as second:
        first.wait_for("LIVE")
        first.wait_until(lambda _: mark in row(first, "1.1 "))
        second.send("down", "down")
        assert first.wait_until(lambda _: mark in row(first, "1.3 ")), first.text
        assert mark not in row(first, "1.1 ")
        assert row(first, "1.3 ").index("·") < row(first, "1.3 ").index(mark), "the status keeps its place"
        second.send("home")
        assert first.wait_until(lambda _: mark in row(first, "1.1 "))
        # whoever moves fast is told of at most four times a second, and where they end
        second.send(*["down", "up"] * 10, "down")
        assert first.wait_until(lambda _: mark in row(first, "1.2 "))
    moved = [event for event in run.events() if isinstance(event.body, e.OperatorMoved)]
    gaps = [after.instant.mono - before.instant.mono for before, after in pairwise(moved)]
    assert min(gaps) > 0.2


def test_a_small_screen_says_how_many_others_are_here_and_the_list_who(run: Night) -> None:
    with run.screen() as first:
        first.wait_for("LIVE")
        store = FileStore.open(run.run_dir)
        from cockpit.audit.layout import seat_lock
        from cockpit.audit.locks import HeldLock

        locks = []
        for name in ("bo", "eve"):
            locks.append(HeldLock.take(seat_lock(run.run_dir, f"01{name.upper()}")))
            old = e.OperatorAttached(seat=f"01{name.upper()}", role="watching", version="")
            store.append(None, draft(old, Actor(user=name, host=BO.host, via="ssh 192.0.2.7")))
        first.wait_for(r"\+2 here")
        first.send("i")
        first.wait_for("bo   watching")
        first.wait_for("does not say where they look")
        first.wait_for("! an older cockpit, which does not say which")
        first.wait_for(r"ssh 192.0.2.7 \(claimed\)")
        first.send("escape")
        for lock in locks:
            assert lock is not None
            lock.release()
        first.wait_until_gone(r"\+2 here")
        store.close()


# ---- links that hang -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("still_s", [3.0, pytest.param(30.0, marks=pytest.mark.many)])
def test_a_terminal_that_stood_still_comes_back_to_the_present_and_held_up_nobody(run: Night, still_s: float) -> None:
    with run.screen(120, 40) as first, joined(run, 120, 40) as second:
        first.wait_for("LIVE")
        second.look()
        second.stand_still()
        store, began, at = FileStore.open(run.run_dir), time.monotonic(), 0
        while at < ENOUGH or time.monotonic() < began + still_s:
            at += 1
            store.append(None, draft(e.NoteAdded(text=f"note {at:05} " + "x" * 60), BO))
            until(lambda at=at: f"note {at:05}" in first.text, "it on the other screen")
        store.close()
        before = len(second.raw)
        second.go_on()
        second.wait_for(f"note {at:05}")
        second.look()
        # what the kernel held, one frame that was being written, and the present
        assert len(second.raw) - before < 40_000
        missed = re.findall(r"note (\d{5})", second.raw[before:].decode(errors="replace"))
        assert len(set(missed)) < at / 2 + 40, "most of the past was never written"
        second.send("q")
        assert second.wait_for_exit() == Exit.OK


def test_a_seat_behind_two_kilobytes_a_second_holds_up_nobody(run: Night) -> None:
    with run.screen(120, 40) as first, joined(run, 120, 40) as second:
        first.wait_for("LIVE")
        over, drips = threading.Event(), 0

        def drip() -> None:
            nonlocal drips
            while not over.is_set():
                drips += 1
                second.go_on()
                over.wait(0.01)
                second.stand_still()
                over.wait(1.0)

        slow = threading.Thread(target=drip)
        slow.start()
        try:
            store = FileStore.open(run.run_dir)
            for at in range(ENOUGH):
                store.append(None, draft(e.NoteAdded(text=f"note {at:05}"), BO))
                until(lambda at=at: f"note {at:05}" in first.text, "it on the other screen")
            store.close()
        finally:
            over.set()
            slow.join()
            second.go_on()
        assert drips < ENOUGH / 2, "whoever waited for the slow one would wait for a drip with each note"
        second.wait_for(f"note {ENOUGH - 1:05}")


# ---- other clocks ----------------------------------------------------------------------------------------------------

SHIFTED = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(id, at);
    if (id == CLOCK_REALTIME) at->tv_sec += 270; /* whole minutes are told, of what is seen a little later */
    return done;
}
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler, and so no clock to shift for one process")
def test_a_seat_whose_wall_clock_differs_by_minutes_is_told_so_and_so_are_the_others(
    run: Night, tmp_path: Path
) -> None:
    (tmp_path / "shift.c").write_text(SHIFTED)
    shift = tmp_path / "shift.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(shift), str(tmp_path / "shift.c"), "-ldl"], check=True)
    shown = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time())"],
        env={**os.environ, "LD_PRELOAD": str(shift)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    if float(shown.stdout) < time.time() + 200:
        pytest.skip("this interpreter asks the kernel for its clock past the C library")
    with run.screen(120, 40) as first:
        first.wait_for("LIVE")
        first.wait_for("watching .epoch 1")
        with joined(run, 120, 40, LD_PRELOAD=str(shift)) as second:
            second.send("down")
            first.wait_for(r"CLOCKS DIFFER: the clock of .* is 4m ahead of this host's")
            first.send("down")
            second.wait_for("CLOCKS DIFFER: .* is (3|4)m behind this host's")
            assert "HELD" not in first.text
