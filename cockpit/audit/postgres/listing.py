"""Which runs a database holds, asked of its indexes alone."""

from __future__ import annotations

import psycopg

from cockpit.audit.postgres.connecting import connected, said, where
from cockpit.errors import StoreFailed

_LIVE = """WITH RECURSIVE runs(run) AS (
             (SELECT run FROM cockpit.lines ORDER BY run DESC LIMIT 1)
             UNION ALL
             SELECT (SELECT l.run FROM cockpit.lines l WHERE l.run < runs.run ORDER BY l.run DESC LIMIT 1)
             FROM runs WHERE runs.run IS NOT NULL)
           SELECT run FROM runs WHERE run IS NOT NULL AND NOT EXISTS (
             SELECT FROM cockpit.lines e WHERE e.run = runs.run AND e.type IN ('run.finished', 'run.aborted'))"""
"""Run by run from the end of the index: `DISTINCT` would read every line."""
_BEGINNING = """WITH RECURSIVE runs(run) AS (
                  (SELECT run FROM cockpit.lines WHERE run >= %(token)s ORDER BY run LIMIT 1)
                  UNION ALL
                  SELECT (SELECT l.run FROM cockpit.lines l WHERE l.run > runs.run ORDER BY l.run LIMIT 1)
                  FROM runs WHERE runs.run IS NOT NULL AND starts_with(runs.run, %(token)s))
                SELECT run FROM runs WHERE run IS NOT NULL AND starts_with(run, %(token)s) LIMIT 100"""


def live_in(dsn: str) -> list[str]:
    """The runs that have not ended, newest first: an id begins with its time. Raises StoreFailed."""
    return _asked(dsn, _LIVE, {})


def beginning_with(dsn: str, token: str) -> list[str]:
    """The runs whose id begins so, at most 100. Raises StoreFailed."""
    return _asked(dsn, _BEGINNING, {"token": token})


def _asked(dsn: str, query: str, values: dict[str, str]) -> list[str]:
    connection = connected(dsn)
    try:
        return [str(run) for (run,) in connection.execute(query, values).fetchall()]
    except psycopg.Error as error:
        raise StoreFailed(f"the runs in the store {where(dsn)} cannot be listed: {said(error)}") from error
    finally:
        connection.close()
