"""When a database no longer holds what this host's copy of a run does: a failover's loss, mended from the copy; or not.

Invariant: lost lines are put back byte by byte behind the last line that both hold, under the run's lock, in one
transaction with the fact that tells of it: it happens once, however many hosts try. What the database holds is never
overwritten: where it goes on differently, nothing is written, and it is said which of both stories it is: a failover
(`StoreDiverged`: two branches), or somebody's change (`Found.changed_at`).
"""

from __future__ import annotations

import os
import time
from array import array
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from msgspec import Struct

from cockpit.audit.chain import Chain
from cockpit.audit.files import DISK, own_actor
from cockpit.audit.layout import log_path
from cockpit.audit.line import GENESIS, draft
from cockpit.audit.postgres.answers import row_of, rows_of
from cockpit.audit.postgres.comparing import DIGEST
from cockpit.audit.postgres.connecting import Connection, connected, said, where, within
from cockpit.audit.postgres.leases import key_of
from cockpit.audit.postgres.lines import lines_of
from cockpit.audit.postgres.servers import Server, left_behind, seen_server, server_of
from cockpit.audit.postgres.store import rest_of
from cockpit.audit.reading import open_log
from cockpit.audit.rewritten import APART
from cockpit.errors import StoreAway, StoreDiverged, StoreFailed
from cockpit.run.events import StoreRestored
from cockpit.text import counted, shortened

SETTLE_S = 1.5
"""How long whoever lost lines waits for others who hold more of them: each tells how far its copy goes."""
ANSWER_S = 10.0
_wait = time.sleep
_BATCH_LINES = 500
_LAST = "SELECT coalesce(max(seq), 0) FROM cockpit.lines WHERE run = %s"
_AT = f"SELECT {DIGEST} FROM cockpit.lines WHERE run = %s AND seq = %s"  # noqa: S608 (a constant)
_DROPPED = "SELECT to_char(dropped_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM cockpit.dropped WHERE run = %s"
_MAY = "SELECT has_table_privilege('cockpit.lines', 'INSERT')"
_LOCK = "SELECT cockpit.lock_run(%s)"
_PUT = "SELECT cockpit.put(%s, %s, %s, %s)"
_TELL = "SELECT seq FROM cockpit.append(%s, NULL, %s)"
_ANNOUNCE = "SELECT pg_advisory_lock_shared(%s, %s)"
_FARTHEST = """SELECT coalesce(max(objid::bigint), 0) FROM pg_locks WHERE locktype = 'advisory' AND granted
               AND classid = %s AND objsubid = 2
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


class Found(Struct, frozen=True):
    """What became of it."""

    restored: tuple[int, int] | None = None
    """The first and the last line that were put back."""
    changed_at: int = 0
    """The first line that somebody changed in the database; 0: none was found."""


class _Copy:
    """This host's copy as it stands, durable: digests by sequence number."""

    def __init__(self, run: str, log: Path) -> None:
        self.run, self.log = run, log
        fd = open_log(log, os.O_RDONLY)
        try:
            DISK.fdatasync(fd)
        finally:
            os.close(fd)
        self._digests, self._facts = bytearray(), array("b")
        for line in lines_of(log, Chain(run)):
            self._digests += bytes.fromhex(line.digest)
            self._facts.append(line.is_fact)

    @property
    def seq(self) -> int:
        return len(self._facts)

    def at(self, seq: int) -> bytes:
        return bytes(self._digests[32 * (seq - 1) : 32 * seq])

    def restored(self, first: int, server: Server, seen: Server) -> StoreRestored:
        return StoreRestored(
            first=first, last=self.seq, digest=self.at(self.seq).hex(), facts=sum(self._facts[first - 1 :]),
            timeline_before=seen.timeline if seen.system == server.system else 0, timeline=server.timeline,
        )  # fmt: skip

    def batches(self, first: int) -> Iterator[tuple[int, list[bytes], list[bytes]]]:
        walk = (line for line in lines_of(self.log, Chain(self.run)) if first <= line.seq <= self.seq)
        while batch := list(islice(walk, _BATCH_LINES)):
            yield batch[0].seq, [line.text for line in batch], [line.before for line in batch]


