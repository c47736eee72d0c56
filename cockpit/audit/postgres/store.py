"""The log of one run in PostgreSQL, open for appending.

Invariant: as every store. An append is one call of `cockpit.append` in a transaction of its own: lock, chain check,
insert and notification in one round trip. It is acknowledged once the server said that it is committed, and the line
that it made is the one that this side would have made. Whatever keeps that answer away (a cut connection, a server that
does not answer, or answers what nobody asked, a synchronous wait that was given up) leaves the append Unknown, until
`lookup` finds its id.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg import errors as sql
from psycopg.errors import Diagnostic

from cockpit.audit.chain import RUN_ID, TORN_BYTES
from cockpit.audit.extent import Extent
from cockpit.audit.line import FIRST_LIMIT_BYTES, GENESIS, Draft, Head, decode, encode, prefix
from cockpit.audit.postgres.answers import require, row_of, rows_of
from cockpit.audit.postgres.appended import FENCED, OTHER_HISTORY, head_of, outcome_in, refusal_in
from cockpit.audit.postgres.connecting import Connection, connected, cut, has_ended, said, where, within
from cockpit.audit.postgres.mirror import Kept
from cockpit.audit.postgres.servers import Server, server_of
from cockpit.audit.store import Outcome, Unknown
from cockpit.errors import LogDamaged, LogError, LogUnreadable, StoreAway, StoreFailed, StoreFenced
from cockpit.patterns import late
from cockpit.run.events import Event
from cockpit.text import shortened

ANSWER_S = 10.0
"""A server that has not answered after this long is left; what it did is unknown."""
_CONNECT_S = 2.0
"""The same for one that takes a connection and then says nothing: nothing was asked of it."""
_LEAVE_S = 0.2
_APPEND = "SELECT seq, prev, head_seq, head_digest FROM cockpit.append(%s, %s::bigint, ARRAY[{}]::bytea[], %s, %b)"
"""With a place for each line: an array is taken apart item by item in Python."""
_HEAD = "SELECT seq, encode(digest, 'hex') FROM cockpit.lines WHERE run = %s AND is_fact ORDER BY seq DESC LIMIT 1"
_LINE_OF = "SELECT line, seq FROM cockpit.lines WHERE id = %s AND run = %s"
_END = """SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity
          WHERE pid = %s::int AND backend_start = %s::timestamptz AND usename = session_user"""
"""No row: it is gone. Needs PostgreSQL 14."""
_WHO = "SELECT pid::text, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
_PID = late("[0-9]{1,10}")
IDLE_S = 60.0
"""A connection that was not used for so long is let go of: a server has only so many for all its screens."""
_AFTER = """SELECT seq, CASE WHEN size <= %s THEN before END, CASE WHEN size <= %s THEN line END, is_fact, size
            FROM (SELECT *, sum(size) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) AS total
                  FROM (SELECT seq, before, line, is_fact, octet_length(before) + octet_length(line) AS size
                        FROM cockpit.lines WHERE run = %s AND seq > %s ORDER BY seq LIMIT %s) AS found) AS next
            WHERE total - size <= %s ORDER BY seq"""
"""Their lengths are looked at first: who owns the schema can put a gigabyte into a row."""
_GONE = """SELECT to_char(dropped_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), dropped_by, exported
           FROM cockpit.dropped WHERE run = %s"""
_BATCH = 500
LARGEST_BYTES = TORN_BYTES + FIRST_LIMIT_BYTES
"""A line, and the torn bytes before it."""
_T = TypeVar("_T")
_FENCE = "SET cockpit.keeper_epoch = '{}'"
_FAR = 10**12
"""A sequence number as long as any: a line that fits with it fits anywhere."""
_NOT_DONE = (sql.IntegrityError, sql.InsufficientPrivilege, sql.UndefinedFunction, sql.UndefinedTable, sql.DataError,
             sql.InvalidSchemaName, sql.ReadOnlySqlTransaction, sql.LockNotAvailable)  # fmt: skip
"""What a server says when it has done nothing."""
_NOT_NOW = (sql.ReadOnlySqlTransaction, sql.LockNotAvailable, sql.InsufficientPrivilege, sql.UndefinedFunction,
            sql.UndefinedTable, sql.InvalidSchemaName)  # fmt: skip
"""What may pass: another server is the one to write to by now, somebody holds the run's lock, or people mend what they
did to the schema or to rights. A run that goes on there waits for that."""


class OtherHistory(StoreAway):
    """The database does not hold the line that this side takes for known: nothing was written."""


class PostgresStore:
    """Opened by `create` or `open`. Blocking; any thread may call; one connection, opened anew where it was lost."""

    def __init__(self, dsn: str, run: str, *, answer_s: float = ANSWER_S) -> None:
        """Use `create` or `open`."""
        self._dsn = dsn
        self._run = run
        self.answer_s = answer_s
        """A server that has not answered after this long is left."""
        self._head: Head | None = None
        self._thread_lock = threading.Lock()
        self._connection: Connection | None = None
        self._is_closed = False
        self._used_at = 0.0
        self._keeper_epoch = 0
        self._doubt = ""
        """What the server said of a commit that it gave no full word on."""
        self._session = ("", "")
        """Process id and start of the server's side of the connection."""
        self.server = Server()
        """Who answers, as of the last connection."""
        self.admit: Callable[[Server], None] = lambda server: None
        """Raises StoreAway for a server that nothing is to be asked of."""
        self._left: list[tuple[str, str]] = []
        """Such sessions that were left without their answer: they may still commit."""

    @classmethod
    def create(cls, dsn: str, run_id: str, *, answer_s: float = ANSWER_S) -> PostgresStore:
        """A run that has no line yet; the first append writes line 1. Raises StoreFailed, LogError for a bad id."""
        if not RUN_ID.fullmatch(run_id):
            raise LogError(f"{run_id!r} cannot be a run's id", hint="use 1 to 64 letters, digits, _ and -")
        store = cls(dsn, run_id, answer_s=answer_s)
        if store._fetch(_head_in, _HEAD, run_id):
            store.close()
            raise StoreFailed(f"the store {where(dsn)} holds a run {run_id} already")
        return store

    @classmethod
    def open(cls, dsn: str, run_id: str, *, answer_s: float = ANSWER_S) -> PostgresStore:
        """The log of a run that began. Raises LogUnreadable if there is none, StoreFailed."""
        store = cls(dsn, run_id, answer_s=answer_s)
        try:
            store._head = store._fetch(_head_in, _HEAD, run_id)
            if store._head is None:
                raise store._missing()
        except BaseException:
            store.close()
            raise
        return store

    def _missing(self) -> LogUnreadable:
        """Why the run is not there, as far as the store can tell."""
        gone = self._fetch(lambda rows: rows_of(rows, str, str, str, most=1), _GONE, self._run)
        if not gone:
            return LogUnreadable(f"there is no run {self._run} in the store {where(self._dsn)}")
        day, by, exported = (shortened(each, 200) for each in gone[0])
        return LogUnreadable(
            f"the run {self._run} was dropped from the store {where(self._dsn)} on {day} by {by}",
            hint=f"it was exported to {exported}; a copy that a host has still reads: cockpit replay {self._run}",
        )

    @property
    def dsn(self) -> str:
        """Where the database is."""
        return self._dsn

    @property
    def run(self) -> str:
        """The run's id."""
        return self._run

    @property
    def head(self) -> Head | None:
        """The last fact's place, as of the last append or opening."""
        return self._head

    @property
    def extent(self) -> Extent:
        """Up to the last fact that is known here; its size is what a copy says."""
        return Extent(self._head.seq if self._head else 0, 0)

    @property
    def is_poisoned(self) -> bool:
        """Never: a database that failed is asked anew, and says what it holds."""
        return False

    @property
    def poison_reason(self) -> str:
        """Empty: see `is_poisoned`."""
        return ""

    def require_usable(self) -> None:
        """Nothing is seen here without asking."""

    def append(self, last_fact_seq: int | None, *drafts: Draft) -> Outcome:
        """Append `drafts` in one transaction, if the last fact is still `last_fact_seq` (0: none; None: whichever).

        Durable means committed, and as durable as the server's `synchronous_commit` makes it. Raises StoreFailed when
        it is known that nothing was written, LogError if a draft cannot be.
        """
        return self.add(last_fact_seq, *drafts)[0]

    def add(
        self, last_fact_seq: int | None, *drafts: Draft, known: tuple[int, str] = (0, "")
    ) -> tuple[Outcome, list[Kept]]:
        """As `append`; also the lines as the database keeps them now, if they are known to be there.

        `known`: a line that the database has to hold, by sequence number and digest. Raises OtherHistory if not.
        """
        rests = [rest_of(one, self._run, is_first=last_fact_seq == 0) for one in drafts]
        values = (self._run, last_fact_seq, *rests, known[0], bytes.fromhex(known[1]))
        query = _APPEND.format(", ".join(["%b"] * len(rests))).encode()
        unknown: tuple[Outcome, list[Kept]] = Unknown(id=drafts[0].id), []
        with self._thread_lock:
            self._require_open()
            connection = self._connected()
            self._doubt = ""
            try:
                with within(connection, self.answer_s) as was_cut:
                    rows = connection.execute(query, values).fetchall()
                refused = refusal_in(rows)
                answer = None if refused else outcome_in(rows, self._run, last_fact_seq, drafts, rests)
            except _NOT_DONE as error:
                is_passing = isinstance(error, _NOT_NOW)
                if is_passing:
                    self._drop()  # of several hosts, the next connection finds the one that can be written to
                raise (StoreAway if is_passing else StoreFailed)(
                    f"the store {where(self._dsn)} refuses the line: {said(error)}"
                ) from error
            except psycopg.Error:
                self._left.append(self._session)
                self._drop()
                return unknown
            if was_cut.is_set() or self._doubt:
                self._drop()
                return unknown
            if refused == FENCED:
                raise StoreFenced(f"another keeper than {self._keeper_epoch} has taken over the run {self._run}")
            if refused == OTHER_HISTORY or answer is None:
                raise OtherHistory(
                    f"the store {where(self._dsn)} does not hold line {known[0]} of the run {self._run} as this host"
                )
            self._head = answer[0].head
            return answer

    def lookup(self, event_id: str) -> Event | None:
        """The event with this id, if the run holds it; None is for good: what could still bring it was ended first.

        Raises StoreFailed if that cannot be found out.
        """
        while self._left:
            gone = self._fetch(lambda rows: rows_of(rows, bool), _END, int(self.answer_s * 500), *self._left[0])
            if gone and not gone[0][0]:
                raise StoreFailed(
                    f"the store {where(self._dsn)} does not end what it was asked: whether it was written is unknown"
                )
            self._left.pop(0)
        rows = self._fetch(lambda rows: rows_of(rows, bytes, int, most=1), _LINE_OF, event_id, self._run)
        if not rows:
            return None
        line, seq = rows[0]
        event = decode(line, line=seq)
        if (event.run, event.seq, event.id) != (self._run, seq, event_id):
            raise LogDamaged(f"line {seq} in the database is not the one with the id that it is kept under", line=seq)
        return event

    def reach(self) -> None:
        """Be connected. Raises StoreAway."""
        with self._thread_lock:
            self._require_open()
            self._connected()

    def ask(self, query: str, *values: object) -> list[Any]:
        """Rows of a query that changes nothing. Raises StoreFailed."""
        return self._fetch(list, query, *values)

    def lines_after(self, seq: int) -> list[Kept]:
        """The next lines, at most some hundred; none if there is none. Raises StoreFailed, LogDamaged."""
        return self._fetch(lambda rows: _kept(rows, seq, _BATCH), _AFTER, *_after(self._run, seq, _BATCH))

    @property
    def server_pid(self) -> int:
        """Of the server's process that does what is asked here; 0: there is none."""
        return int(self._session[0] or 0) if self._connection is not None else 0

    def rest(self) -> None:
        """Let go of the connection if it was not used for `IDLE_S`: the next call makes another."""
        if time.monotonic() - self._used_at > IDLE_S and self._thread_lock.acquire(blocking=False):
            try:
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
            finally:
                self._thread_lock.release()

    def fence(self, epoch: int) -> None:
        """Write from now on as the keeper of this epoch: nothing any more once another one took over. 0: as anybody."""
        with self._thread_lock:
            self._keeper_epoch = epoch
            if self._connection is not None:
                try:
                    with within(self._connection, self.answer_s):
                        self._connection.execute(_FENCE.format(epoch or "").encode())
                except psycopg.Error:
                    self._drop()  # the next one says it from its beginning

    def give_up(self) -> None:
        """Wait no longer for what is being asked: the server is known not to answer. An append is Unknown then."""
        if (connection := self._connection) is not None and self._thread_lock.locked():
            cut(connection)

    def close(self) -> None:
        """Let go of the connection, also of one that is being waited for. A second call does nothing."""
        self._is_closed = True
        self.give_up()
        if self._thread_lock.acquire(timeout=_LEAVE_S):  # else it is being made, and closed then
            try:
                self._drop()
            finally:
                self._thread_lock.release()

    # ---- the connection ------------------------------------------------------------------------------------------

    def _fetch(self, read: Callable[[list[Any]], _T], query: str, *values: object) -> _T:
        """Ask; a connection that was lost meanwhile is made anew, once: asking twice changes nothing.

        `read` makes of the rows what is wanted, and raises Misread where they are no answer: as if none had come.
        """
        with self._thread_lock:
            self._require_open()
            for is_last in (self._connection is None, True):
                connection = self._connected()
                try:
                    with within(connection, self.answer_s):
                        rows = connection.execute(query, values).fetchall()
                    return read(rows)
                except psycopg.Error as error:
                    self._drop()
                    is_lost = isinstance(error, psycopg.OperationalError)
                    if is_last or not is_lost:
                        kind = StoreAway if is_lost or isinstance(error, _NOT_NOW) else StoreFailed
                        raise kind(f"the store {where(self._dsn)} did not answer: {said(error)}") from error
        raise AssertionError("unreachable")

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreFailed(f"the store of {self._run} was closed")

    def _connected(self) -> Connection:
        self._used_at = time.monotonic()
        if self._connection is not None and has_ended(self._connection):
            self._drop()  # nothing was asked of it: nothing is unknown
        if self._connection is None or self._connection.closed:
            connection = connected(self._dsn, connect_s=_CONNECT_S)
            try:
                with within(connection, _CONNECT_S):
                    if self._keeper_epoch:
                        connection.execute(_FENCE.format(self._keeper_epoch).encode())
                    pid, began = row_of(connection.execute(_WHO).fetchall(), str, str)
                    require(_PID.fullmatch(pid))
                    self.server = server_of(connection)
                    self.admit(self.server)
            except StoreAway:
                connection.close()
                raise
            except psycopg.Error as error:
                connection.close()
                raise StoreAway(f"the store {where(self._dsn)} did not answer: {said(error)}") from error
            self._session = (pid, began)
            connection.add_notice_handler(self._noticed)
            self._connection = connection
            if self._is_closed:
                self._drop()
                self._require_open()
        return self._connection

    def _noticed(self, notice: Diagnostic) -> None:
        """A synchronous wait that was given up lets the commit return, with this warning alone."""
        if notice.severity_nonlocalized == "WARNING":
            self._doubt = notice.message_primary or "the server warned"

    def _drop(self) -> None:
        if self._connection is not None:
            cut(self._connection)
            self._connection.close()
            self._connection = None


