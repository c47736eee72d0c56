"""BN-Aura's two databases, production's and the one for tests, made anew on a server and taken away again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

NAME, TEST_NAME = "bn_aura", "bn_aura_test"
ROLES = ("anon", "authenticated")
"""Of the whole server, as the vendor has them."""
PASSWORD = "a-database-password"
PERSON, PERSON_PASSWORD = "giulia.ferri@aurora.invalid", "lago-freddo-44"
"""The real account that the profile logs in with."""
_BEFORE = Path(__file__).with_name("before.sql")


def create(admin_dsn: str) -> tuple[str, str]:
    """Make both databases, and return their connection URIs."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        _drop(admin)
        for role in ROLES:
            with suppress(psycopg.errors.DuplicateObject):
                admin.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(NAME)))
        with psycopg.connect(admin_dsn, dbname=NAME, autocommit=True) as connection:
            connection.execute(_BEFORE.read_bytes().replace(b"'PASSWORD'", f"'{PERSON_PASSWORD}'".encode()))
        names = (sql.Identifier(TEST_NAME), sql.Identifier(NAME))
        admin.execute(sql.SQL("create database {} template {}").format(*names))
    return _uri(admin_dsn, NAME), _uri(admin_dsn, TEST_NAME)


def drop(admin_dsn: str) -> None:
    """Take both away, whoever is connected, and the roles if nobody else on the server needs them."""
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


def _drop(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    for name in (NAME, TEST_NAME):
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _uri(admin_dsn: str, name: str) -> str:
    """A URI, as hosted databases are given; with a password, so that there is one to be kept secret."""
    parts = {**conninfo_to_dict(admin_dsn), "dbname": name, "password": PASSWORD}
    user, password = (quote(str(parts.pop(key, "") or ""), safe="") for key in ("user", "password"))
    database = quote(str(parts.pop("dbname")), safe="")
    rest = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in parts.items())
    return f"postgresql://{user}:{password}@/{database}?{rest}"
