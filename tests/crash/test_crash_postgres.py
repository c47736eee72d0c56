"""The database is stopped at once in the middle of appends, over and over: nothing that was acknowledged is lost."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

import pytest
from crash.crash_figures import tell
from systems.server import stop_at_once

from cockpit.audit.layout import log_path
from cockpit.audit.line import draft
from cockpit.audit.postgres.installing import install
from cockpit.audit.postgres.mirror import start_mirror
from cockpit.audit.postgres.mirrored import MirroredStore
from cockpit.audit.postgres.moving import take_run
from cockpit.audit.postgres.store import PostgresStore
from cockpit.audit.store import Durable
from cockpit.audit.verify import verify
from cockpit.demo import postgres_server
from cockpit.errors import LogError
from cockpit.run.events import Actor, NoteAdded


class Restartable(Protocol):
    """What the tests need of the server."""

    def get_uri(self) -> str: ...
    def get_pid(self) -> int: ...
    def ensure_postgres_running(self) -> None: ...
    def cleanup(self) -> None: ...


@pytest.fixture
def server() -> Iterator[Restartable]:
    with tempfile.TemporaryDirectory(prefix="cockpit-pg-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as a user of its own and has to pass
        if obstacle := postgres_server.obstacle(Path(folder) / "data"):
            pytest.skip(obstacle)
        server = cast("Restartable", postgres_server.start(Path(folder) / "data"))
        try:
            yield server
        finally:
            server.cleanup()


class Host(threading.Thread):
    """Appends until it is told to end, and remembers what was acknowledged."""

    def __init__(self, name: str, dsn: str, run_dir: Path) -> None:
        super().__init__(name=name, daemon=True)
        self.dsn, self.run_dir = dsn, run_dir
        self.actor = Actor(user=name, host=name)
        self.acknowledged: list[str] = []
        self.unknown: list[str] = []
        self.ending = threading.Event()
        self.appended = threading.Event()

    def run(self) -> None:
        while not self.ending.is_set():
            try:
                store = MirroredStore.open(self.dsn, "R1", self.run_dir, answer_s=2.0)
            except LogError:
                time.sleep(0.02)  # it is down
                continue
            try:
                while not self.ending.is_set():
                    one = draft(NoteAdded(text=self.name), self.actor)
                    outcome = store.append(None, one)
                    if not isinstance(outcome, Durable):
                        self.unknown.append(one.id)
                        break
                    self.acknowledged.append(one.id)
                    self.appended.set()
            except LogError:
                continue
            finally:
                store.close()


def test_nothing_acknowledged_is_lost_when_the_database_is_stopped_at_once(
    server: Restartable, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    stops, chance = 100 if request.config.getoption("--many") else 10, random.Random(7)
    dsn = server.get_uri()
    install(dsn)
    first = PostgresStore.create(dsn, "R1")
    assert isinstance(first.append(0, draft(NoteAdded(text="begin"), Actor("ana", "h"))), Durable)
    first.close()
    hosts = [Host(name, dsn, tmp_path / name / "R1") for name in ("one", "two")]
    for host in hosts:
        start_mirror(host.run_dir, "R1")
        host.start()
    try:
        for _ in range(stops):
            for host in hosts:
                host.appended.clear()
                assert host.appended.wait(60), "appends go on"
            time.sleep(chance.uniform(0, 0.05))
            stop_at_once(server.get_pid())
            server.ensure_postgres_running()
    finally:
        for host in hosts:
            host.ending.set()
        for host in hosts:
            host.join()
    store = PostgresStore.open(dsn, "R1")
    acknowledged = [one for host in hosts for one in host.acknowledged]
    lost = [one for one in acknowledged if store.lookup(one) is None]
    written = sum(store.lookup(one) is not None for host in hosts for one in host.unknown)
    unknown = sum(len(host.unknown) for host in hosts)
    store.close()
    tell("the database stopped at once in the middle of appends", stops, acknowledged=len(acknowledged), lost=len(lost))
    print(f"{unknown} answers stayed away; {written} of these lines had been written")
    assert lost == []
    take_run(dsn, "R1", tmp_path / "R1.jsonl")
    raw = (tmp_path / "R1.jsonl").read_bytes()
    assert verify(tmp_path / "R1.jsonl").ok
    for host in hosts:  # every copy is a beginning of the log, and holds all that its host was told of
        copy = log_path(host.run_dir).read_bytes()
        assert raw.startswith(copy)
        assert all(one.encode() in copy for one in host.acknowledged)
