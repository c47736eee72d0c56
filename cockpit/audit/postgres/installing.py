"""Making, upgrading and judging the schema of a store: numbered SQL, applied in order, each once.

Invariant: everything that one call applies is one transaction under one advisory lock: two calls at once end as one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import resources

import psycopg
from msgspec import Struct

from cockpit.audit.postgres.connecting import Connection, connected, said, where
from cockpit.errors import StoreFailed

OWNER, WRITER, READER = "cockpit_owner", "cockpit_writer", "cockpit_reader"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('cockpit.schema', 0))"
_VERSIONS = """
CREATE TABLE IF NOT EXISTS cockpit.schema_versions (
    version int PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,
    applied timestamptz NOT NULL DEFAULT now(), applied_by text NOT NULL DEFAULT session_user)
"""


class Step(Struct, frozen=True):
    """One numbered file."""

    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Of its text, hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def steps() -> tuple[Step, ...]:
    """All that this cockpit knows, in order."""
    folder = resources.files("cockpit.audit.postgres") / "schema"
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".sql")), key=lambda each: each.name)
    return tuple(Step(int(each.name[:4]), each.name, each.read_text(encoding="utf-8")) for each in files)


def install(dsn: str) -> list[str]:
    """Create or upgrade the schema; the names of what was applied. Raises StoreFailed; then nothing was changed."""
    connection = connected(dsn)
    try:
        with connection.transaction():
            connection.execute(_LOCK)
            _make_roles(connection)
            # As the owner, so that nobody's own account stays behind as the one who may change everything.
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS cockpit AUTHORIZATION {OWNER}")
            connection.execute(f"SET LOCAL ROLE {OWNER}")
            connection.execute(_VERSIONS)
            return [_apply(connection, step) for step in _missing(connection, dsn)]
    except psycopg.Error as error:
        raise StoreFailed(
            f"the schema of the store {where(dsn)} was not changed: {said(error)}",
            hint="connect as somebody who may create roles and a schema in this database",
        ) from error
    finally:
        connection.close()


def _make_roles(connection: Connection) -> None:
    known = {str(row[0]) for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    for role in (OWNER, WRITER, READER):
        if role not in known:
            connection.execute(f"CREATE ROLE {role} NOLOGIN")
    connection.execute(f"GRANT {OWNER} TO current_user")


def _missing(connection: Connection, dsn: str) -> Iterator[Step]:
    rows = connection.execute("SELECT version, name, sha256 FROM cockpit.schema_versions").fetchall()
    applied = {int(str(row[0])): (row[1], row[2]) for row in rows}
    known = steps()
    if newer := [str(version) for version in applied if version > known[-1].version]:
        raise StoreFailed(f"the store {where(dsn)} has schema version {newer[-1]}", hint="update cockpit")
    for step in known:
        if step.version not in applied:
            yield step
        elif applied[step.version][1] != step.sha256:
            raise StoreFailed(
                f"schema version {step.version} of the store {where(dsn)} was made by another text than this cockpit's",
                hint="find out who changed it; cockpit store check tells what holds",
            )


def _apply(connection: Connection, step: Step) -> str:
    connection.execute(step.sql.encode())
    connection.execute(
        "INSERT INTO cockpit.schema_versions (version, name, sha256) VALUES (%s, %s, %s)",
        (step.version, step.name, step.sha256),
    )
    return step.name