def kept_after(connection: Connection, run: str, seq: int, limit: int) -> list[Kept]:
    """The next lines of a run. Raises what psycopg does, and LogDamaged for one that is too long to be one."""
    return _kept(connection.execute(_AFTER, _after(run, seq, limit)).fetchall(), seq, limit)


def _after(run: str, seq: int, limit: int) -> tuple[object, ...]:
    return LARGEST_BYTES, LARGEST_BYTES, run, seq, limit, LARGEST_BYTES


def _head_in(rows: list[Any]) -> Head | None:
    return head_of(*row_of(rows, int, str)) if rows else None


def _kept(rows: list[Any], after: int, limit: int) -> list[Kept]:
    kept: list[Kept] = []
    for seq, before, line, is_fact, size in rows_of(rows, int, bytes | None, bytes | None, bool, int, most=limit):
        require(seq > (kept[-1].seq if kept else after))
        if before is None or line is None:
            require(size > LARGEST_BYTES)
            message = f"line {seq} in the database has {size} bytes, more than any line may have: it was not read"
            raise LogDamaged(message, line=seq, hint="the database was changed: verify a copy that a host has")
        kept.append(Kept(seq, before, line, is_fact))
    return kept


def rest_of(one: Draft, run: str, *, is_first: bool = False) -> bytes:
    """A line without its newline, from where it no longer depends on its place. Line 1 may be the longest."""
    seq = 1 if is_first else _FAR
    return encode(one, run=run, seq=seq, prev=GENESIS)[len(prefix(run, seq, GENESIS)) : -1]
