"""A stand-in's database on a server of its caller's: made anew, asked, and taken away again.

Invariant: each call connects for itself and leaves nothing open, so that a database can always be dropped.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql


def create(admin_dsn: str, name: str, password: str, *scripts: str) -> str:
    """Make it anew, run the scripts in it, and return its connection string.

    The server asks for no password; the string has one so that there is something to be kept secret.
    """
    drop(admin_dsn, name)
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    dsn = psycopg.conninfo.make_conninfo(admin_dsn, dbname=name, password=password)
    for script in scripts:
        rows(dsn, script)
    return dsn


def drop(admin_dsn: str, *names: str) -> None:
    """Take databases away, whoever is connected; nothing happens where there is none."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        for name in names:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def rows(dsn: str, statement: str) -> list[tuple[Any, ...]]:
    """Rows of a statement, or of the last one of several; none if it gives none."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def system_identifier(dsn: str) -> str:
    """What the server's cluster calls itself."""
    ((identifier,),) = rows(dsn, "select system_identifier::text from pg_control_system()")
    return str(identifier)
