"""How safe the connection to a store is, and what else its user could do: seen from this connection.

Invariant: nothing is changed, and what this user may not see is None, never taken for well.
"""

from __future__ import annotations

import time

import psycopg
from msgspec import Struct
from psycopg import errors as sql
from psycopg.conninfo import conninfo_to_dict

from cockpit.audit.postgres.connecting import Connection, connected, said, waived, where
from cockpit.errors import StoreFailed
from cockpit.profile.elsewhere import is_here
from cockpit.text import shortened, visible

_DANGEROUS = ("pg_execute_server_program", "pg_write_server_files", "pg_write_all_data", "cockpit_owner")


class Secured(Struct, frozen=True, kw_only=True):
    """One connection, as both ends see it."""

    where: str
    user: str
    server_version: int
    """`160004`, as libpq counts."""
    is_local: bool
    """Over a Unix socket or the loopback of this host."""
    tls: str
    """`TLSv1.3`; empty: nothing is encrypted."""
    sslmode: str
    """By which it was made: `verify-full` unless somebody said why not; empty: libpq's own, `prefer`."""
    waived: str
    """Why the server need not prove who it is; empty: it has to."""
    method: str | None
    """How the user proved who they are (`scram-sha-256`, `peer`, `trust`); None: it cannot be told."""
    trusting: tuple[str, ...] | None
    """Rules of pg_hba.conf that let people in over a network without proof; None: this user may not see them."""
    may_also: tuple[str, ...]
    """Rights by which this user could get around the store's rules, beside owning it or being a superuser."""
    offset_s: float
    """The server's clock before this host's; sure to half of `round_trip_s`."""
    round_trip_s: float


def secured(dsn: str, *, connect_s: float = 5.0) -> Secured:
    """Look at the connection. Raises StoreFailed, StoreAway."""
    connection = connected(dsn, connect_s=connect_s)
    try:
        with connection.transaction():
            connection.execute("SET TRANSACTION READ ONLY")
            return _looked(connection, dsn)
    except psycopg.Error as error:
        raise StoreFailed(f"the store {where(dsn)} cannot be looked at: {said(error)}") from error
    finally:
        connection.close()


def _looked(connection: Connection, dsn: str) -> Secured:
    user, tls, is_local = _row(
        connection,
        """SELECT session_user::text, coalesce((SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()), ''),
           inet_server_addr() IS NULL""",
    )
    began, began_at = time.monotonic(), time.time()
    (now,) = _row(connection, "SELECT extract(epoch FROM clock_timestamp())::float8")
    round_trip_s = time.monotonic() - began
    return Secured(
        where=where(dsn),
        user=visible(str(user)),
        server_version=connection.info.server_version,
        is_local=bool(is_local) or is_here(connection.info.host),
        tls=visible(str(tls)),
        sslmode=connection.info.get_parameters().get("sslmode", ""),
        waived=shortened(waived(dsn), 200),
        method=_method(connection, is_local=bool(is_local), has_certificate="sslcert" in conninfo_to_dict(dsn)),
        trusting=_trusting(connection),
        may_also=_may_also(connection),
        offset_s=float(str(now)) - (began_at + round_trip_s / 2),
        round_trip_s=round_trip_s,
    )


def _method(connection: Connection, *, is_local: bool, has_certificate: bool) -> str | None:
    if connection.info.server_version >= 160000:
        (told,) = _row(connection, "SELECT system_user")  # NULL where nobody was asked for a proof: `trust`
        return "trust" if told is None else visible(str(told).partition(":")[0])
    if connection.pgconn.used_password:
        return "password"
    return None if is_local or has_certificate or connection.pgconn.used_gssapi else "trust"


def _trusting(connection: Connection) -> tuple[str, ...] | None:
    try:
        with connection.transaction():
            rows = connection.execute(
                """SELECT line_number::text, type, array_to_string(database, ','), array_to_string(user_name, ','),
                   coalesce(address, '') FROM pg_hba_file_rules
                   WHERE auth_method IN ('trust', 'password') AND type <> 'local' AND error IS NULL
                   ORDER BY line_number LIMIT 5"""
            ).fetchall()
    except sql.InsufficientPrivilege:
        return None
    return tuple(visible(" ".join(str(each) for each in row)) for row in rows)


def _may_also(connection: Connection) -> tuple[str, ...]:
    rows = connection.execute(
        """SELECT rolname::text FROM pg_roles WHERE rolname = ANY(%s) AND pg_has_role(session_user, oid, 'MEMBER')
           AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) ORDER BY 1""",
        (list(_DANGEROUS),),
    ).fetchall()
    (creates,) = _row(connection, "SELECT rolcreaterole AND NOT rolsuper FROM pg_roles WHERE rolname = session_user")
    return (*(visible(str(row[0])) for row in rows), *(("CREATEROLE",) if creates else ()))


def _row(connection: Connection, query: str) -> tuple[object, ...]:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row
