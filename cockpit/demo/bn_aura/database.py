"""BN-Aura's two databases, production's and the one for tests, made anew on a server and taken away again."""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

from cockpit.demo.stand_in_database import create as create_database
from cockpit.demo.stand_in_database import drop as drop_databases
from cockpit.demo.stand_in_database import drop_roles, make_roles, uri

NAME, TEST_NAME = "bn_aura", "bn_aura_test"
ROLES = ("anon", "authenticated")
"""Of the whole server, as the vendor has them."""
PASSWORD = "a-database-password"
PERSON, PERSON_PASSWORD = "giulia.ferri@aurora.invalid", "lago-freddo-44"
"""The real account that the profile logs in with."""
_BEFORE = Path(__file__).with_name("before.sql")


def create(admin_dsn: str) -> tuple[str, str]:
    """Make both databases, and return their connection URIs."""
    make_roles(admin_dsn, ROLES)
    before = _BEFORE.read_text(encoding="utf-8").replace("'PASSWORD'", f"'{PERSON_PASSWORD}'")
    drop_databases(admin_dsn, TEST_NAME)
    dsn = create_database(admin_dsn, NAME, PASSWORD, before)
    names = (sql.Identifier(TEST_NAME), sql.Identifier(NAME))
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {} template {}").format(*names))
    return uri(dsn), uri(psycopg.conninfo.make_conninfo(dsn, dbname=TEST_NAME))


def drop(admin_dsn: str) -> None:
    """Take both away, whoever is connected, and the roles if nobody else on the server needs them."""
    drop_databases(admin_dsn, NAME, TEST_NAME)
    drop_roles(admin_dsn, ROLES)
