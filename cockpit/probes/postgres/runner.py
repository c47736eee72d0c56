"""Asks PostgreSQL one query on a connection of its own, kept open between readings unless those are rare.

Invariant: read-only, autocommit, never idle in a transaction, `statement_timeout` below the probe's own. A server that
stopped answering is left, not waited for: libpq's polite cancel would wait for it (12 s where 2 s were allowed), so the
work is done in a thread whose socket is shut down instead. No message shows the DSN or its password.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from contextlib import suppress
from itertools import islice
from typing import TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import tuple_row

from cockpit.errors import ProbeError
from cockpit.probes.postgres.bounded import Bounded
from cockpit.probes.postgres.declaration import PostgresSettings, postgres_target
from cockpit.probes.postgres.values import MAX_CHARACTERS, plain
from cockpit.probes.runner import Context, Facts
from cockpit.probes.threads import in_own_thread
from cockpit.profile.database_trust import CURE, proof, refused_proof
from cockpit.profile.kinds import Settings
from cockpit.text import shortened

_Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]
ROWS = 100
_CHUNK = 25
"""Rows that libpq holds at a time."""


class PostgresRunner:
    """One `postgres` probe."""

    def __init__(self, settings: PostgresSettings, context: Context) -> None:
        self._settings = settings
        self._where = postgres_target(settings.dsn) or "the database"
        try:
            given = conninfo_to_dict(settings.dsn)
            own, trust = given.get("options") or "", proof(given, reason=settings.unverified)
            limit_ms = max(1, int(context.timeout_s * 900))  # 0 would mean no limit
            self._conninfo = make_conninfo(
                settings.dsn,
                application_name="cockpit",
                connect_timeout=max(2, int(context.timeout_s)),  # libpq takes whole seconds, at least 2
                options=f"{own} -c default_transaction_read_only=on -c statement_timeout={limit_ms}".strip(),
                **trust.added,
            )
        except (psycopg.ProgrammingError, UnicodeError):
            raise ProbeError("`dsn` is no PostgreSQL connection string", hint="see libpq, 34.1.1") from None
        if trust.objection:
            raise ProbeError(f"{self._where}: {trust.objection}", hint=CURE)
        self._link = _Link()
        self._is_rare = context.is_rare

    async def read(self) -> Facts:
        """Ask. Raises `ProbeError` if the server cannot be asked or refuses."""
        link = self._link
        try:
            return await in_own_thread(lambda: self._ask(link))
        except asyncio.CancelledError:
            self._link = _Link()
            link.cut()
            raise

    def _ask(self, link: _Link) -> Facts:
        with link.lock:
            try:
                return self._ask_alone(link)
            finally:
                if self._is_rare:  # a server with sixty connections has none to spare for looking on
                    link.drop()

    def _ask_alone(self, link: _Link) -> Facts:
        try:
            connection = link.connected(self._conninfo)
            began = time.perf_counter()
            with connection.cursor() as cursor:
                # Streamed, so that a large answer passes by and is never held; one statement at a time, by protocol.
                # Only a query with parameters goes through placeholders: `%` may stand in any other.
                rows = cursor.stream(self._settings.query.encode(), self._settings.params or None, size=_CHUNK)
                kept = list(islice(rows, ROWS))
                count = len(kept) + sum(1 for _ in rows)
                latency_ms = (time.perf_counter() - began) * 1e3
                names = [column.name for column in cursor.description or ()]
            return {
                "rows": _capped(names, kept),
                "row_count": count,
                "value": plain(kept[0][0]) if kept and kept[0] else None,
                "latency_ms": latency_ms,
                "server_version": connection.info.server_version,
            }
        except psycopg.Error as error:
            if isinstance(error, psycopg.OperationalError):
                link.drop()
            raise ProbeError(f"{self._where}: {_said(error)}") from error
        except Exception as error:  # the driver's loaders raise whatever comes up: JSON too deep, no number
            link.drop()  # in the midst of its rows
            raise ProbeError(
                f"{self._where}: a value of its answer cannot be read: {shortened(str(error), 100)}",
                hint="select it as text: column::text",
            ) from error

    async def close(self) -> None:
        """Close the connection, under whoever waits on it if need be."""
        self._link.cut()
        if self._link.lock.acquire(blocking=False):
            self._link.drop()
            self._link.lock.release()


class _Link:
    """A connection that may be cut from another thread, and is then never used again."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        """Held while a thread uses the connection."""
        self._connection: _Connection | None = None
        self._is_cut = False

    def connected(self, conninfo: str) -> _Connection:
        if self._connection is None or self._connection.closed:
            self._connection = Bounded.connect(conninfo, autocommit=True, row_factory=tuple_row)
            if self._is_cut:
                self.drop()
                raise psycopg.OperationalError("connected too late")
        return self._connection

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def cut(self) -> None:
        """End the connection under whoever waits on it."""
        self._is_cut = True
        connection = self._connection
        if connection is None or connection.closed:
            return
        # It may end by itself at this very moment: then there is nothing left to cut.
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as ours:
            ours.shutdown(socket.SHUT_RDWR)


def _capped(names: list[str], rows: list[tuple[object, ...]]) -> list[dict[str, object]]:
    kept: list[dict[str, object]] = []
    size = 0
    for row in rows:
        known = {name: plain(value) for name, value in zip(names, row, strict=True)}
        size += sum(len(value) for value in known.values() if isinstance(value, str))
        if size > MAX_CHARACTERS:
            break
        kept.append(known)
    return kept


def _said(error: psycopg.Error) -> str:
    """The server's own words; for a failed connection libpq's, which name host and port but no password."""
    primary = error.diag.message_primary
    said = primary or " ".join(str(error).split()) or type(error).__name__
    if not primary and (cure := refused_proof(said)):
        said = f"{said.rpartition(' failed: ')[2]} ({cure})"
    return shortened(said, 160)


async def open_runner(settings: Settings, context: Context) -> PostgresRunner:
    """Open a `postgres` probe."""
    assert isinstance(settings, PostgresSettings)
    return PostgresRunner(settings, context)
