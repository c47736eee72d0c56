"""Moving runs between a file and a database: the same bytes on both sides, the torn ones that were stepped over too.

Invariant: every line is checked by `chain` on its way out of a file or a database, and by the database on its way in.
A move that was interrupted is begun again, and goes on from what arrived; a run that differs is never mixed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
from msgspec import Struct

from cockpit.audit.chain import Chain
from cockpit.audit.files import DISK
from cockpit.audit.opening import opened
from cockpit.audit.postgres.connecting import Connection, connected, said, where
from cockpit.audit.postgres.lines import Line, as_in_a_file, whole_lines_of
from cockpit.errors import LogDamaged, LogUnreadable, StoreFailed
from cockpit.text import counted

_BATCH_LINES, _BATCH_BYTES = 500, 2**20
_PUT = "SELECT cockpit.put(%s, %s, %s, %s)"
_LAST = "SELECT seq, encode(digest, 'hex') FROM cockpit.lines WHERE run = %s ORDER BY seq DESC LIMIT 1"
_ALL = "SELECT seq, before, line FROM cockpit.lines WHERE run = %s ORDER BY seq"


class Moved(Struct, frozen=True):
    """What a move came to."""

    run: str
    lines: int
    """Of the run."""
    moved: int
    """Of these, the ones that were not there before."""
    digest: str
    """Of the last line."""


# ---- from a file ---------------------------------------------------------------------------------------------------


def put_run(dsn: str, log: Path) -> Moved:
    """Copy a log file into the database, whole. What is there already is compared, and what follows is added.

    Raises LogError if the file does not verify to its end, StoreFailed if the database holds another run of this name,
    or cannot be written.
    """
    connection = connected(dsn)
    try:
        with connection.transaction():
            return _put(connection, dsn, log)
    except psycopg.Error as error:
        raise StoreFailed(
            f"{log} was not moved into the store {where(dsn)}: {said(error)}",
            hint="give the command again: what arrived is not moved twice"
            * isinstance(error, psycopg.OperationalError),
        ) from error
    finally:
        connection.close()


def _put(connection: Connection, dsn: str, log: Path) -> Moved:
    chain = Chain()
    there: tuple[int, str] | None = None
    batch: list[Line] = []
    size = moved = 0
    for line in whole_lines_of(log, chain):
        if there is None:
            there = _locked(connection, chain.run)
        if line.seq == there[0] and line.digest != there[1]:
            raise StoreFailed(
                f"the store {where(dsn)} holds another run {chain.run}: line {line.seq} differs",
                hint="nothing was changed; cockpit store export it, and cockpit compare both",
            )
        if line.seq <= there[0]:
            continue
        batch.append(line)
        size += len(line.text) + len(line.before)
        if len(batch) == _BATCH_LINES or size >= _BATCH_BYTES:
            moved += _flush(connection, chain.run, batch)
            size = 0
    moved += _flush(connection, chain.run, batch)
    if there is not None and there[0] > chain.seq:
        more = f"{counted(there[0], 'line')}, the file {chain.seq}"
        raise StoreFailed(
            f"the store {where(dsn)} holds more of the run {chain.run}: {more}",
            hint="nothing was changed; move it the other way: cockpit store export",
        )
    return Moved(run=chain.run, lines=chain.seq, moved=moved, digest=chain.digest)


def _locked(connection: Connection, run: str) -> tuple[int, str]:
    """The last line that is there, while nobody else adds any."""
    connection.execute("SELECT cockpit.lock_run(%s)", (run,))
    row = connection.execute(_LAST, (run,)).fetchone()
    return (int(str(row[0])), str(row[1])) if row else (0, "")


def _flush(connection: Connection, run: str, batch: list[Line]) -> int:
    if batch:
        texts, before = [line.text for line in batch], [line.before for line in batch]
        connection.execute(_PUT, (run, batch[0].seq, texts, before))
    count = len(batch)
    batch.clear()
    return count


# ---- into a file ---------------------------------------------------------------------------------------------------


def take_run(dsn: str, run: str, log: Path) -> Moved:
    """Copy a run from the database into a new file, durable under its name once it is whole and verified.

    Raises LogUnreadable if there is no such run, LogDamaged if what the database holds does not verify, StoreFailed.
    """
    part = log.with_name(log.name + ".part")
    part.unlink(missing_ok=True)
    connection = connected(dsn)
    try:
        fd = opened(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND)
        try:
            with os.fdopen(fd, "wb") as file:
                chain = Chain()
                for raw in _bytes_of(connection, dsn, run, chain):
                    file.write(raw)
                file.flush()
                DISK.fdatasync(file.fileno())
            os.link(part, log)  # unlike a rename, it never takes the place of another file
            DISK.fsync_dir(log.parent)
        finally:
            part.unlink(missing_ok=True)
    except psycopg.Error as error:
        raise StoreFailed(f"the run {run} was not read from the store {where(dsn)}: {said(error)}") from error
    except OSError as error:
        raise LogUnreadable(f"{log} was not written: {error.strerror}", hint="name another file") from error
    finally:
        connection.close()
    return Moved(run=run, lines=chain.seq, moved=chain.seq, digest=chain.digest)


def _bytes_of(connection: Connection, dsn: str, run: str, chain: Chain) -> Iterator[bytes]:
    """All bytes of a run, as a file has them; each line verified before it is handed out."""
    with connection.transaction(), connection.cursor("cockpit_export") as rows:
        rows.itersize = _BATCH_LINES
        rows.execute(_ALL, (run,))
        for _, before, line in rows:
            yield from _walked(bytes(before), bytes(line), chain, dsn)  # type: ignore[call-overload]
    if not chain.seq:
        raise LogUnreadable(f"there is no run {run} in the store {where(dsn)}")


def _walked(before: bytes, line: bytes, chain: Chain, dsn: str) -> Iterator[bytes]:
    for raw in as_in_a_file(before, line, chain.seq + 1):
        link = chain.step(raw)
        yield raw
    if link is None:
        assert chain.pending is not None
        raise LogDamaged(
            f"the store {where(dsn)} does not verify: {chain.pending.why.message}",
            line=chain.lines,
            hint="somebody changed it: the mirrors and anchors of others tell what it was",
        )
