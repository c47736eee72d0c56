"""Comparing a run in a database with this host's copy, line by line: what its administrators changed is found.

Invariant: digests are made by the database from the bytes, at the moment of asking, never taken from a column; so are
the columns compared that appends and lookups go by. Nothing is written. Only what both hold is compared: a database
that ends before the copy is `mending`'s matter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import UnionType
from typing import Any

from msgspec import Struct

from cockpit.audit.chain import Chain
from cockpit.audit.postgres.answers import Misread, row_of, rows_of
from cockpit.audit.postgres.lines import Line, lines_of
from cockpit.audit.postgres.servers import Server, left_behind, seen_server
from cockpit.audit.postgres.store import PostgresStore
from cockpit.audit.rewritten import CHANGED, run_named
from cockpit.errors import LogUnreadable, StoreAway

LINES = 200
"""Compared at once: about a millisecond of the server. One host compares so many a second (docs/store.md)."""
_TRIES = 10
"""Hosts of a connection string are taken at random once one was found to be left behind."""
DIGEST = r"sha256('\x636f636b7069742d6c6f672d76310a'::bytea || line)"
"""Of a line's bytes, as the next line's `prev` says it; `cockpit.digest_of` could be somebody else's by now."""
_TOLD = """convert_to('"class":"' || CASE WHEN is_fact THEN 'fact' ELSE 'telemetry' END || '","type":"' || type
           || '","id":"' || id || '","at":"', 'UTF8')"""
_SUM = f"""SELECT count(*), sha256(coalesce(string_agg(sha256(before || line), ''::bytea ORDER BY seq), ''::bytea)),
           coalesce(bool_and(digest = {DIGEST} AND position({_TOLD} IN line) > 0), true)
           FROM cockpit.lines WHERE run = %s AND seq BETWEEN %s AND %s"""  # noqa: S608 (constants)
_EACH = "SELECT seq, sha256(before || line) FROM cockpit.lines WHERE run = %s AND seq BETWEEN %s AND %s ORDER BY seq"
_COLUMNS = f"""SELECT min(seq) FROM cockpit.lines, convert_from(line, 'UTF8') AS said
               WHERE run = %s AND seq BETWEEN %s AND %s
               AND (digest, id, type, is_fact, event) IS DISTINCT FROM ({DIGEST}, said::jsonb ->> 'id',
               said::jsonb ->> 'type', said::jsonb ->> 'class' = 'fact', said::jsonb)"""  # noqa: S608 (constants)
_LAST = "SELECT coalesce(max(seq), 0) FROM cockpit.lines WHERE run = %s"

Ask = Callable[..., list[Any]]
"""A query with its values; its rows. Raises StoreFailed."""


class Difference(Struct, frozen=True):
    """The first line that the database does not hold as the copy does."""

    seq: int
    what: str
    """One clause."""

    @property
    def sentence(self) -> str:
        """As people are told."""
        return f"{CHANGED}: {self.what}"


class Comparison:
    """A walk over the copy, from its first line, again and again. One thread at a time."""

    def __init__(self, run: str, log: Path) -> None:
        self._run, self._log = run, log
        self._walk: Iterator[Line] = iter(())
        self.rounds = 0
        """How often all that was there has been compared."""

    def step(self, ask: Ask, *, thoroughly: bool = False) -> Difference | None:
        """Compare the next lines, at most `LINES`; `thoroughly`: also what is derived from them for queries alone."""
        lines = list(islice(self._walk, LINES))
        if len(lines) < LINES:
            self.rounds += bool(lines)
            self._walk = lines_of(self._log, Chain(self._run))
        return first_difference(ask, self._run, lines, thoroughly=thoroughly) if lines else None

    def whole(self, ask: Ask) -> tuple[int, Difference | None]:
        """Compare all that the copy holds now: how many lines were the same, and the first that is not."""
        same, walk = 0, lines_of(self._log, Chain(self._run))
        while lines := list(islice(walk, LINES)):
            if (found := first_difference(ask, self._run, lines, thoroughly=True)) is not None:
                return found.seq - 1, found
            same += len(lines)
        return same, None


class Compared(Struct, frozen=True):
    """All of a file beside what a database holds of its run."""

    run: str
    same: int
    """Lines that are the same in both, from the first one on."""
    copy_seq: int
    """The last line of the file that counts."""
    database_seq: int
    difference: Difference | None


def compare_run(dsn: str, log: Path) -> Compared:
    """Compare a whole log with the run in a database. Raises LogUnreadable if either is not there, StoreFailed."""
    run = run_named(log)
    if not run:
        raise LogUnreadable(f"no run began in {log}")
    store = _right_one(dsn, run, seen_server(log.parent).server)
    try:
        chain = Chain(run)
        copy_seq = sum(1 for _ in lines_of(log, chain))
        same, found = Comparison(run, log).whole(store.ask)
        (database_seq,) = _row(store.ask, (int,), _LAST, run)
    finally:
        store.close()
    return Compared(run, min(same, database_seq), copy_seq, database_seq, found)


def _right_one(dsn: str, run: str, seen: Server) -> PostgresStore:
    """The run in the database, of several hosts not in one that a failover left behind."""
    for is_last in (False,) * _TRIES + (True,):
        store = PostgresStore.open(dsn, run)
        if not store.server.was_left_behind(seen):
            return store
        store.close()
        error = left_behind(dsn, store.server, seen)
        if is_last:
            raise error
    raise AssertionError("unreachable")


def first_difference(ask: Ask, run: str, lines: list[Line], *, thoroughly: bool = False) -> Difference | None:
    """Compare lines of the copy that follow each other with what the database holds in their place."""
    place = run, lines[0].seq, lines[-1].seq
    own = [hashlib.sha256(line.before + line.text).digest() for line in lines]
    count, summed, columns_fit = _row(ask, (int, bytes, bool), _SUM, *place)
    is_same = count == len(lines) and summed == hashlib.sha256(b"".join(own)).digest()
    if is_same and columns_fit and not thoroughly:
        return None
    if not is_same:
        there = dict(_rows(ask, (int, bytes), _EACH, *place))
        (end,) = _row(ask, (int,), _LAST, run)
        for line, digest in zip(lines, own, strict=True):
            if line.seq > end:
                return None
            if there.get(line.seq) != digest:
                how = "another than was read from it" if line.seq in there else "gone"
                return Difference(line.seq, f"line {line.seq} is {how}")
    (seq,) = _row(ask, (int | None,), _COLUMNS, *place)
    if seq is None:
        return None
    return Difference(seq, f"what the table says of line {seq} beside it is not what the line says")


def _rows(ask: Ask, columns: Sequence[type | UnionType], query: str, *values: object) -> list[Any]:
    """What the query is answered with, in these columns. Raises StoreAway where that is no answer to it."""
    with _understood():
        return rows_of(ask(query, *values), *columns)


def _row(ask: Ask, columns: Sequence[type | UnionType], query: str, *values: object) -> Any:
    with _understood():
        return row_of(ask(query, *values), *columns)


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except Misread as error:
        raise StoreAway("the database was not compared with this host's copy: it answers what nobody asked") from error
