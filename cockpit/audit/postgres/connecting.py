"""Connections to the database that keeps logs: how they are made, watched and cut.

Invariant: no message shows the connection string or its password. A call ends within its time, whatever the server
does: one that does not answer is cut off, not waited for, and what it did is then unknown.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from typing import TypeAlias

import psycopg
from psycopg import errors as sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import tuple_row

from cockpit.audit.postgres.answers import Careful, CarefulCursor
from cockpit.errors import StoreAway, StoreFailed
from cockpit.masking.closing import close
from cockpit.profile.database_trust import is_torn, proof, refused_proof
from cockpit.text import shortened

Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]

CONNECT_TIMEOUT_S = 10
UNVERIFIED = "COCKPIT_UNVERIFIED_STORE"
"""In the environment: why the server of the store need not prove who it is. A run that is begun so says it."""
_CURE = f'leave `sslmode` out, so that it is verified, or say why not: export {UNVERIFIED}="REASON"'
LOCK_S = 8
"""Whoever holds a run's lock this long is stopped, or its network is."""
_IN_ANY_ORDER: set[str] = set()
"""Connection strings of whose hosts the first that can be written to is not the right one."""
_REST_S = 3600.0
"""How long a watch sleeps that has nothing to watch: whatever begins then wakes it."""
_PATIENCE = {"keepalives_idle": "10", "keepalives_interval": "3", "keepalives_count": "3", "tcp_user_timeout": "15000"}
"""libpq's own (34.1.2) would notice a dead peer after two hours; the connection string's, if it has them, count."""


def connected(dsn: str, *, connect_s: float = CONNECT_TIMEOUT_S) -> Connection:
    """An autocommitting connection; of several hosts, to one that can be written to.

    Raises StoreFailed: the string is none; StoreAway: no server answers, or none that takes this user.
    """
    close()  # the string, or what libpq reads beside it, may hold a password
    given = _parts(dsn)
    try:
        trust = proof(given, reason=os.environ.get(UNVERIFIED, ""))
        several = "," in str(given.get("host") or "") and "target_session_attrs" not in given
        conninfo = make_conninfo(
            dsn,
            application_name="cockpit",
            client_encoding="utf8",
            connect_timeout=given.get("connect_timeout")
            or max(2, int(connect_s)),  # libpq takes whole seconds, at least 2
            **({"target_session_attrs": "read-write"} if several else {}),
            **({"load_balance_hosts": "random"} if dsn in _IN_ANY_ORDER else {}),
            **{key: value for key, value in _PATIENCE.items() if key not in given},
            **trust.added,
        )
    except psycopg.ProgrammingError:
        # Not `from error`: its text may quote the string, password and all.
        raise _no_string() from None
    if trust.objection:
        raise StoreFailed(f"the store {where(dsn)}: {trust.objection}", hint=_CURE)
    try:
        connection = Careful.connect(conninfo, autocommit=True, row_factory=tuple_row, cursor_factory=CarefulCursor)
    except psycopg.Error as error:
        why = said(error)
        hint = "" if error.diag.message_primary else refused_proof(why, UNVERIFIED)
        raise StoreAway(f"the store {where(dsn)} cannot be reached: {why}", hint=hint) from error
    try:
        # The chain is read after the lock is had, so each statement has to see what was committed until then.
        with within(connection, max(2.0, connect_s)):
            connection.execute(f"SET default_transaction_isolation = 'read committed'; SET lock_timeout = '{LOCK_S}s'")
    except psycopg.Error as error:
        connection.close()
        raise StoreAway(f"the store {where(dsn)} cannot be used: {said(error)}") from error
    return connection


def waived(dsn: str) -> str:
    """Why the server of a store need not prove who it is; empty: it has to, or is on this machine."""
    reason = os.environ.get(UNVERIFIED, "")
    try:
        return reason if reason and proof(_parts(dsn), reason=reason).is_waived else ""
    except StoreFailed:
        return ""


def look_elsewhere(dsn: str) -> None:
    """From now on try the hosts in another order each time: one that takes writes is not the one to write to."""
    _IN_ANY_ORDER.add(dsn)


def where(dsn: str) -> str:
    """Host, port and database, for people; never the password."""
    try:
        given = _parts(dsn)
    except StoreFailed:
        return "(no connection string)"
    host, port, name = (str(given.get(key) or "") for key in ("host", "port", "dbname"))
    return shortened(
        f"{host or 'localhost'}{':' + port if port else ''}/{name or os.environ.get('PGDATABASE', '')}", 120
    )


