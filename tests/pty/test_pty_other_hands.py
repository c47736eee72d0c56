"""A keeper that differs from the one before, met by a person at a terminal; and one that does not, in another one."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from seated import keeper_pid
from terminal import Terminal

from cockpit.audit.layout import keeper_lock
from cockpit.audit.locks import holder_alive
from cockpit.audit.tail import Tail
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import AbortRun
from cockpit.run.evolve import fold
from cockpit.run.state import RunState
from cockpit.session.creating import create_run
from cockpit.session.identity import actor
from cockpit.session.seat import Seat

PROFILE = """
id = "shop"
environment = "{environment}"
production = {production}
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First"
kind = "command"
argv = ["sh", "-c", "echo by $KUBECONFIG"]
"""
LEFT_OUT = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "TMUX", "TMUX_PANE")


def ended(run_dir: Path) -> None:
    """Wait until no keeper is there."""
    give_up = time.monotonic() + 20.0
    while holder_alive(keeper_lock(run_dir)):
        assert time.monotonic() < give_up, "a keeper was left behind"
        time.sleep(0.01)


class Night:
    """A run, and terminals at it that are not all alike."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run_dir = Path()

    def begins(self, *, is_production: bool) -> None:
        path = self.folder / "shop.toml"
        environment, production = ("production", "true") if is_production else ("staging", "false")
        path.write_text(PROFILE.format(environment=environment, production=production))
        self.run_dir = create_run(load(path, installed()), {}, folder=self.folder / "runs")

    def resumed(self, columns: int = 80, lines: int = 24, **environ: str) -> Terminal:
        kept = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
        env = {**kept, "COCKPIT_RUNS": str(self.folder / "runs"), "TERM": "xterm-256color", **environ}
        return Terminal([sys.executable, "-m", "cockpit.cli", "resume"], env=env, columns=columns, lines=lines)

    def kills_the_keeper(self) -> None:
        os.kill(keeper_pid(self.run_dir), signal.SIGKILL)
        ended(self.run_dir)

    @property
    def state(self) -> RunState:
        tail = Tail(self.run_dir)
        try:
            return fold(entry.event for entry in tail.read())
        finally:
            tail.close()


def lets_act(terminal: Terminal) -> None:
    """Answer the question."""
    terminal.fill("production")
    terminal.send("enter")
    terminal.wait_for("keeper 2 may act now")


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    night = Night(tmp_path)
    yield night
    seat = Seat.open(night.run_dir, actor())
    seat.submit(seat.command(AbortRun, reason="the test is over", typed="production"))
    seat.close()
    ended(night.run_dir)


def test_whoever_comes_back_by_another_connection_is_not_asked(night: Night) -> None:
    night.begins(is_production=False)
    with night.resumed(KUBECONFIG="ana", SSH_CONNECTION="192.0.2.7 1 192.0.2.1 22", SSH_TTY="/dev/pts/1") as terminal:
        terminal.wait_for("watching \\(epoch 1")
        terminal.send("q")
        terminal.wait_for_exit()
    night.kills_the_keeper()
    away = {"SSH_CONNECTION": "192.0.2.9 7 192.0.2.1 22", "TMUX": "/tmp/tmux-0/default,1,0", "TERM": "tmux-256color"}
    with night.resumed(120, 40, KUBECONFIG="ana", COLORTERM="truecolor", XDG_SESSION_ID="c7", **away) as terminal:
        terminal.wait_for("watching \\(epoch 2")
        assert "DIFFERS" not in terminal.text
        terminal.send("r")
        terminal.wait_for("by ana")
        terminal.send("q")
        terminal.wait_for_exit()
    assert night.state.deviations == ()


def test_a_keeper_with_another_environment_runs_nothing_before_it_was_seen_and_confirmed(night: Night) -> None:
    night.begins(is_production=True)
    with night.resumed(KUBECONFIG="ana") as terminal:
        terminal.wait_for("watching \\(epoch 1")
        terminal.send("q")
        terminal.wait_for_exit()
    night.kills_the_keeper()
    with night.resumed(KUBECONFIG="bo", PGUSER="admin") as terminal:
        terminal.wait_for("KEEPER 2 DIFFERS, r shows it: KUBECONFIG, PGUSER")
        terminal.send("r")
        terminal.wait_for("changed: KUBECONFIG")
        terminal.wait_for("new: PGUSER")
        terminal.send("r", "enter", "escape")
        terminal.wait_until_gone("changed: KUBECONFIG")
        assert night.state.action is None
        terminal.send("r")
        terminal.wait_for("type production to go on")
        lets_act(terminal)
        assert night.state.action is None, "it was confirmed, and nothing was run"
        assert "DIFFERS" not in terminal.text
        terminal.send("r")
        terminal.wait_for("by bo")
        terminal.send("q")
        terminal.wait_for_exit()
    assert [each.kind for each in night.state.deviations] == ["hands"]
