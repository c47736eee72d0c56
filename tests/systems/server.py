"""A real PostgreSQL for tests, which ends even when the process that started it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
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
        guard.wait(60)


def stop_at_once(pid: int) -> None:
    """As a power cut is to a database: nothing is written any more (SIGQUIT: immediate shutdown)."""
    os.kill(pid, signal.SIGQUIT)
    while not has_ended(pid):
        time.sleep(0.005)


def has_ended(pid: int) -> bool:
    """Whether a process does nothing any more, also where nobody has waited for it yet: some hosts take 2 s for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True
