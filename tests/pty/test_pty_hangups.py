"""Whoever sits at a screen goes away without a word: the screen ends, says why in the log, and the run goes on."""

from __future__ import annotations

import re
import shutil
import signal
import statistics
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from crash.crash_figures import tell
from seated import Night, night, until
from terminal import Terminal

from cockpit.audit import layout
from cockpit.audit.locks import AppendLock
from cockpit.run.events import OperatorAttached, OperatorDetached

PHASES = """
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First of all"
kind = "command"
argv = ["echo", "hello"]
"""
GONE_S = 3.0
"""It is to be 2 s; one more for a machine that is busy with other tests. Every time is printed."""
SPUN_S = 0.9
"""Processor time that no ending takes (0.2 s) and every spinning screen does."""
_LASTED_S: list[float] = []
"""How long each screen lived on, in the order of the tests."""


@pytest.fixture(scope="module")
def long_night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """One run for all of these: its keeper is started once."""
    with night(tmp_path_factory.mktemp("hangups"), PHASES) as it:
        yield it
    if _LASTED_S:
        spread = f"{statistics.median(_LASTED_S):.2f} s, {max(_LASTED_S):.2f} s"
        tell("SIGHUP, SIGTERM or its terminal's end for a screen, whatever it is at", len(_LASTED_S),
             note=f"the screen had ended within {spread}, the run went on")  # fmt: skip


# ---- what the screen is at ---------------------------------------------------------------------------------------


def at_rest(night: Night, terminal: Terminal, held: ExitStack) -> None:
    pass


def asking(night: Night, terminal: Terminal, held: ExitStack) -> None:
    terminal.send("n")
    terminal.wait_for("Esc leaves")
    terminal.type("never sent")


def plain(night: Night, terminal: Terminal, held: ExitStack) -> None:
    terminal.send("Y")
    terminal.wait_for("Press Enter to go back")


def writing(night: Night, terminal: Terminal, held: ExitStack) -> None:
    """An append of this screen waits for a writer that stands still."""
    lock = AppendLock(layout.append_lock(night.run_dir), layout.turn_lock(night.run_dir))
    held.callback(lock.close)
    held.enter_context(lock.held())
    terminal.send("h")
    terminal.wait_for("what is wrong")
    terminal.fill("never written")
    terminal.send("enter")
    terminal.wait_for("… writing")


# ---- how it goes away --------------------------------------------------------------------------------------------


def hung_up(terminal: Terminal) -> None:
    terminal.process.send_signal(signal.SIGHUP)


def told_to_end(terminal: Terminal) -> None:
    terminal.process.send_signal(signal.SIGTERM)


def told_twice(terminal: Terminal) -> None:
    """By the kernel and by the shell, as it is whenever a shell is in between."""
    terminal.process.send_signal(signal.SIGHUP)
    terminal.process.send_signal(signal.SIGCONT)
    terminal.process.send_signal(signal.SIGHUP)


def closed(terminal: Terminal) -> None:
    terminal.close_window()


WAYS: dict[Callable[[Terminal], None], str] = {
    hung_up: "SIGHUP",
    told_to_end: "SIGTERM",
    told_twice: "SIGHUP",
    closed: "SIGHUP",
}
SAMPLE = [
    (hung_up, at_rest),
    (told_twice, at_rest),
    (told_to_end, asking),
    (closed, asking),
    (told_to_end, plain),
    (closed, plain),
    (told_to_end, writing),
    (closed, writing),
]
ALL = [(way, place) for way in WAYS for place in (at_rest, asking, plain, writing)]


def gone_after(pid: int, goes: Callable[[], object]) -> tuple[float, float]:
    """How long a process lived on after `goes`, and how much processor time that took, seconds."""
    process = psutil.Process(pid)
    before = sum(process.cpu_times()[:2])
    goes()
    used = before

    def is_gone() -> bool:
        nonlocal used
        try:
            used = max(used, sum(process.cpu_times()[:2]))
            return process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    took = until(is_gone, "the screen's end")
    _LASTED_S.append(took)
    return took, used - before


