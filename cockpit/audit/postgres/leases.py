"""Who holds what of a run on any host: names (the keeper's place, seats) held by sessions of the database.

Invariant: what is held is a lease. It ends with the process, and `LEASE_S` after its holder last asked the database
anything: a process that is stopped, hangs, or whose host died holds nothing for longer. That a name is not held is
believed only of a look that all who lost their way to the database together had the time to come back for.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import psycopg

from cockpit.audit.postgres.answers import require, row_of, rows_of
from cockpit.audit.postgres.connecting import Connection, connected, within
from cockpit.errors import StoreFailed

LEASE_S = 6
"""Whole seconds, for the server's `idle_session_timeout`. Whoever holds something asks once a second."""
_ANSWER_S = 2.0
_HELD = """SELECT classid::bigint, objid::bigint, pid = pg_backend_pid() FROM pg_locks
           WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND (%s::bigint IS NULL OR classid = %s)
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
_TAKE = "SELECT pg_try_advisory_lock(%s, %s)"
_LET_GO = "SELECT pg_advisory_unlock(%s, %s)"
_AGE = "SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8"


class Leases:
    """As one reader of a run sees them, and what it holds itself. Looked at by one thread; any may ask."""

    def __init__(self, run: str, wanted: Callable[[], Collection[str]]) -> None:
        """`wanted`: the names that this process wants to hold at the moment, one holder each."""
        self._place = key_of(run)
        self._wanted = wanted
        self._held: frozenset[int] | None = None
        self._own: frozenset[int] = frozenset()
        self._looked_s = -math.inf
        self._seen_s: dict[int, float] = {}
        """When each name was last seen held, by the monotonic clock."""
        self._was_here = False
        self._believed_from_s = 0.0
        """Looks from then on are believed also where they find nobody."""

    def begin(self, connection: Connection) -> None:
        """A connection was made: from here on the server ends it where it falls silent. Raises psycopg.Error."""
        now_s = time.monotonic()
        if self._was_here:
            self._believed_from_s = now_s + LEASE_S  # the others may still be on their way back
        else:
            self._believed_from_s = now_s + max(0.0, LEASE_S - _age_s(connection))
        connection.execute(f"SET idle_session_timeout = '{LEASE_S}s'")
        self._was_here = True

    def look(self, connection: Connection) -> None:
        """Take what is wanted and not held yet, let go of what is not wanted, and see who holds what.

        Raises psycopg.Error.
        """
        began_s = time.monotonic()
        wanted = {key_of(name) for name in self._wanted()}
        for key in wanted - self._own:
            connection.execute(_TAKE, (self._place, key))
        for key in self._own - wanted:
            connection.execute(_LET_GO, (self._place, key))
        keys = {key: is_own for (_, key), is_own in _held(connection, self._place % 2**32)}
        self._seen_s |= dict.fromkeys(keys, time.monotonic())
        self._own = frozenset(key for key, is_own in keys.items() if is_own)
        self._held, self._looked_s = frozenset(keys), began_s

    def lose(self) -> None:
        """The connection is gone: nothing is held here, and nothing can be seen."""
        self._held, self._own = None, frozenset()

    def is_held(self, name: str, since_s: float = -math.inf) -> bool | None:
        """Whether somebody on any host holds this name; None while that cannot be told.

        Nor can it where nobody was seen by a look that began before `since_s`, by the monotonic clock.
        """
        held, looked_s = self._held, self._looked_s
        if held is None:
            return None
        if key_of(name) in held:
            return True
        return None if looked_s < max(since_s, self._believed_from_s) else False

    def holds(self, name: str) -> bool:
        """Whether this process holds it, as of the last look: false once the way to the database is lost."""
        return key_of(name) in self._own

    def silent_s(self, name: str) -> float:
        """Seconds since it was last seen held; infinite if it never was."""
        return time.monotonic() - self._seen_s.get(key_of(name), -math.inf)


def glance(dsn: str) -> Callable[[str, str], bool | None]:
    """One look at all that is held in a database: whether somebody holds (run, name).

    None: nobody does, and the server is so young that they may still be on their way back. Raises StoreFailed.
    """
    connection = connected(dsn, connect_s=_ANSWER_S)
    try:
        with within(connection, _ANSWER_S):
            held = frozenset(pair for pair, _ in _held(connection, None))
            age_s = _age_s(connection)
    except psycopg.Error as error:
        raise StoreFailed("the database does not say who holds what") from error
    finally:
        connection.close()
    absent = False if age_s >= LEASE_S else None
    return lambda run, name: (key_of(run), key_of(name)) in held or absent


@contextmanager
def claimed(dsn: str, run: str, name: str, unless: str) -> Iterator[bool]:
    """Hold a name for the block, if nobody else holds it, or holds `unless`; whether it is held. Raises StoreFailed."""
    connection = connected(dsn, connect_s=_ANSWER_S)
    try:
        try:
            with within(connection, _ANSWER_S):
                (is_ours,) = row_of(connection.execute(_TAKE, (key_of(run), key_of(name))).fetchall(), bool)
                held = frozenset(pair for pair, _ in _held(connection, key_of(run) % 2**32))
        except psycopg.Error as error:
            raise StoreFailed("the database does not say who holds what") from error
        yield is_ours and (key_of(run), key_of(unless)) not in held
    finally:
        connection.close()


def _held(connection: Connection, place: int | None) -> list[tuple[tuple[int, int], bool]]:
    """What is held, in one place or in all, and whether by this connection. Raises psycopg.Error."""
    rows = rows_of(connection.execute(_HELD, (place, place)).fetchall(), int, int, bool)
    return [((_signed(where), _signed(key)), is_own) for where, key, is_own in rows]


def _age_s(connection: Connection) -> float:
    """For how long the server has been up. Raises psycopg.Error."""
    (age_s,) = row_of(connection.execute(_AGE).fetchall(), float)
    require(math.isfinite(age_s))
    return float(age_s)


def key_of(name: str) -> int:
    """The number by which PostgreSQL knows a name: 32 bits with a sign."""
    return int.from_bytes(hashlib.sha256(f"cockpit.{name}".encode()).digest()[:4], "big", signed=True)


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number
