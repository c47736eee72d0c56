"""A real PostgreSQL for tests, which ends even when the process that started it is killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from cockpit.demo import postgres_server

_GUARD = """
import sys, pathlib
from cockpit.demo import postgres_server
sys.stdin.read()
postgres_server.stop_orphan(pathlib.Path(sys.argv[1]))
"""


@contextmanager
def guarded_server(data_path: Path) -> Iterator[str]:
    """A PostgreSQL of one's own with its data in a new folder, and a superuser's connection string."""
    server = postgres_server.start(data_path)
    with psycopg.connect(server.get_uri(), autocommit=True) as admin:
        # its data end with the tests: nothing waits for a disk, least of all making and dropping databases
        for setting in ("fsync", "full_page_writes"):
            admin.execute(f"alter system set {setting} = off")
        admin.execute("select pg_reload_conf()")
    guard = subprocess.Popen(
        [sys.executable, "-c", _GUARD, str(data_path)], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait(10)