@pytest.mark.parametrize(("way", "place"), ALL, ids=lambda each: each.__name__)
def test_a_screen_that_is_left_ends_at_once_and_says_why(
    long_night: Night,
    way: Callable[[Terminal], None],
    place: Callable[[Night, Terminal, ExitStack], None],
    request: pytest.FixtureRequest,
) -> None:
    if (way, place) not in SAMPLE and not request.config.getoption("--many"):
        pytest.skip("with --many")
    came = len(long_night.bodies(OperatorAttached))
    with ExitStack() as held, long_night.screen() as terminal:
        terminal.wait_for("watching \\(epoch")
        until(lambda: len(long_night.bodies(OperatorAttached)) > came, "a seat in the log")
        place(long_night, terminal, held)
        took, used = gone_after(terminal.process.pid, lambda: way(terminal))
        print(f"{way.__name__} {place.__name__}: gone after {took:.2f} s, {used:.2f} s of processor time")
        assert took < GONE_S
        assert used < SPUN_S
        if way is not closed:
            assert terminal.wait_for_exit() == 0
            assert terminal.modes_left_on() == []
    if place is writing:
        return  # nothing could be written; that nobody is there any more is seen by the lock
    seat = long_night.bodies(OperatorAttached)[-1].seat
    (left,) = [body.reason for body in long_night.bodies(OperatorDetached) if body.seat == seat]
    assert left == f"the terminal went away ({WAYS[way]})"


def test_a_screen_that_was_stopped_and_goes_on_reads_keys_once_and_gives_the_terminal_back(long_night: Night) -> None:
    with long_night.screen() as terminal:
        terminal.wait_for("watching \\(epoch")
        for begun in (2, 3):
            terminal.process.send_signal(signal.SIGSTOP)
            until(lambda: psutil.Process(terminal.process.pid).status() == psutil.STATUS_STOPPED, "a stopped screen")
            terminal.process.send_signal(signal.SIGCONT)
            # what is typed before it has the terminal again was typed for nobody, and is dropped
            until(lambda begun=begun: terminal.raw.count(b"\x1b[?1049h") == begun, "a screen that begins anew")
        terminal.wait_for("q detach")
        terminal.send("n")
        terminal.wait_for("Esc leaves")
        terminal.type("one two three four five")
        terminal.wait_for("three four five")  # what comes before the question stands is dropped
        terminal.send("escape")
        terminal.wait_until_gone("Esc leaves")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.modes_left_on() == []


def test_a_closed_window_is_noticed_where_no_signal_comes(long_night: Night) -> None:
    came = len(long_night.bodies(OperatorAttached))
    with Terminal(["setsid", "-w", *long_night.argv()], env=long_night.environ()) as terminal:
        terminal.wait_for("watching \\(epoch")
        until(lambda: len(long_night.bodies(OperatorAttached)) > came, "a seat in the log")
        (screen,) = psutil.Process(terminal.process.pid).children()
        took, used = gone_after(screen.pid, terminal.close_window)
        print(f"without a signal: gone after {took:.2f} s, {used:.2f} s of processor time")
        assert (took < GONE_S, used < SPUN_S) == (True, True)
    assert long_night.bodies(OperatorDetached)[-1].reason == "the terminal went away (it was closed)"


@pytest.mark.skipif(not shutil.which("tmux"), reason="there is no tmux here")
def test_a_pane_that_is_killed_detaches(long_night: Night, tmp_path: Path) -> None:
    came = len(long_night.bodies(OperatorAttached))
    socket = str(tmp_path / "tmux")
    tmux = ["tmux", "-f", "/dev/null", "-S", socket]
    environ = long_night.environ(SHELL="/bin/sh")
    subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", *long_night.argv()], env=environ, check=True)
    try:
        until(lambda: len(long_night.bodies(OperatorAttached)) > came, "a seat in the log")
        pid = int(subprocess.check_output([*tmux, "list-panes", "-F", "#{pane_pid}"]))
        until(lambda: re.search("watching .epoch", _shown(tmux)), "the screen")
        took, used = gone_after(pid, lambda: subprocess.run([*tmux, "kill-pane"], check=True))
        print(f"kill-pane: gone after {took:.2f} s, {used:.2f} s of processor time")
        assert (took < GONE_S, used < SPUN_S) == (True, True)
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
    assert long_night.bodies(OperatorDetached)[-1].reason == "the terminal went away (SIGHUP)"


def _shown(tmux: list[str]) -> str:
    return subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True, check=False).stdout
