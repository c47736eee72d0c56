"""SIGKILL of an operator's process or of the keeper at random moments: the walk goes on, nothing confirmed is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cockpit.audit.layout import keeper_beat, keeper_lock
from cockpit.audit.locks import holder_alive
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.events import Event
from cockpit.session.runs import create_run

OPERATOR = Path(__file__).with_name("crash_operator.py")
KILLS, MANY_KILLS = 8, 200
STEPS_A_KILL = 12
"""Enough that steps are left whenever a kill comes; what is left over is walked at the end."""
MOST_STEPS = 1900
"""A profile may have 2000 items."""
LONGEST_S = 0.8
"""Between kills: in it fall the start of both processes, a few gates, appends."""
PATIENCE_S = 30.0


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that are killed are meant."""


@pytest.fixture
def server() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Health)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def profile(url: str, steps: int) -> str:
    """A long walk; every second step has a gate."""
    plan = "".join(
        f'[[phases.steps]]\nid = "step_{n}"\ntitle = "Step {n}"\n' + ('gate = ["api.passing"]\n' if n % 2 else "")
        for n in range(steps)
    )
    return (
        'id = "walk"\nenvironment = "staging"\n'
        f'[[probes]]\nid = "api"\nkind = "http"\nurl = "{url}"\ninterval = 0.5\ntimeout = 1\n'
        f'[[phases]]\nid = "all"\ntitle = "All"\n{plan}'
    )


class Walk:
    """The operator's process of the moment, what it was told, and whom to kill."""

    def __init__(self, run_dir: Path, dice: random.Random) -> None:
        self.run_dir, self.dice = run_dir, dice
        self.acknowledged: list[str] = []
        self._operator: subprocess.Popen[str] | None = None
        self._reader = threading.Thread()

    def resume(self) -> None:
        self._operator = subprocess.Popen(
            [sys.executable, str(OPERATOR), str(self.run_dir)], stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, args=(self._operator,), daemon=True)
        self._reader.start()

    def _read(self, operator: subprocess.Popen[str]) -> None:
        assert operator.stdout is not None
        with operator.stdout:
            for line in operator.stdout:
                word, _, step = line.strip().partition(" ")
                if word == "confirmed" and line.endswith("\n"):
                    self.acknowledged.append(step)

    def kill_somebody(self) -> str:
        """Kill the operator or the keeper, whoever the dice say, and bring the operator back; who it was."""
        assert self._operator is not None
        assert self._operator.poll() is None, "the walk was over, or failed, before the last kill"
        if self.dice.random() < 0.5:
            os.kill(self._awaited_keeper(), signal.SIGKILL)
            return "keeper"
        self._end_operator()
        self.resume()
        return "operator"

    def _awaited_keeper(self) -> int:
        give_up = time.monotonic() + PATIENCE_S
        while not (pid := self._keeper_pid()):
            assert time.monotonic() < give_up, "no keeper came"
            time.sleep(0.005)
        return pid

    def _keeper_pid(self) -> int:
        """The living keeper's process, 0 if there is none (or none that has said so)."""
        try:
            pid = int(keeper_beat(self.run_dir).read_text().split()[1])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, IndexError, ValueError):
            return 0
        return pid if os.fsencode(self.run_dir) in command else 0

    def _end_operator(self) -> None:
        assert self._operator is not None
        self._operator.kill()
        self._operator.wait()
        self._reader.join()

    def arrive(self) -> None:
        """Let whoever is left walk to the end."""
        assert self._operator is not None
        assert self._operator.wait(PATIENCE_S) == 0
        self._reader.join()

    def end(self) -> None:
        if self._operator is not None:
            self._end_operator()
        if keeper := self._keeper_pid():
            os.kill(keeper, signal.SIGKILL)
        give_up = time.monotonic() + PATIENCE_S
        while holder_alive(keeper_lock(self.run_dir)) and time.monotonic() < give_up:
            time.sleep(0.01)


def events_of(run_dir: Path) -> list[Event]:
    tail, events = Tail(run_dir), list[Event]()
    try:
        while entries := tail.read():
            events += [entry.event for entry in entries]
    finally:
        tail.close()
    return events


@pytest.mark.timeout(600)
def test_a_walk_survives_sigkill_at_random_moments_and_loses_no_confirmed_step(
    tmp_path: Path, server: str, request: pytest.FixtureRequest
) -> None:
    kills = MANY_KILLS if request.config.getoption("--many") else KILLS
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    steps = min(kills * STEPS_A_KILL, MOST_STEPS)
    (tmp_path / "walk.toml").write_text(profile(server, steps))
    run_dir = create_run(load(tmp_path / "walk.toml", installed()), {}, folder=tmp_path / "runs")
    walk = Walk(run_dir, dice)
    try:
        walk.resume()
        killed = []
        for _ in range(kills):
            time.sleep(dice.uniform(0, LONGEST_S))
            killed.append(walk.kill_somebody())
        walk.arrive()
    finally:
        walk.end()
    said = f"seed {seed}, killed {killed}"
    events = events_of(run_dir)
    confirmed = [event.body.step for event in events if event.type == "step.confirmed"]  # type: ignore[attr-defined] # a StepConfirmed
    assert set(killed) == {"keeper", "operator"}, said
    assert confirmed == [f"step_{n}" for n in range(steps)], f"each once, in order; {said}"
    assert set(walk.acknowledged) <= set(confirmed), said
    assert len(walk.acknowledged) == len(set(walk.acknowledged)) >= steps - kills, said
    epochs = [event.body.epoch for event in events if event.type == "keeper.started"]  # type: ignore[attr-defined] # a KeeperStarted
    assert epochs == list(range(1, len(epochs) + 1)), said
    assert len(epochs) > killed.count("keeper") // 2, said
    assert verify(run_dir).ok, said
    assert not holder_alive(keeper_lock(run_dir)), "the keeper ended with the run"
