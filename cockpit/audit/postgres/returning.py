"""A branch's lines come into the database that it was made without: as they were written, or told in a merge.

Invariant: all of it is one transaction under the run's lock, so that it happens wholly or not at all, and once however
often it is tried: a branch is known by the digest of its tip. Where the database still ends with the last line that
both hold, the branch's own bytes are put behind it. Where it went on, both stay: a `branch.merged` and the lines,
told. Nothing is rewritten on either side.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import psycopg
from msgspec import Struct
from psycopg import errors as sql

from cockpit.audit import clock, layout
from cockpit.audit.branching import BranchLines, merging, read_branch
from cockpit.audit.chain import Chain
from cockpit.audit.line import draft
from cockpit.audit.postgres.comparing import DIGEST
from cockpit.audit.postgres.connecting import Connection, connected, said, where, within
from cockpit.audit.postgres.lines import whole_lines_of
from cockpit.audit.postgres.store import rest_of
from cockpit.errors import StoreAway, StoreFailed
from cockpit.run.events import Actor, Body, StoreReturned

ANSWER_S = 5.0
"""A server that has not answered a question after this long is left."""
_ALL_S, _LINES_S = 20.0, 500
"""All of it may take so long, and a second more for so many lines."""
_BATCH_LINES, _BATCH_BYTES = 500, 2**20
_LOCK = "SELECT cockpit.lock_run(%s)"
_PUT = "SELECT cockpit.put(%s, %s, %s, %s)"
_APPEND = "SELECT max(seq) FROM cockpit.append(%s, NULL, %s)"
_LAST = "SELECT coalesce(max(seq), 0) FROM cockpit.lines WHERE run = %s"
_AT = f"SELECT encode({DIGEST}, 'hex') FROM cockpit.lines WHERE run = %s AND seq = %s"  # noqa: S608 (a constant)
_MERGED = """SELECT seq FROM cockpit.lines WHERE run = %s AND is_fact AND seq > %s AND position(%s::bytea IN line) > 0
             ORDER BY seq"""


class Returned(Struct, frozen=True):
    """What became of a branch."""

    how: Literal["as it was", "merged", "was there"]
    lines: int
    """Of the branch, from the last line on that both held."""
    ancestor: int
    """That line."""
    seq: int = 0
    """Of the line that tells of it; 0: it was there already."""
    theirs: int = 0
    """Lines that the database had after the ancestor."""


def give_back(dsn: str, branch: Path, actor: Actor, cause: str) -> Returned:
    """Bring the lines of a branch's log into the database. Nobody may append to it meanwhile. Blocks for seconds.

    Raises LogError if the branch does not verify to its end; StoreAway if it is not known to be done, to be tried
    again; StoreFailed if the database holds another run.
    """
    chain = Chain()
    digests = [line.digest for line in whole_lines_of(layout.log_path(branch), chain)]
    connection = connected(dsn)
    try:
        with within(connection, _ALL_S + len(digests) / _LINES_S), connection.transaction():
            return _Giving(connection, dsn, chain.run, digests).give(branch, actor, cause)
    except (sql.IntegrityError, sql.InsufficientPrivilege, sql.ReadOnlySqlTransaction) as error:
        raise StoreFailed(
            f"the store {where(dsn)} refuses the branch: {said(error)}", hint="cockpit store check"
        ) from error
    except psycopg.Error as error:
        raise StoreAway(
            f"it is not known whether the branch came into the store {where(dsn)}: {said(error)}",
            hint="try it again: what is there is not brought twice",
        ) from error
    finally:
        connection.close()


class _Giving:
    def __init__(self, connection: Connection, dsn: str, run: str, digests: list[str]) -> None:
        self._connection, self._dsn, self._run, self._digests = connection, dsn, run, digests

    def give(self, branch: Path, actor: Actor, cause: str) -> Returned:
        self._ask(_LOCK, self._run)
        end, tip = self._one(_LAST, self._run), len(self._digests)
        ancestor = self._ancestor(min(end, tip))
        if not ancestor:
            raise StoreFailed(
                f"the store {where(self._dsn)} holds another run {self._run}, or none: its first line is another",
                hint="nothing was changed; cockpit store import moves a run there that is not there at all",
            )
        if ancestor == tip or self._was_merged(ancestor):
            return Returned("was there", tip - ancestor, ancestor)
        lines = read_branch(branch, ancestor)
        if end == ancestor:
            return self._put(lines, actor)
        return self._merge(lines, actor, cause, end)

    def _put(self, lines: BranchLines, actor: Actor) -> Returned:
        batch, size = list[Any](), 0
        for line in (*lines.lines, None):
            if batch and (line is None or len(batch) == _BATCH_LINES or size >= _BATCH_BYTES):
                self._ask(_PUT, self._run, batch[0].seq, [b.text for b in batch], [b.before for b in batch])
                batch, size = [], 0
            if line is not None:
                batch.append(line)
                size += len(line.text)
        body = StoreReturned(seq=lines.tip, digest=lines.tip_digest, count=len(lines.lines))
        return Returned("as it was", len(lines.lines), lines.ancestor, self._append([body], actor))

    def _merge(self, lines: BranchLines, actor: Actor, cause: str, end: int) -> Returned:
        seq = self._append(list(merging(lines, cause)), actor)
        return Returned("merged", len(lines.lines), lines.ancestor, seq, end - lines.ancestor)

    def _append(self, bodies: list[Body], actor: Actor) -> int:
        """The last line's number."""
        instant, seq = clock.now(), 0
        rests = [rest_of(draft(body, actor, instant), self._run) for body in bodies]
        while rests:
            batch, rests = rests[:20], rests[20:]
            seq = self._one(_APPEND, self._run, batch)
        return seq

    def _was_merged(self, ancestor: int) -> bool:
        named = f'"tip_digest":"{self._digests[-1]}"'.encode()
        return bool(self._ask(_MERGED, self._run, ancestor, named))

    def _ancestor(self, last: int) -> int:
        """The last line that both hold: in two chains, all before it is the same."""
        if last and self._at(last) == self._digests[last - 1]:
            return last
        same, other = 0, last
        while other - same > 1:
            middle = (same + other) // 2
            if self._at(middle) == self._digests[middle - 1]:
                same = middle
            else:
                other = middle
        return same

    def _at(self, seq: int) -> str:
        rows = self._ask(_AT, self._run, seq)
        return str(rows[0][0]) if rows else ""

    def _one(self, query: str, *values: object) -> Any:
        return self._ask(query, *values)[0][0]

    def _ask(self, query: str, *values: object) -> list[Any]:
        with within(self._connection, ANSWER_S):
            return self._connection.execute(query.encode(), values).fetchall()