def mend(dsn: str, run: str, run_dir: Path) -> Found:
    """Find out how the database and this host's copy differ, and put back what it lost. Blocks for some seconds.

    Raises StoreDiverged; StoreAway if it could not be done now; StoreFailed if this is another cluster.
    """
    copy = _Copy(run, log_path(run_dir))
    connection = connected(dsn)
    try:
        return _Mending(connection, dsn, copy, seen_server(run_dir).server).mend()
    except psycopg.Error as error:
        raise StoreAway(f"the store {where(dsn)} was not compared with this host's copy: {said(error)}") from error
    finally:
        connection.close()


class _Mending:
    def __init__(self, connection: Connection, dsn: str, copy: _Copy, seen: Server) -> None:
        self._connection, self._dsn, self._copy, self._seen = connection, dsn, copy, seen
        self._server = server_of(connection)

    def mend(self) -> Found:
        copy = self._copy
        if self._server.was_left_behind(self._seen):
            raise left_behind(self._dsn, self._server, self._seen)
        if not self._one(_LAST, copy.run) and (gone := rows_of(self._ask(_DROPPED, copy.run), str)):
            raise StoreAway(
                f"the run {copy.run} was taken out of the store {where(self._dsn)} on {shortened(str(gone[0][0]), 20)}",
                hint="this host's copy stays, and is read as any log: cockpit store list tells by whom and why",
            )
        if self._one(_LAST, copy.run) < copy.seq:
            self._stand_back()
        with self._connection.transaction():
            self._ask(_LOCK, copy.run)
            end = self._one(_LAST, copy.run)
            common = min(end, copy.seq)
            if common and self._at(common) != copy.at(common):
                return self._apart(end, self._ancestor(common))
            if end >= copy.seq:
                return Found()
            return self._put_back(end + 1)

    def _stand_back(self) -> None:
        """Wait for others; raise StoreAway if one of them holds more, or if this user may write nothing."""
        copy, end = self._copy, self._one(_LAST, self._copy.run)
        lacks = f"the store {where(self._dsn)} lost the lines {end + 1} to {copy.seq} of the run {copy.run}"
        if self._seen.system and self._server.system and self._seen.system != self._server.system:
            raise StoreFailed(
                f"{lacks}, or is another database than the one that kept it: another cluster answers",
                hint=f"if the run is to go on there: cockpit store import {copy.run}",
            )
        if not self._one(_MAY):
            raise StoreAway(f"{lacks}: a host whose user may write puts them back")
        key = key_of(f"{copy.run} lost")
        self._ask(_ANNOUNCE, key, copy.seq)
        _wait(SETTLE_S)
        if self._one(_FARTHEST, key % 2**32) > copy.seq:
            raise StoreAway(f"{lacks}: another host holds more of them, and puts them back")

    def _put_back(self, first: int) -> Found:
        copy = self._copy
        for start, lines, before in copy.batches(first):
            self._ask(_PUT, copy.run, start, lines, before)
        told = draft(copy.restored(first, self._server, self._seen), own_actor())
        self._ask(_TELL, copy.run, [rest_of(told, copy.run)])
        return Found(restored=(first, copy.seq))

    def _ancestor(self, differing: int) -> int:
        """The last line before `differing` that both hold: in two chains, all before it is the same."""
        same, other = 0, differing
        while other - same > 1:
            middle = (same + other) // 2
            if self._at(middle) == self._copy.at(middle):
                same = middle
            else:
                other = middle
        return same

    def _apart(self, end: int, ancestor: int) -> Found:
        if not ancestor or self._server.took_over(self._seen) is False:
            return Found(changed_at=ancestor + 1)
        copy = self._copy
        raise StoreDiverged(
            f"{APART}: cockpit store return merges them; nothing can be confirmed until then. They differ from line "
            f"{ancestor + 1} on, {counted(end - ancestor, 'line')} there and "
            f"{counted(copy.seq - ancestor, 'line')} here ({where(self._dsn)})",
            ancestor_seq=ancestor,
            ancestor=copy.at(ancestor).hex() if ancestor else GENESIS,
            copy_seq=copy.seq,
            database_seq=end,
            hint="both stay as they are",
        )

    def _at(self, seq: int) -> bytes:
        rows = rows_of(self._ask(_AT, self._copy.run, seq), bytes, most=1)
        return bytes(rows[0][0]) if rows else b""

    def _one(self, query: str, *values: object) -> Any:
        return row_of(self._ask(query, *values), int | bool)[0]

    def _ask(self, query: str, *values: object) -> list[Any]:
        with within(self._connection, ANSWER_S):
            return self._connection.execute(query.encode(), values).fetchall()