def holds_password(dsn: str) -> bool:
    """Whether a connection string has a password in it. Raises StoreFailed if it is none."""
    given = _parts(dsn)
    return any(given.get(name) for name in ("password", "sslpassword"))


def without_password(dsn: str) -> str:
    """The connection string as it may be kept. Raises StoreFailed if it holds a password, or is none."""
    if holds_password(dsn):
        # Neither is it put into the environment, which the run's commands inherit.
        raise StoreFailed(
            f"the connection string of the store {where(dsn)} holds a password, which would be kept with the run",
            hint="take it out, and put it into ~/.pgpass (chmod 600) or PGPASSFILE",
        )
    return dsn


def _parts(dsn: str) -> Mapping[str, str | int | None]:
    """A connection string as libpq takes it apart. Raises StoreFailed if it is none that can be shown to people."""
    try:
        given: Mapping[str, str | int | None] = conninfo_to_dict(dsn)
    except (psycopg.ProgrammingError, UnicodeError):
        # Not `from error`: its text may quote the string, password and all.
        raise _no_string() from None
    if is_torn(dsn):
        raise StoreFailed(
            "the connection string of the store holds an @ or / that libpq takes for the end of its password",
            hint="write %40 for @ and %2F for /; better, take the password out: ~/.pgpass (chmod 600) or PGPASSFILE",
        )
    return given


def _no_string() -> StoreFailed:
    return StoreFailed(
        "the store is no PostgreSQL connection string",
        hint="postgresql://user@host/database, with the password in ~/.pgpass or PGPASSWORD",
    )


@contextmanager
def within(connection: Connection, seconds: float) -> Iterator[threading.Event]:
    """Cut the connection unless the block ends in time; the event says whether it was."""
    was_cut = threading.Event()
    mark = _WATCH.begin(connection, seconds, was_cut)
    try:
        yield was_cut
    finally:
        _WATCH.end(mark)


class _Watch:
    """One thread, begun with the first call and kept, for the ends of all: a thread a call costs more than the call."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ends: dict[int, tuple[float, Connection, threading.Event]] = {}
        self._numbers = count()
        self._wakes_at = 0.0
        self._thread: threading.Thread | None = None

    def begin(self, connection: Connection, seconds: float, was_cut: threading.Event) -> int:
        """Watch a call; the mark to end it by."""
        end = time.monotonic() + seconds
        with self._changed:
            mark = next(self._numbers)
            self._ends[mark] = (end, connection, was_cut)
            if self._thread is None or not self._thread.is_alive():  # a fork leaves it behind
                self._thread = threading.Thread(target=self._run, name="cockpit-store-watch", daemon=True)
                self._thread.start()
            elif end < self._wakes_at:
                self._changed.notify()
        return mark

    def end(self, mark: int) -> None:
        """From here on the connection is not cut any more for this call."""
        with self._changed:
            del self._ends[mark]

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for end, connection, was_cut in self._ends.values():
                    if end <= now and not was_cut.is_set():
                        was_cut.set()
                        cut(connection)
                ends = [end for end, _, was_cut in self._ends.values() if not was_cut.is_set()]
                self._wakes_at = min(ends, default=now + _REST_S)
                self._changed.wait(max(0.0, self._wakes_at - now))


_WATCH = _Watch()


def has_ended(connection: Connection) -> bool:
    """Whether the server has said something, or hung up, on a connection that waits for nothing: it is of no use."""
    if connection.closed:
        return True
    ready = select.poll()
    ready.register(connection.fileno(), select.POLLIN)
    return bool(ready.poll(0))


def cut(connection: Connection) -> None:
    """End a connection under whoever waits on it; the server learns of it when it next looks."""
    if connection.closed:
        return
    # It may end by itself at this very moment: then there is nothing left to cut.
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as ours:
        ours.shutdown(socket.SHUT_RDWR)


def said(error: psycopg.Error) -> str:
    """The server's own words; for a failed connection libpq's, which name host and port but no password."""
    if isinstance(error, sql.UndefinedTable | sql.InvalidSchemaName | sql.UndefinedFunction):
        return "there is no store in this database, or an older one; make it with: cockpit store init"
    primary = error.diag.message_primary
    return shortened(primary or " ".join(str(error).split()) or type(error).__name__, 300)
