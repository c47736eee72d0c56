"""Go-live's database, made anew on a server and taken away again, and a pool of connections to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue
from typing import Any

import psycopg
from psycopg.rows import dict_row

from cockpit.demo.stand_in_database import create as create_database
from cockpit.demo.stand_in_database import drop as drop_databases
from cockpit.demo.stand_in_database import drop_roles, make_roles, uri

NAME = "go_live"
ROLES = ("anon", "authenticated", "service_role")
"""Of the whole server, as the vendor has them."""
PASSWORD = "a-database-password"
POOLED = 2
_BEFORE = Path(__file__).with_name("before.sql")


def create(admin_dsn: str) -> str:
    """Make it, and return its connection URI."""
    make_roles(admin_dsn, ROLES)
    return uri(create_database(admin_dsn, NAME, PASSWORD, _BEFORE.read_text(encoding="utf-8")))


def drop(admin_dsn: str) -> None:
    """Take it away, whoever is connected, and the roles if nobody else on the server needs them."""
    drop_databases(admin_dsn, NAME)
    drop_roles(admin_dsn, ROLES)


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
