"""One statement to the server, and what came back, with bounded memory whatever it is.

Invariant: exactly one statement is sent at a time, by the extended protocol, which refuses two in one text: should the
cut of a script ever be wrong, nothing is run. Rows beyond the first 100 are counted and dropped as they arrive.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import islice

import psycopg
from msgspec import Struct
from psycopg import errors, generators
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult

from cockpit.actions.sql.connecting import Connection
from cockpit.errors import ActionError
from cockpit.probes.postgres.values import MAX_CHARACTERS, plain

KEPT_ROWS = 100
_CHUNK = 50
"""Rows that libpq holds at a time."""
_AFFECTING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})
_COPYING = (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH)


class Answer(Struct, frozen=True, kw_only=True):
    """What one statement did."""

    tag: str
    """The server's own word for it: `UPDATE 3`."""
    affected: int
    """Rows changed, or made by CREATE TABLE AS; 0 for what only reads."""
    names: tuple[str, ...] | None
    """Columns of its rows; None: it is of the kind that gives none."""
    texts: tuple[tuple[str | None, ...], ...] = ()
    """The first rows, as the server writes them."""
    rows: tuple[dict[str, object], ...] = ()
    """The same as conditions take them."""
    count: int = 0
    """Rows that it gave."""
    duration_s: float = 0.0


class _Rows:
    """Rows as they arrive."""

    def __init__(self, connection: Connection) -> None:
        self._load = Transformer(connection)
        self._size = 0
        self.names: tuple[str, ...] | None = None
        self.texts: list[tuple[str | None, ...]] = []
        self.rows: list[dict[str, object]] = []
        self.count = 0

    def take(self, result: PGresult) -> None:
        if self.names is None:
            self.names = tuple((result.fname(i) or b"").decode(errors="replace") for i in range(result.nfields))
            self._load.set_pgresult(result)
        else:
            self._load.set_pgresult(result, set_loaders=False)
        for number in islice(range(result.ntuples), max(0, KEPT_ROWS - len(self.texts))):
            self._keep(result, number)
        self.count += result.ntuples

    def _keep(self, result: PGresult, number: int) -> None:
        assert self.names is not None
        values = [result.get_value(number, column) for column in range(result.nfields)]
        self._size += sum(len(value) for value in values if value)
        if self._size > MAX_CHARACTERS * 16:
            return
        texts = tuple(None if value is None else _text(value) for value in values)
        self.texts.append(texts)
        self.rows.append(dict(zip(self.names, self._plain(number) or texts, strict=True)))

    def _plain(self, number: int) -> list[object]:
        """A row as conditions take it; none where Python cannot hold a value of it, such as the date `infinity`."""
        try:
            loaded: Sequence[object] = self._load.load_row(number, tuple)
            return [plain(value) for value in loaded]
        except Exception:  # noqa: BLE001 - the driver's loaders raise whatever comes up: JSON too deep, no number
            return []


def _text(value: bytes | bytearray | memoryview) -> str:
    return bytes(value).decode(errors="replace")[:MAX_CHARACTERS]


async def ask(connection: Connection, text: str, values: Sequence[str] = ()) -> Answer:
    """Send one statement and take all of its answer. Raises psycopg.Error; see `is_lost` for what it means."""
    began = time.monotonic()
    pgconn = connection.pgconn
    if pgconn.status != ConnStatus.OK:
        raise psycopg.OperationalError("the connection is lost")
    pgconn.send_query_params(text.encode(), [value.encode() for value in values] or None)
    if psycopg.capabilities.has_stream_chunked():
        pgconn.set_chunked_rows_mode(_CHUNK)
    else:
        pgconn.set_single_row_mode()
    await connection.wait(generators.send(pgconn))
    rows = _Rows(connection)
    last: PGresult | None = None
    failed: psycopg.Error | None = None
    while (result := await _next(connection, failed)) is not None:
        status = ExecStatus(result.status)
        if status in (ExecStatus.SINGLE_TUPLE, ExecStatus.TUPLES_CHUNK, ExecStatus.TUPLES_OK):
            rows.take(result)
        elif status in _COPYING:
            pgconn.finish()
            raise ActionError("the server asked for COPY data in the midst of SQL", hint="use psql in a `command` step")
        elif status == ExecStatus.FATAL_ERROR:
            failed = failed or errors.error_from_result(result)
        if last is None or result.command_status:  # of rows in chunks the last chunk tells it, not the end after it
            last = result
    if failed is not None:
        raise failed
    return _answer(last, rows, time.monotonic() - began)


async def _next(connection: Connection, failed: psycopg.Error | None) -> PGresult | None:
    """The next result; None after the last. What the server said before it went is more than that it went."""
    try:
        return await connection.wait(generators.fetch(connection.pgconn))
    except psycopg.OperationalError:
        if failed is not None:
            raise failed from None
        raise
    except UnicodeDecodeError as error:  # of a notification: what else is on its way can no longer be told
        connection.pgconn.finish()
        raise psycopg.OperationalError("the server sent what is no text") from error


def _answer(last: PGresult | None, rows: _Rows, duration_s: float) -> Answer:
    tag = (last.command_status or b"").decode(errors="replace") if last is not None else ""
    changes = rows.names is None or tag.partition(" ")[0] in _AFFECTING
    return Answer(
        tag=tag,
        affected=(last.command_tuples or 0) if last is not None and changes else 0,
        names=rows.names,
        texts=tuple(rows.texts),
        rows=tuple(rows.rows),
        count=rows.count,
        duration_s=duration_s,
    )


def is_lost(connection: Connection) -> bool:
    """Whether the server can no longer be asked on this connection."""
    return connection.closed or connection.pgconn.status != ConnStatus.OK
