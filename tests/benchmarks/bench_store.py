"""A run in PostgreSQL beside the least that could be done there: a bare INSERT+COMMIT, a bare INSERT+NOTIFY.

One server of its own, on this machine and its disk, which it waits for as any server does; so this host's copy waits
for the same disk as the database, which no real one does.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

import psycopg
from bench_append import confirmation
from figures import Row, spread
from store_host import __file__ as HOST

from cockpit.audit.line import draft, encode
from cockpit.audit.postgres.installing import install
from cockpit.audit.postgres.mirror import Mirror, start_mirror
from cockpit.audit.postgres.mirrored import MirroredStore
from cockpit.audit.postgres.store import PostgresStore
from cockpit.demo import postgres_server
from cockpit.run.events import Actor, NoteAdded

ANA = Actor(user="ana", host="bastion-1", via="ssh 192.0.2.7")
WARM = 20
"""Rounds that do not count."""
_INSERT = "INSERT INTO bare VALUES (%s, %s, %s)"


def measure(quick: bool) -> list[Row]:
    """Appends and events on the other host, by turns with what is bare."""
    with server() as dsn:
        return [*append_rows(dsn, 40 if quick else 1500), *event_rows(dsn, 25 if quick else 800)]


@contextmanager
def server(*, max_connections: int = 0) -> Iterator[str]:
    """A PostgreSQL with a store in it, for so many connections (0: its default); a superuser's connection string."""
    with tempfile.TemporaryDirectory(prefix="cockpit-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as a user of its own and has to pass
        if obstacle := postgres_server.obstacle(Path(folder) / "data"):
            raise SystemExit(obstacle)
        running = cast("_Restartable", postgres_server.start(Path(folder) / "data"))
        try:
            if max_connections:
                _restart(running, max_connections)
            yield prepared(running.get_uri())
        finally:
            running.cleanup()


class _Restartable(Protocol):
    def get_uri(self) -> str: ...
    def get_pid(self) -> int: ...
    def ensure_postgres_running(self) -> None: ...
    def cleanup(self) -> None: ...


def _restart(running: _Restartable, max_connections: int) -> None:
    with psycopg.connect(running.get_uri(), autocommit=True) as admin:
        admin.execute(f"ALTER SYSTEM SET max_connections = {max_connections}")
    pid = running.get_pid()
    os.kill(pid, signal.SIGINT)  # a fast shutdown: with a checkpoint
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.01)
    running.ensure_postgres_running()


def prepared(dsn: str) -> str:
    """The database with a store and a bare table in it."""
    install(dsn)
    with psycopg.connect(dsn) as admin:
        admin.execute("CREATE TABLE bare (run text, seq bigint, line bytea, PRIMARY KEY (run, seq))")
    return dsn


# ---- appending -------------------------------------------------------------------------------------------------------


def append_rows(dsn: str, rounds: int) -> list[Row]:
    """A fact appended beside the same bytes inserted and committed; and beside these and the same bytes in a file."""
    line = encode(confirmation(), run="R0", seq=1, prev="0" * 64)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, psycopg.connect(dsn) as bare:
        store = PostgresStore.create(dsn, "R1")
        start_mirror(Path(folder) / "R2", "R2")
        mirrored = MirroredStore(PostgresStore.create(dsn, "R2"), Mirror(Path(folder) / "R2", "R2"))
        file = os.open(Path(folder) / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        number = 0
        drafts = iter([confirmation() for _ in range(2 * (rounds + WARM))])

        def insert() -> None:
            nonlocal number
            number += 1
            bare.execute(_INSERT, ("R0", number, line))
            bare.commit()

        def insert_and_write() -> None:
            insert()
            os.write(file, line)
            os.fdatasync(file)

        plain = _by_turns([insert, lambda: store.append(None, next(drafts))], rounds)
        copied = _by_turns([insert_and_write, lambda: mirrored.append(None, next(drafts))], rounds)
        os.close(file)
        store.close()
        mirrored.close()
    return [
        _ratio("store: append / INSERT+COMMIT", plain, f"{len(line)} B"),
        _ratio("store: append and copy / INSERT+COMMIT, fdatasync", copied, "this host's copy on the same disk"),
    ]


def _ratio(name: str, took: Sequence[Sequence[float]], detail: str) -> Row:
    ratios = [above / below for below, above in zip(*took, strict=True)]
    low, high = (f"{1e6 * statistics.median(each):.0f}" for each in took)
    return Row(name, statistics.median(ratios), 1 / 0.6, "x", f"{detail}, {high} and {low} us; {spread(ratios)}")


def _by_turns(calls: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Seconds of each call in each round, after some to warm; whoever is first in a round is last in the next."""
    took: list[list[float]] = [[] for _ in calls]
    for index in range(rounds + WARM):
        order = list(enumerate(calls))
        for at, call in order if index % 2 else reversed(order):
            began = time.perf_counter()
            call()
            if index >= WARM:
                took[at].append(time.perf_counter() - began)
    return took


# ---- an event on the other host ------------------------------------------------------------------------------------


def event_rows(dsn: str, rounds: int) -> list[Row]:
    """From the append here until the event is folded there, beside INSERT+NOTIFY until a listener there has it."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, psycopg.connect(dsn) as bare:
        here, there = Path(folder) / "here" / "R3", Path(folder) / "there" / "R3"
        start_mirror(here, "R3")
        store = MirroredStore(PostgresStore.create(dsn, "R3"), Mirror(here, "R3"))
        store.append(0, draft(NoteAdded(text="begin"), ANA))
        argv = [sys.executable, HOST, dsn, str(there), "R3"]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdin is not None
            assert other.stdout is not None
            _until(other.stdout, "ready")
            line = encode(draft(NoteAdded(text="a note"), ANA), run="R0", seq=1, prev="0" * 64)
            raw, folded = [], []
            for number in range(1, rounds + WARM + 1):
                began = time.monotonic()
                bare.execute(_INSERT, ("N", number, line))
                bare.execute(f"NOTIFY bare, '{number}'")
                bare.commit()
                raw.append(_until(other.stdout, f"raw {number} ") - began)
                one = draft(NoteAdded(text="a note"), ANA)
                began = time.monotonic()
                store.append(None, one)
                folded.append(_until(other.stdout, f"folded {number + 1} ") - began)
            other.stdin.close()
        store.close()
    raw, folded = raw[WARM:], folded[WARM:]
    rows = []
    for name, at, limit in (("p50", 0.5, 2.0), ("p99", 0.99, 2.5)):
        low, high = (1e3 * sorted(each)[int(at * (len(each) - 1))] for each in (raw, folded))
        rows.append(
            Row(f"store: an event folded there / INSERT+NOTIFY, {name}", high / low, limit, "x",
                f"{high:.2f} and {low:.2f} ms, {rounds} by turns")
        )  # fmt: skip
    return rows


def _until(lines: Iterator[str], beginning: str) -> float:
    """Read on to the line that begins so; the seconds that it ends with."""
    for line in lines:
        if line.startswith("trouble"):
            raise RuntimeError(line)
        if line.startswith(beginning):
            return float(line.split()[-1]) if line.count(" ") > 1 else 0.0
    raise EOFError(f"the other host ended before it said: {beginning}")
