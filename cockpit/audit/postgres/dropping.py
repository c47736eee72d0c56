"""Taking a whole run out of a store, once it is elsewhere: compared to the last byte, and never without a trace.

Invariant: what is dropped was read from the file in this very transaction, while nobody could add to the run, and is
the same, outputs too. The database itself refuses to drop a live run, or one that does not end as the file does.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import psycopg

from cockpit.audit.chain import Chain
from cockpit.audit.line import decode
from cockpit.audit.postgres.connecting import Connection, connected, said, where
from cockpit.audit.postgres.leases import key_of
from cockpit.audit.postgres.lines import Line, whole_lines_of
from cockpit.audit.postgres.listing import Dropped
from cockpit.audit.postgres.outgoing import first_unlike
from cockpit.errors import StoreFailed
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY

_BATCH = 500
_ALL = "SELECT seq, before, line FROM cockpit.lines WHERE run = %s ORDER BY seq"
_THERE = """SELECT count(DISTINCT objid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s
            AND objsubid = 2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
_DROP = """INSERT INTO cockpit.dropped (run, lines, digest, exported, reason) VALUES (%s, %s, %s, %s, %s)
           RETURNING run, lines, encode(digest, 'hex'), exported, reason, dropped_at, dropped_by"""


def drop_run(
    dsn: str, run: str, log: Path, exported: str, reason: str, *, outputs_beside: Path | None = None
) -> Dropped:
    """Delete a run whose log `log` is, and leave the trace. `exported`: where that is, as people will look for it.

    Its outputs are looked for beside the log, or in `outputs_beside`, if the log was unpacked.

    Raises LogError if the file does not verify to its end; StoreFailed if it is not the whole of the same run with its
    outputs, if the run is live or open on a screen, or if this user may not; then nothing is changed.
    """
    connection = connected(dsn)
    try:
        with connection.transaction():
            connection.execute("SELECT cockpit.lock_run(%s)", (run,))
            chain = Chain()
            status = _compared(connection, run, log, chain)
            if status == "live":
                raise StoreFailed(f"the run {run} is live", hint="a run is dropped once it was finished or aborted")
            if told := first_unlike(connection, run, outputs_beside or log.parent):
                raise StoreFailed(told, hint="export it with its outputs: cockpit store export")
            _require_alone(connection, run)
            values = (run, chain.seq, bytes.fromhex(chain.digest), exported, reason)
            row: Any = connection.execute(_DROP, values).fetchone()
            return Dropped(*row)
    except psycopg.errors.InsufficientPrivilege as error:
        raise StoreFailed(
            f"the run {run} was not dropped from the store {where(dsn)}: {said(error)}",
            hint="a member of cockpit_owner may",
        ) from error
    except psycopg.Error as error:
        raise StoreFailed(f"the run {run} was not dropped from the store {where(dsn)}: {said(error)}") from error
    finally:
        connection.close()


def _compared(connection: Connection, run: str, log: Path, chain: Chain) -> str:
    """Walk the file and the rows side by side; how the run stands then. Raises StoreFailed where they differ."""
    state = EMPTY
    for line, row in zip_longest(whole_lines_of(log, chain), _rows(connection, run)):
        if chain.run != run:
            raise StoreFailed(f"{log} is the log of {chain.run}, not of {run}")
        if line is None or row is None or _pair(line) != row:
            told = "ends before" if line is None else "has more lines than" if row is None else "differs from"
            number = row[0] if line is None and row else line.seq if line else 0
            raise StoreFailed(f"{log} {told} the run {run} in the store, at line {number}", hint="export it anew")
        state = evolve(state, decode(line.text, line=line.seq))
    return state.status


def _rows(connection: Connection, run: str) -> Iterator[tuple[int, bytes, bytes]]:
    with connection.cursor("cockpit_drop") as rows:
        rows.itersize = _BATCH
        rows.execute(_ALL, (run,))
        row: Any
        for row in rows:
            yield row[0], bytes(row[1]), bytes(row[2])


def _pair(line: Line) -> tuple[int, bytes, bytes]:
    return line.seq, line.before, line.text


def _require_alone(connection: Connection, run: str) -> None:
    """Raise StoreFailed if a screen or a keeper has the run open, on any host."""
    (there,) = connection.execute(_THERE, (key_of(run) % 2**32,)).fetchone() or (0,)
    if there:
        raise StoreFailed(
            f"the run {run} is open on {there} screen{'s' * (there != 1)}, or has a keeper", hint="close them first"
        )
