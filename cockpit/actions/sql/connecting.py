"""Connections to a target: how they are made, and how they are left when the server no longer answers.

Invariant: no message shows the DSN or its password; libpq's own name host and port only.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import tuple_row

from cockpit.errors import ActionError
from cockpit.probes.postgres.bounded import BoundedAsync
from cockpit.profile.database_trust import CURE, proof, refused_proof
from cockpit.text import shortened

Connection: TypeAlias = BoundedAsync

CONNECT_TIMEOUT_S = 10
_PATIENCE = {"keepalives_idle": "20", "keepalives_interval": "5", "keepalives_count": "4", "tcp_user_timeout": "40000"}
"""libpq's own (34.1.2) would notice a dead peer after two hours; the DSN's, if it has them, count."""


async def connect(dsn: str, name: str, *, unverified: str = "", timeout_s: float = CONNECT_TIMEOUT_S) -> Connection:
    """An autocommitting connection under the application name `name`. Raises psycopg.Error, ActionError for the DSN.

    `unverified`: why the profile does not ask the server for proof of who it is; empty: it has to give it.
    """
    try:
        given = conninfo_to_dict(dsn)
        trust = proof(given, reason=unverified)
        conninfo = make_conninfo(
            dsn,
            application_name=name,
            client_encoding="utf8",
            connect_timeout=max(2, int(timeout_s)),  # libpq takes whole seconds, at least 2
            **{key: value for key, value in _PATIENCE.items() if key not in given},
            **trust.added,
        )
    except (psycopg.ProgrammingError, UnicodeError):
        # Not `from error`: its text may quote the string, password and all.
        raise ActionError("the target's `dsn` is no PostgreSQL connection string", hint="see libpq, 34.1.1") from None
    if trust.objection:
        raise ActionError(f"the target's `dsn`: {trust.objection}", hint=CURE)
    return await Connection.connect(conninfo, autocommit=True, row_factory=tuple_row)


def cut(connection: Connection) -> None:
    """End a connection under whoever waits on it; the server learns of it when it next looks."""
    if connection.closed:
        return
    # It may end by itself at this very moment: then there is nothing left to cut.
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as ours:
        ours.shutdown(socket.SHUT_RDWR)


def said(error: psycopg.Error) -> str:
    """The server's own words; for a failed connection libpq's, which name host and port but no password."""
    primary = error.diag.message_primary
    said = primary or " ".join(str(error).split()) or type(error).__name__
    if not primary and (cure := refused_proof(said)):
        said = f"{said.rpartition(' failed: ')[2]} ({cure})"
    return shortened(said, 300)
