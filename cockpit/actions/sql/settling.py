"""Finding out afterwards how a transaction ended whose COMMIT was sent and not answered.

Invariant: it only looks, and says `committed` or `aborted` only of the transaction it was asked about, on the server
that ran it: transaction ids are given again after a standby took over, so the timeline has to be the same (9.27.10,
27.3). Everything else is `unknown`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Literal

import psycopg
from msgspec import Struct

from cockpit.actions.sql.connecting import Connection, connect, cut, said
from cockpit.actions.sql.exchange import ask
from cockpit.actions.sql.keeping import Kept
from cockpit.errors import ActionError
from cockpit.text import shortened

PATIENCE_S = 15.0
_BETWEEN_S = 0.5
_SHORTEST_LOOK_S = 5.0

_STANDBY = "select pg_is_in_recovery()::text, current_setting('synchronous_standby_names') <> ''"
_TIMELINE = "select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"
_SYSTEM = "select system_identifier::text from pg_control_system()"
_XID = "select case when pg_is_in_recovery() then '' else pg_current_xact_id()::text end"
_XID_12 = "select case when pg_is_in_recovery() then '' else txid_current()::text end"
_STATUS = "select pg_xact_status($1::xid8)"
_STATUS_12 = "select txid_status($1::bigint)"
_BACKEND = "select state from pg_stat_activity where pid = $1::int and backend_start::text = $2"
_THIS = "select pid::text, backend_start::text from pg_stat_activity where pid = pg_backend_pid()"


class Settled(Struct, frozen=True):
    """What looking found."""

    verdict: Literal["committed", "aborted", "unknown"]
    detail: str


class Server(Struct, frozen=True, kw_only=True):
    """Which server it is, as far as it says."""

    is_standby: bool = False
    timeline: str = ""
    """Empty: a standby, or it does not say."""
    system_identifier: str = ""
    """Empty: it does not say."""
    replicates: bool = False
    """Commits wait for a standby."""


async def server_of(connection: Connection) -> Server:
    """Ask which server it is. Raises psycopg.Error. Never call it inside a transaction: what it may not ask, fails."""
    is_standby, replicates = await _only_row(connection, _STANDBY, 2)
    return Server(
        is_standby=is_standby == "true",
        timeline="" if is_standby == "true" else await _if_told(connection, _TIMELINE),
        system_identifier=await _if_told(connection, _SYSTEM),
        replicates=replicates == "t",
    )


async def _if_told(connection: Connection, query: str) -> str:
    """One value; empty if this server, or this user, may not be asked for it (hosted ones differ)."""
    try:
        return (await _only_row(connection, query, 1))[0]
    except (psycopg.ProgrammingError, psycopg.NotSupportedError, ActionError):
        return ""


async def backend_of(connection: Connection) -> tuple[int, str]:
    """The server process of this connection: its id and when it began."""
    pid, backend_start = await _only_row(connection, _THIS, 2)
    if not pid.isdecimal():
        raise ActionError(f"the server gives its process as `{shortened(pid, 40)}`", hint="reach it without a pooler")
    return int(pid), backend_start


async def transaction_id(connection: Connection) -> str:
    """The id of the transaction that is open; empty on a standby, where nothing can be written."""
    newer = connection.info.server_version >= 130000
    return (await _only_row(connection, _XID if newer else _XID_12, 1))[0]


async def _only_row(connection: Connection, query: str, width: int, values: Sequence[str] = ()) -> tuple[str, ...]:
    """The first row, NULL as an empty text. Raises ActionError where the server gives none, or one of another width.

    A pooler, or what speaks the protocol and is no PostgreSQL, may answer anything.
    """
    rows = (await ask(connection, query, values)).texts
    if not rows or len(rows[0]) != width:
        raise ActionError(
            f"the server does not answer `{shortened(query, 60)}` as PostgreSQL does", hint="reach it without a pooler"
        )
    return tuple(value or "" for value in rows[0])


async def settle(
    dsn: str,
    name: str,
    kept: Kept,
    *,
    unverified: str = "",
    patience_s: float = PATIENCE_S,
    tell: Callable[[str], None] = lambda line: None,
) -> Settled:
    """How the transaction that `kept` names ended; asks again until its server process is gone, for `patience_s`."""
    until = time.monotonic() + patience_s
    found = Settled("unknown", "nothing is known of it")
    while True:
        try:
            found, is_final = await asyncio.wait_for(_look(dsn, name, kept, unverified), _SHORTEST_LOOK_S)
        except (psycopg.Error, OSError, TimeoutError, ActionError) as error:
            why = said(error) if isinstance(error, psycopg.Error) else str(error) or "no answer"
            found, is_final = Settled("unknown", f"the server could not be asked: {why}"), False
        if is_final or time.monotonic() >= until:
            return found
        tell(found.detail)
        await asyncio.sleep(_BETWEEN_S)


async def _look(dsn: str, name: str, kept: Kept, unverified: str) -> tuple[Settled, bool]:
    """What one look found, and whether looking again could find nothing else."""
    connection = await connect(dsn, f"{name} look", unverified=unverified, timeout_s=_SHORTEST_LOOK_S)
    try:
        server = await server_of(connection)
        runs = (await ask(connection, _BACKEND, (str(kept.pid), kept.backend_start))).texts
        if refusal := _other(server, kept):
            return Settled("unknown", refusal), True
        if runs:
            return Settled("unknown", f"server process {kept.pid} is still at it ({runs[0][0] or 'busy'})"), False
        if not kept.xid:
            return Settled("aborted", f"server process {kept.pid} is gone"), True
        newer = connection.info.server_version >= 130000
        status = (await _only_row(connection, _STATUS if newer else _STATUS_12, 1, (kept.xid,)))[0]
        return _judged(status, kept.xid, replicates=server.replicates)
    finally:
        cut(connection)  # not to wait for a server that is about to go
        await connection.close()


def _other(server: Server, kept: Kept) -> str:
    """Why what this server knows of transaction ids says nothing about ours."""
    if kept.system_identifier and server.system_identifier and kept.system_identifier != server.system_identifier:
        return f"another server answers now (system identifier {server.system_identifier})"
    if kept.xid and server.is_standby:
        return "a standby answers now"
    if kept.xid and not (kept.timeline and server.timeline):
        return f"the server does not say whether a standby took over since, so transaction {kept.xid} is not looked up"
    if kept.xid and server.timeline != kept.timeline:
        return f"the server is on timeline {server.timeline} instead of {kept.timeline}: a standby took over"
    return ""


def _judged(status: str | None, xid: str, *, replicates: bool) -> tuple[Settled, bool]:
    match status:
        case "committed" if replicates:
            return Settled("unknown", f"transaction {xid} is committed here, perhaps not on the standby"), True
        case "committed":
            return Settled("committed", f"transaction {xid} is committed, as the server said afterwards"), True
        case "aborted":
            return Settled("aborted", f"transaction {xid} was rolled back, as the server said afterwards"), True
        case "in progress":
            return Settled("unknown", f"transaction {xid} is still in progress"), False
        case _:
            return Settled("unknown", f"the server no longer knows of transaction {xid}"), True
