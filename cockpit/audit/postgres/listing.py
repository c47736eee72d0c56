"""Which runs a store holds, and which it held.

Invariant: what a list costs depends on how many runs it tells of, never on how many lines they have: each is a few
ways down an index.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

import msgspec
import psycopg
from msgspec import Struct

from cockpit.audit.chain import RUN_ID
from cockpit.audit.line import FIRST_YEAR, LAST_YEAR
from cockpit.audit.postgres.answers import require, rows_of
from cockpit.audit.postgres.connecting import Connection, connected, said, where
from cockpit.errors import StoreFailed
from cockpit.run.events import RunAborted, RunFinished

State = Literal["live", "finished", "aborted", "dropped"]
_STATES: dict[str | None, State] = {RunFinished.type: "finished", RunAborted.type: "aborted"}
_EVERY = 2**31
RUNS = "SELECT run, lines FROM cockpit.runs LIMIT %s"
STANDING = """
SELECT r.run, r.lines,
       (SELECT l.type FROM cockpit.lines l WHERE l.run = r.run AND l.type IN ('run.finished', 'run.aborted')
        ORDER BY l.seq DESC LIMIT 1),
       begun.profile, begun.environment, begun.at,
       (SELECT l.event ->> 'at' FROM cockpit.lines l WHERE l.run = r.run AND l.seq = r.lines)
FROM cockpit.runs r, LATERAL (
    SELECT l.event #>> '{data,profile,id}' AS profile, l.event #>> '{data,profile,environment}' AS environment,
           l.event ->> 'at' AS at
    FROM cockpit.lines l WHERE l.run = r.run AND l.seq = 1 OFFSET 0) begun
LIMIT %s
"""
"""OFFSET 0 keeps the rows in the order of the runs: nothing but one index scan a run can be made of it."""
LIVE = """SELECT run FROM cockpit.runs r WHERE NOT EXISTS (
          SELECT FROM cockpit.lines e WHERE e.run = r.run AND e.type IN ('run.finished', 'run.aborted'))
          ORDER BY run DESC"""
BEGINNING = """WITH RECURSIVE runs(run) AS (
                  (SELECT run FROM cockpit.lines WHERE run >= %(token)s ORDER BY run LIMIT 1)
                  UNION ALL
                  SELECT (SELECT l.run FROM cockpit.lines l WHERE l.run > runs.run ORDER BY l.run LIMIT 1)
                  FROM runs WHERE runs.run IS NOT NULL AND starts_with(runs.run, %(token)s))
                SELECT run FROM runs WHERE run IS NOT NULL AND starts_with(run, %(token)s) LIMIT 100"""
_DROPPED = """SELECT run, lines, encode(digest, 'hex'), exported, reason, dropped_at, dropped_by
              FROM cockpit.dropped ORDER BY run DESC LIMIT %s"""


class Dropped(Struct, frozen=True):
    """A run that a store held."""

    run: str
    lines: int
    digest: str
    """Of its last line, 64 hex digits."""
    exported: str
    """Where to, as that was told."""
    reason: str
    at: datetime
    by: str
    """A role of the database."""


class Held(Struct, frozen=True):
    """A run that a store holds, or held. Names are as its first line has them: from outside."""

    run: str
    lines: int
    state: State
    profile: str = ""
    environment: str = ""
    started: datetime | None = None
    last: datetime | None = None
    """When its last line was written, or when it was dropped."""
    dropped: Dropped | None = None


def runs_in(dsn: str) -> list[tuple[str, int]]:
    """Every run in the database with its number of lines, the newest first. Raises StoreFailed."""
    with _asking(dsn) as connection:
        rows = rows_of(connection.execute(RUNS, (_EVERY,)).fetchall(), str, int)
        return [(_run_id(run), lines) for run, lines in rows]


def live_in(dsn: str) -> list[str]:
    """The runs that have not ended, newest first: an id begins with its time. Raises StoreFailed."""
    with _asking(dsn) as connection:
        return [_run_id(run) for (run,) in rows_of(connection.execute(LIVE).fetchall(), str)]


def beginning_with(dsn: str, token: str) -> list[str]:
    """The runs whose id begins so, at most 100. Raises StoreFailed."""
    with _asking(dsn) as connection:
        rows = rows_of(connection.execute(BEGINNING, {"token": token}).fetchall(), str)
        return [_run_id(run) for (run,) in rows]


def held_in(dsn: str, newest: int | None = None) -> list[Held]:
    """What it holds and held, the newest first, at most so many; with how they stand. Raises StoreFailed."""
    most = newest or _EVERY
    with _asking(dsn) as connection:
        rows = rows_of(connection.execute(STANDING, (most,)).fetchall(), str, int, *(str | None,) * 5)
        there = [_held(*row) for row in rows]
        gone = _dropped(connection, most)
    there += [Held(each.run, each.lines, "dropped", last=each.at, dropped=each) for each in gone]
    return sorted(there, key=lambda held: held.run, reverse=True)[:newest]


def dropped_from(dsn: str) -> list[Dropped]:
    """What it held, the newest run first. Raises StoreFailed."""
    with _asking(dsn) as connection:
        return _dropped(connection, _EVERY)


def _dropped(connection: Connection, most: int) -> list[Dropped]:
    rows = rows_of(connection.execute(_DROPPED, (most,)).fetchall(), str, int, str, str, str, datetime, str)
    for run, *_, at, _ in rows:
        _run_id(run)
        require(_is_tellable(at))
    return [Dropped(*row) for row in rows]


def _held(
    run: str, lines: int, ended: str | None, profile: str | None, environment: str | None, at: str | None,
    last: str | None,
) -> Held:  # fmt: skip
    state = _STATES.get(ended, "live")
    return Held(_run_id(run), lines, state, profile or "", environment or "", _moment(at), _moment(last))


def _run_id(run: str) -> str:
    """The same, if it can be one: a folder is named for it. Raises Misread."""
    require(RUN_ID.fullmatch(run))
    return run


def _is_tellable(moment: datetime) -> bool:
    """Whether any time zone can tell it."""
    return moment.tzinfo is not None and FIRST_YEAR < moment.year < LAST_YEAR


def _moment(text: str | None) -> datetime | None:
    try:
        moment = msgspec.convert(text, datetime) if text else None
        return moment if moment is not None and _is_tellable(moment) else None
    except msgspec.ValidationError:  # whoever made the line wrote no time there: the list is whole all the same
        return None


@contextmanager
def _asking(dsn: str) -> Iterator[Connection]:
    connection = connected(dsn)
    try:
        yield connection
    except psycopg.Error as error:
        raise StoreFailed(f"the runs in the store {where(dsn)} cannot be listed: {said(error)}") from error
    finally:
        connection.close()
