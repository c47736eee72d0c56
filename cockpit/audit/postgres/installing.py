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
from cockpit.text import visible

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


# ---- judging -----------------------------------------------------------------------------------------------------


class Finding(Struct, frozen=True):
    """One thing that was looked at."""

    is_well: bool
    what: str
    """One visible sentence."""
    hint: str = ""


def judge(dsn: str) -> list[Finding]:
    """Whether rights, triggers and settings give what a store promises. Changes nothing. Raises StoreFailed."""
    connection = connected(dsn)
    try:
        with connection.transaction():
            connection.execute("SET TRANSACTION READ ONLY")
            return [
                *_of_schema(connection),
                *_of_rights(connection),
                *_of_triggers(connection),
                *_of_server(connection),
            ]
    except psycopg.Error as error:
        raise StoreFailed(f"the store {where(dsn)} cannot be judged: {said(error)}") from error
    finally:
        connection.close()


def _one(connection: Connection, query: str, *values: object) -> tuple[object, ...]:
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return row


def _of_schema(connection: Connection) -> Iterator[Finding]:
    (there,) = _one(connection, "SELECT to_regclass('cockpit.schema_versions') IS NOT NULL")
    if not there:
        yield Finding(False, "there is no store in this database", "make it: cockpit store init")
        return
    rows = connection.execute("SELECT version, sha256 FROM cockpit.schema_versions").fetchall()
    applied = {row[0]: row[1] for row in rows}
    known = steps()
    changed = [step.name for step in known if step.version in applied and applied[step.version] != step.sha256]
    missing = [step.name for step in known if step.version not in applied]
    if changed:
        yield Finding(False, f"these were applied with another text: {', '.join(changed)}", "find out who changed them")
    elif missing:
        yield Finding(False, f"these are not applied yet: {', '.join(missing)}", "apply them: cockpit store init")
    else:
        yield Finding(True, f"the schema is that of this cockpit (version {known[-1].version})")


def _of_rights(connection: Connection) -> Iterator[Finding]:
    user, is_super, owns = _one(
        connection,
        """SELECT session_user::text, (SELECT rolsuper FROM pg_roles WHERE rolname = session_user),
           coalesce(pg_has_role(session_user, (SELECT relowner FROM pg_class
                                               WHERE oid = to_regclass('cockpit.lines')), 'USAGE'), false)""",
    )
    who = visible(str(user))
    if is_super:
        yield Finding(
            False, f"{who} is a superuser, whom no rule of the database binds", f"write as a member of {WRITER}"
        )
    elif owns:
        yield Finding(False, f"{who} owns the tables, and could undo their rules", f"write as a member of {WRITER}")
    rights = _one(
        connection,
        """SELECT has_table_privilege(r, t, 'INSERT'), has_table_privilege(r, t, 'UPDATE'),
           has_table_privilege(r, t, 'DELETE'), has_table_privilege(r, t, 'TRUNCATE')
           FROM (SELECT session_user::name AS r, to_regclass('cockpit.lines')::oid AS t) AS x WHERE t IS NOT NULL
           UNION ALL SELECT NULL, NULL, NULL, NULL LIMIT 1""",
    )
    if rights[0] is None:
        return
    if not rights[0]:
        yield Finding(False, f"{who} may not add lines", f"GRANT {WRITER} TO {who}")
    names = [name for name, has in zip(("UPDATE", "DELETE", "TRUNCATE"), rights[1:], strict=True) if has]
    if names and not (is_super or owns):
        yield Finding(False, f"{who} has the right to {', '.join(names)}", "revoke it: a log is only ever added to")
    elif rights[0] and not names:
        yield Finding(True, f"{who} may add lines, and neither change nor take away any")


def _of_triggers(connection: Connection) -> Iterator[Finding]:
    rows = connection.execute(
        """SELECT c.relname, t.tgname, t.tgenabled::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'cockpit' AND NOT t.tgisinternal"""
    ).fetchall()
    found = {(str(table), str(name)): str(enabled) for table, name, enabled in rows}
    wanted = [("lines", "check_line"), ("lines", "refuse_change"), ("outputs", "refuse_change")]
    off = [f"{name} of {table}" for table, name in wanted if found.get((table, name)) != "A"]
    if off:
        yield Finding(
            False, f"these triggers are missing or not always on: {', '.join(off)}", "ask who turned them off"
        )
    elif found:
        yield Finding(True, "the triggers that check each line and refuse changes are always on")


def _of_server(connection: Connection) -> Iterator[Finding]:
    for name, wanted, why in (
        ("fsync", "on", "a crash of the host loses what was acknowledged"),
        ("full_page_writes", "on", "a crash of the host can damage pages"),
    ):
        (value,) = _one(connection, "SELECT current_setting(%s)", name)
        told = f"{name} is {value}"
        yield Finding(
            value == wanted,
            told if value == wanted else f"{told}: {why}",
            "" if value == wanted else f"set it {wanted}",
        )
    (commit,) = _one(connection, "SELECT current_setting('synchronous_commit')")
    (names,) = _one(connection, "SELECT current_setting('synchronous_standby_names')")
    if commit == "off":
        yield Finding(False, "synchronous_commit is off: what is acknowledged can be lost", "set it on")
    elif not names:
        told = f"synchronous_commit is {commit}, with no synchronous standby"
        yield Finding(True, f"{told}: after a failover the mirrors bring back what the new primary lacks")
    elif commit == "local":
        yield Finding(
            False,
            f"synchronous standbys are named ({visible(str(names))}), and synchronous_commit is local",
            "set it on",
        )
    else:
        yield Finding(True, f"synchronous_commit is {commit}, for the standbys {visible(str(names))}")
