"""A stage for keepers: a real HTTP server that does as it is told, a run that probes it, and real keepers."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from keeper_plugin import KINDS
from looks import PATIENCE_S, looks
from msgspec.structs import replace

from cockpit.audit.files import FileStore
from cockpit.audit.ids import new_id
from cockpit.audit.layout import append_lock, keeper_beat, turn_lock
from cockpit.audit.line import draft
from cockpit.audit.tail import Tail
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.model import Profile
from cockpit.profile.variables import resolve
from cockpit.run.commands import Command, ConfirmStep
from cockpit.run.events import ActionEnded, ActionRequested, Actor, Body, Event, Instant
from cockpit.run.evolve import fold
from cockpit.run.state import RunState
from cockpit.session.creating import create_run
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done, Outcome
from cockpit.session.seat import Seat


def until(true: Callable[[], Any], what: str, timeout_s: float = PATIENCE_S) -> Any:
    """What `true` returns once it is true; fails, naming `what`, if that never comes."""
    for _ in looks(timeout_s):
        if found := true():
            return found
    raise AssertionError(f"never came: {what}")


class Server:
    """Answers `status` and `body` to everything, and counts; `bearer` is the last Authorization it was sent."""

    def __init__(self) -> None:
        self.status, self.body, self.delay_s = 200, '{"missing": 12}', 0.0
        self.requests = 0
        self.bearer = ""
        stage = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stage.requests += 1
                stage.bearer = self.headers.get("Authorization", "")
                status, body = stage.status, stage.body.encode()
                time.sleep(stage.delay_s)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Quiet."""

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """Clients that are killed are meant."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


PROFILE = """
id = "stage"
environment = "staging"

[variables.base]
value = "{url}"

[[probes]]
id = "api"
kind = "http"
url = "${{base}}/health"
interval = {interval}
timeout = {timeout}

[[probes]]
id = "missing"
kind = "http"
url = "${{base}}/missing"
interval = {interval}
timeout = {timeout}
value = "int(json.missing)"

{more}

[[phases]]
id = "one"
title = "One"

[[phases.steps]]
id = "first"
title = "First"

[[phases.steps]]
id = "second"
title = "Second"
gate = ["missing == 0", "api.passing"]

[[phases.steps]]
id = "third"
title = "Third"
"""


class Stage:
    """A run, and what is on it. Every keeper started here is ended with it."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self.run_dir = Path()
        self.keepers: list[subprocess.Popen[bytes]] = []

    def begin(
        self, *, interval: str = "0.2", timeout: str = "1", more: str = "", profile: str = PROFILE, dsn: str = ""
    ) -> Path:
        """Start a run of the stage's profile; `dsn`: in that database."""
        path = self.folder / "stage.toml"
        path.write_text(profile.format(url=self.server.url, interval=interval, timeout=timeout, more=more))
        loaded = load(path, installed())
        values = resolve(loaded.profile, os.environ, {})
        self.run_dir = create_run(loaded, values, folder=self.folder / "runs", dsn=dsn)
        return self.run_dir

    def begin_with(self, change: Callable[[Profile], Profile], **settings: str) -> Path:
        """Start a run of the stage's profile after `change`, for what its TOML cannot say; see `plugged`."""
        path = self.folder / "stage.toml"
        settings = {"url": self.server.url, "interval": "0.2", "timeout": "1", "more": ""} | settings
        path.write_text(PROFILE.format(**settings))
        loaded = load(path, installed())
        loaded = replace(loaded, profile=change(loaded.profile))
        values = resolve(loaded.profile, os.environ, {})
        self.run_dir = create_run(loaded, values, folder=self.folder / "runs", kinds=KINDS)
        return self.run_dir

    def plugged(self, **env: str) -> subprocess.Popen[bytes]:
        """A keeper that knows the kind `fake`, and whose targets are files in the stage's folder."""
        return self.keeper(
            str(Path(__file__).with_name("keeper_plugin.py")), COCKPIT_TEST_TARGETS=str(self.folder), **env
        )

    def append(self, *bodies: Body, when: Instant | None = None) -> None:
        """Append as some operator would, in one write."""
        store = FileStore.open(self.run_dir)
        try:
            store.append(None, *(draft(body, Actor("ana", "here"), when) for body in bodies))
        finally:
            store.close()

    def order(self, step: str, *, epoch: int = 1, attempt: int = 1) -> str:
        """Ask for a step's action; its id."""
        action = new_id()
        self.append(ActionRequested(action=action, step=step, attempt=attempt, epoch=epoch))
        return action

    def ending(self, action: str) -> ActionEnded:
        """How the action ended, once it has."""
        found = until(lambda: [b for b in self.bodies("action.ended") if b.action == action], "the action's end")
        assert len(found) == 1
        return found[0]

    def done(self, action: str) -> list[str]:
        """What the plug-in did of it."""
        path = self.run_dir / "outputs" / f"{action}.done"
        return path.read_text().splitlines() if path.exists() else []

    def keeper(self, *program: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a keeper as a screen does, but as a child that can be waited for, and wait until it beats.

        `program` stands for `-m cockpit.keeper`.
        """
        with (self.folder / f"keeper-{len(self.keepers)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *(program or ("-m", "cockpit.keeper")), str(self.run_dir)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **env},
            )
        self.keepers.append(process)
        until(lambda: self.beats(process.pid) or process.poll() is not None, "the keeper's first beat")
        return process

    def freeze(self, process: subprocess.Popen[bytes]) -> None:
        """SIGSTOP, while it can hold neither the turn to append nor the append lock, which would then stay held."""
        with self._locked(turn_lock(self.run_dir)), self._locked(append_lock(self.run_dir)):
            process.send_signal(signal.SIGSTOP)
            stat = Path(f"/proc/{process.pid}/stat")
            until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "a keeper that stands still")

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        with path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def beats(self, pid: int) -> bool:
        path = keeper_beat(self.run_dir)
        return path.exists() and path.read_text().split()[1:2] == [str(pid)]

    def events(self, type_: str = "") -> list[Event]:
        tail, events = Tail(self.run_dir), list[Event]()
        try:
            while entries := tail.read():
                events += [entry.event for entry in entries]
        finally:
            tail.close()
        return [event for event in events if type_ in ("", event.type)]

    def bodies(self, type_: str) -> list[Any]:
        return [event.body for event in self.events(type_)]

    @property
    def state(self) -> RunState:
        return fold(self.events())

    @contextmanager
    def seat(self) -> Iterator[Seat]:
        seat = Seat.open(self.run_dir, actor())
        try:
            yield seat
        finally:
            seat.close()

    def everything_kept(self) -> bytes:
        """All bytes of all files of the run, and of its keepers' own logs."""
        files = [path for path in self.folder.rglob("*") if path.is_file() and path.name != "stage.toml"]
        return b"\n".join(path.read_bytes() for path in files)

    def gate(self) -> str:
        """The verdict on the gate at the cursor."""
        state = self.state
        assert state.cursor is not None
        return state.gates[state.cursor.gate].verdict

    def end(self) -> None:
        for process in self.keepers:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()


def confirm(seat: Seat, step: str) -> Outcome:
    """Confirm the step at the cursor, as the seat sees it now."""
    cursor = seat.view.state.cursor
    assert cursor is not None
    return seat.submit(seat.command(ConfirmStep, step=step, painted_seq=cursor.opened_seq))


def do(seat: Seat, kind: type[Command], **fields: object) -> None:
    """Submit a command that has to succeed."""
    outcome = seat.submit(seat.command(kind, **fields))
    assert isinstance(outcome, Done), outcome
