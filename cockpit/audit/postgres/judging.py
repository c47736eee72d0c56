"""Whether a database gives what a store promises: its schema, rights, triggers, and how durable a commit is.

Invariant: nothing is changed, and what this user may not see is said to be unseen, never taken for well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
from msgspec import Struct

from cockpit.audit.postgres.connecting import Connection, connected, said, where
from cockpit.audit.postgres.installing import WRITER, steps
from cockpit.errors import StoreFailed
from cockpit.text import counted, visible

ROOM = 20
"""Connections that should be left: as many as one more run with a keeper and eight screens may take."""


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
                *_of_room(connection),
                *_of_dropped(connection),
                *of_replication(connection),
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
    wanted = [
        ("lines", "check_line"), ("lines", "refuse_change"), ("lines", "refuse_other"), ("lines", "refuse_dropped"),
        ("outputs", "refuse_change"), ("outputs", "refuse_other"), ("outputs", "refuse_dropped"),
        ("dropped", "refuse_change"), ("dropped", "check_drop"), ("dropped", "drop_run"),
    ]  # fmt: skip
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


# ---- standbys ------------------------------------------------------------------------------------------------------


def _of_room(connection: Connection) -> Iterator[Finding]:
    most, taken = _one(
        connection,
        """SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
           (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend')""",
    )
    left = int(str(most)) - int(str(taken))
    told = f"{taken} of {most} connections are taken"
    yield Finding(
        left >= ROOM,
        f"{told}; a screen takes one, and one more while it writes, a keeper up to three"
        if left >= ROOM
        else f"{told}, which leaves {left}",
        "" if left >= ROOM else "raise max_connections: docs/store.md",
    )


def _of_dropped(connection: Connection) -> Iterator[Finding]:
    (there,) = _one(connection, "SELECT to_regclass('cockpit.dropped') IS NOT NULL")
    if not there:
        return
    count, run, when, by = _one(
        connection,
        """SELECT count(*), (array_agg(run ORDER BY dropped_at DESC))[1], to_char(max(dropped_at), 'YYYY-MM-DD'),
           (array_agg(dropped_by ORDER BY dropped_at DESC))[1] FROM cockpit.dropped""",
    )
    if count:
        last = f"{visible(str(run))} on {when} by {visible(str(by))}"
        many = counted(int(str(count)), "run was", "runs were")
        yield Finding(True, f"{many} exported and dropped, last {last}; see them: cockpit store list --all")


_NEEDED = re.compile(r"\s*(?:first\s+|any\s+)?(\d+)\s*\(", re.IGNORECASE)
_WEAKER = """SELECT coalesce(r.rolname::text, ''), coalesce(d.datname::text, ''), split_part(c, '=', 2)
             FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) AS c
             LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
             WHERE c LIKE 'synchronous_commit=%%' AND split_part(c, '=', 2) IN ('off', 'local')
             AND (s.setdatabase = 0 OR d.datname = current_database())
             AND (s.setrole = 0 OR pg_has_role(s.setrole, to_regrole(%s), 'MEMBER')) AND s.setrole <> %s::regrole"""
_STREAMING = """SELECT count(*), count(state), count(*) FILTER (WHERE state = 'streaming' AND sync_state IN
                ('sync', 'quorum')) FROM pg_stat_replication"""


def of_replication(connection: Connection) -> Iterator[Finding]:
    """What a commit that was acknowledged survives."""
    if _one(connection, "SELECT pg_is_in_recovery()")[0]:
        yield Finding(False, "this server is a replica: nothing can be written here", "name the primary, or both")
        return
    (commit,) = _one(connection, "SELECT current_setting('synchronous_commit')")
    (names,) = _one(connection, "SELECT current_setting('synchronous_standby_names')")
    yield from _of_commits(connection, str(commit), str(names))
    if names and commit not in ("off", "local"):
        yield from _of_standbys(connection, str(names))


def _of_commits(connection: Connection, commit: str, names: str) -> Iterator[Finding]:
    standbys = visible(names)
    if commit == "off":
        yield Finding(False, "synchronous_commit is off: what is acknowledged can be lost", "set it on")
    elif not names:
        told = f"synchronous_commit is {commit}, with no synchronous standby"
        yield Finding(True, f"{told}: after a failover the mirrors bring back what the new primary lacks")
    elif commit == "local":
        yield Finding(
            False, f"synchronous standbys are named ({standbys}), and synchronous_commit is local", "set it on"
        )
    elif commit == "remote_write":
        told = f"synchronous_commit is remote_write, for the standbys {standbys}"
        yield Finding(True, f"{told}: they have what is acknowledged in memory, not yet on disk")
    else:
        yield Finding(True, f"synchronous_commit is {commit}, for the standbys {standbys}")
    own = _one(connection, "SELECT session_user::text")[0]
    for role, database, value in connection.execute(_WEAKER, (WRITER, own)).fetchall():
        if value == "off" or names:
            whose = " in ".join(visible(str(each)) for each in (role, database) if each)
            yield Finding(False, f"synchronous_commit is {value} for {whose}", "set it on there, or reset it")


def _of_standbys(connection: Connection, names: str) -> Iterator[Finding]:
    match = _NEEDED.match(names)
    needed = int(match[1]) if match else 1
    there, seen, counting = (int(str(each)) for each in _one(connection, _STREAMING))
    if there and not seen:
        who = visible(str(_one(connection, "SELECT session_user::text")[0]))
        yield Finding(False, f"{who} may not see whether these standbys are connected", "check as one of pg_monitor")
    elif counting < needed:
        yield Finding(
            False,
            f"of the {needed} synchronous standbys that a commit waits for, {counting} are connected: commits hang",
            "start them, or take their names out of synchronous_standby_names",
        )
    else:
        yield Finding(True, f"{counting} synchronous standbys are connected, and {needed} acknowledge each commit")
