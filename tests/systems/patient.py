"""A database of one's own that keeps runs, and what can happen to it: stopped, frozen, gone."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

import psycopg
import pytest
from systems.server import stop_at_once

from cockpit.audit.postgres.installing import install
from cockpit.demo import postgres_server


class _Server(Protocol):
    """What is needed of the package that brings the server."""

    def get_uri(self) -> str: ...
    def get_pid(self) -> int: ...
    def ensure_postgres_running(self) -> None: ...
    def cleanup(self) -> None: ...


class Patient:
    """The server."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._frozen: list[int] = []
        self.dsn = server.get_uri()

    def stop(self) -> None:
        """As a power cut is to it (SIGQUIT: immediate shutdown)."""
        stop_at_once(self._server.get_pid())

    def start(self) -> None:
        """Once more, with its data."""
        self._server.ensure_postgres_running()

    def freeze(self) -> None:
        """No process of it does anything any more; its socket still takes connections."""
        os.kill(main := self._server.get_pid(), signal.SIGSTOP)  # first: it starts no more of them
        self._frozen = [main]
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, parent = int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])
                if parent == main:
                    os.kill(pid, signal.SIGSTOP)
                    self._frozen.append(pid)
            except (OSError, ValueError):
                continue  # it has just ended

    def thaw(self) -> None:
        """All of them go on where they were."""
        for pid in reversed(self._frozen):
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                continue
        self._frozen = []

    def recover(self) -> None:
        """As well as it can be."""
        self.thaw()
        self.start()

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """As a superuser."""
        with psycopg.connect(self.dsn, autocommit=True) as admin:
            cursor = admin.execute(query, values)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def patient() -> Iterator[Patient]:
    """A server with an empty store; skips the test where none can be started."""
    with tempfile.TemporaryDirectory(prefix="cockpit-pg-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as a user of its own and has to pass
        if obstacle := postgres_server.obstacle(Path(folder) / "data"):
            pytest.skip(obstacle)
        server = cast("_Server", postgres_server.start(Path(folder) / "data"))
        it = Patient(server)
        try:
            # A killed server loses nothing that the kernel has; only a power cut would.
            for setting in ("fsync", "full_page_writes"):
                it.ask(f"alter system set {setting} = off")
            it.ask("select pg_reload_conf()")
            install(it.dsn)
            yield it
        finally:
            it.thaw()
            server.cleanup()
