"""Go-live's database, made anew on a server and taken away again, and a pool of connections to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import LifoQueue
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

NAME = "go_live"
ROLES = ("anon", "authenticated", "service_role")
"""Of the whole server, as the vendor has them."""
PASSWORD = "a-database-password"
POOLED = 2
_BEFORE = Path(__file__).with_name("before.sql")


def create(admin_dsn: str) -> str:
    """Make it, and return its connection URI."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        _drop(admin)
        for role in ROLES:
            with suppress(psycopg.errors.DuplicateObject):
                admin.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(NAME)))
    with psycopg.connect(admin_dsn, dbname=NAME, autocommit=True) as connection:
        connection.execute(_BEFORE.read_bytes())
    return _uri(admin_dsn)


def drop(admin_dsn: str) -> None:
    """Take it away, whoever is connected, and the roles if nobody else on the server needs them."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        _drop(admin)
        for role in ROLES:
            with suppress(psycopg.errors.DependentObjectsStillExist):
                admin.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(role)))


def system_identifier(dsn: str) -> str:
    """What the server's cluster calls itself."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select system_identifier::text from pg_control_system()").fetchone()
    assert row is not None, "a function without a row"
    return str(row[0])


class Pool:
    """A few connections that requests share, as behind every pooler: whoever comes gets the one used last."""

    def __init__(self, dsn: str) -> None:
        self._idle: LifoQueue[psycopg.Connection[dict[str, Any]]] = LifoQueue()
        for _ in range(POOLED):
            self._idle.put(psycopg.connect(dsn, autocommit=True, row_factory=dict_row))

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """One of them, in a transaction of its own."""
        lent = self._idle.get(timeout=10)
        try:
            with lent.transaction():
                yield lent
        finally:
            self._idle.put(lent)

    def close(self) -> None:
        """Close those that are idle."""
        while not self._idle.empty():
            self._idle.get().close()


def _drop(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(NAME)))


def _uri(admin_dsn: str) -> str:
    """A URI, as hosted databases are given; with a password, so that there is one to be kept secret."""
    parts = {**conninfo_to_dict(admin_dsn), "dbname": NAME, "password": PASSWORD}
    user, password = (quote(str(parts.pop(key, "") or ""), safe="") for key in ("user", "password"))
    database = quote(str(parts.pop("dbname")), safe="")
    rest = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in parts.items())
    return f"postgresql://{user}:{password}@/{database}?{rest}"
