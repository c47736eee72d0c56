"""A second connection that looks at the first: what it waits for, who blocks it, how far it is.

Invariant: it only reads, and whatever goes wrong with it never disturbs what it looks at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import psycopg
from msgspec import Struct

from cockpit.actions.sql.connecting import Connection, connect, cut, said
from cockpit.actions.sql.exchange import ask
from cockpit.actions.sql.showing import seconds
from cockpit.errors import ActionError
from cockpit.text import counted, shortened

_LONGEST_S = 1.0
_SHORTEST_S = 0.1
_LOOK = """select coalesce(wait_event_type, ''), coalesce(wait_event, ''), pg_blocking_pids(pid)::text
  from pg_stat_activity where pid = $1::int and state = 'active'"""
_BLOCKERS = """select pid::text, coalesce(usename, '?'), coalesce(application_name, ''), coalesce(state, '?'),
  coalesce(extract(epoch from clock_timestamp() - coalesce(xact_start, state_change)), 0)::text,
  coalesce(left(query, 200), '')
  from pg_stat_activity where pid = any ($1::int[]) order by 1 limit 5"""
_VIEWS = tuple(f"pg_stat_progress_{name}" for name in ("create_index", "vacuum", "analyze", "cluster", "copy"))
"""Which of them there are depends on the server's version."""
_WHICH_VIEWS = r"select relname from pg_catalog.pg_class where relname like 'pg\_stat\_progress\_%'"
_PROGRESS = "select * from pg_catalog.{} where pid = $1::int"
_PAIRS = (
    ("blocks_done", "blocks_total", "blocks"),
    ("tuples_done", "tuples_total", "rows"),
    ("lockers_done", "lockers_total", "lockers"),
    ("partitions_done", "partitions_total", "partitions"),
    ("heap_blks_scanned", "heap_blks_total", "blocks"),
    ("sample_blks_scanned", "sample_blks_total", "blocks"),
    ("bytes_processed", "bytes_total", "bytes"),
)


class Seen(Struct, frozen=True):
    """What one look saw."""

    lines: tuple[str, ...] = ()
    """For people."""
    blockers: tuple[str, ...] = ()
    """Who holds what it waits for."""


class Watch:
    """Looks at one server process until it is ended."""

    def __init__(
        self,
        dsn: str,
        name: str,
        pid: int,
        lock_timeout_s: float,
        on_seen: Callable[[Seen], None],
        *,
        unverified: str = "",
    ) -> None:
        self._dsn, self._unverified = dsn, unverified
        self._name = f"{name} watch"
        self._pid = pid
        # So that a wait that ends in a lock timeout has been seen.
        self._interval_s = min(_LONGEST_S, max(_SHORTEST_S, lock_timeout_s / 4))
        self._on_seen = on_seen
        self._connection: Connection | None = None
        self._views: tuple[str, ...] = ()
        self._ended = asyncio.Event()

    async def look_on(self) -> None:
        """Look until ended, or until it cannot."""
        try:
            self._connection = await connect(self._dsn, self._name, unverified=self._unverified)
            there = {name for (name,) in (await ask(self._connection, _WHICH_VIEWS)).texts}
            self._views = tuple(view for view in _VIEWS if view in there)
            while not self._ended.is_set():
                self._on_seen(await self._look(self._connection))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), self._interval_s)
        except (psycopg.Error, ActionError, OSError) as error:
            if not self._ended.is_set():
                why = said(error) if isinstance(error, psycopg.Error) else str(error)
                self._on_seen(Seen((f"cannot be watched: {why}",)))
        finally:
            if self._connection is not None:
                await self._connection.close()

    def end(self) -> None:
        """Look no more; at once, whatever the server does."""
        self._ended.set()
        if self._connection is not None:
            cut(self._connection)

    async def _look(self, connection: Connection) -> Seen:
        found = (await ask(connection, _LOOK, (str(self._pid),))).texts
        if not found:
            return Seen()
        kind, event, pids = (text or "" for text in found[0])
        lines = [f"waits: {kind} {event}"] if kind and kind != "Client" else []
        blockers = await self._blockers(connection, pids) if pids != "{}" else ()
        lines.extend(f"blocked by {blocker}" for blocker in blockers)
        for view in self._views:
            lines.extend(await self._progress(connection, view))
        return Seen(tuple(lines), blockers)

    async def _blockers(self, connection: Connection, pids: str) -> tuple[str, ...]:
        rows = (await ask(connection, _BLOCKERS, (pids,))).texts
        found = [_blocker(tuple(text or "" for text in row)) for row in rows]
        if "0" in pids.strip("{}").split(","):  # pg_blocking_pids: 0 is a prepared transaction
            found.append("a prepared transaction (see pg_prepared_xacts)")
        return tuple(found)

    async def _progress(self, connection: Connection, view: str) -> list[str]:
        answer = await ask(connection, _PROGRESS.format(view), (str(self._pid),))
        return [_progress(view, row) for row in answer.rows]


def _blocker(row: tuple[str, ...]) -> str:
    pid, user, application, state, age, query = row
    who = f"{user}, {application}" if application else user
    return f"pid {pid} ({who}; {state} for {seconds(float(age))}): {shortened(' '.join(query.split()), 80)}"


def _progress(view: str, row: dict[str, object]) -> str:
    """`create index: building index: scanning table, 40 of 100 blocks (40 %)`."""
    told = f"{view.removeprefix('pg_stat_progress_').replace('_', ' ')}: {row.get('phase') or row.get('command') or ''}"
    for done_name, total_name, unit in _PAIRS:
        done, total = row.get(done_name), row.get(total_name)
        if isinstance(done, int) and isinstance(total, int) and total > 0:
            told += f", {done} of {total} {unit} ({100 * done // total} %)"
    processed = row.get("tuples_processed")
    return f"{told}, {counted(processed, 'row')}" if isinstance(processed, int) else told
