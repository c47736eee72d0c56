"""Outputs of a run on their way into a store, in pieces as they are written, and from there to another host.

Invariant: a piece is only ever added behind those that are there. A file that comes from a store appears under its name
once it is whole, durable, and the one whose digest the log has.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from msgspec import Struct

from cockpit.audit.files import DISK
from cockpit.audit.layout import outputs_dir
from cockpit.audit.opening import make_folder, opened
from cockpit.audit.postgres.answers import require, row_of, rows_of
from cockpit.audit.postgres.connecting import Connection, connected, said, where, within
from cockpit.errors import StoreFailed

CHUNK_BYTES = 131_072
_ANSWER_S = 10.0
_END = """SELECT start + octet_length(chunk) FROM cockpit.outputs WHERE run = %s AND name = %s
          ORDER BY start DESC LIMIT 1"""
_PUT = """INSERT INTO cockpit.outputs (run, name, start, chunk) VALUES (%s, %s, %s, %s)
          ON CONFLICT (run, name, start) DO NOTHING"""
_CHUNKS = "SELECT start, chunk FROM cockpit.outputs WHERE run = %s AND name = %s AND start >= %s ORDER BY start LIMIT 8"
_T = TypeVar("_T")


class ToldOutput(Struct, frozen=True):
    """What the log says of a file in `outputs/`."""

    bytes: int
    sha256: str
    """Hex."""


def _end_in(rows: list[Any]) -> int:
    end = row_of(rows, int)[0] if rows else 0
    require(end >= 0)
    return int(end)


class Incoming:
    """One run's outputs, put by whoever has them. Blocking; one thread; a connection of its own while it is used."""

    def __init__(self, dsn: str, run: str) -> None:
        self._dsn, self._run = dsn, run
        self._connection: Connection | None = None

    def end_of(self, name: str) -> int:
        """How much of an output is there, bytes from its beginning. Raises StoreFailed."""
        return self._ask(_end_in, _END, (self._run, name))

    def put(self, name: str, start: int, chunk: bytes) -> None:
        """Add what follows: `start` is what `end_of` answers, or the end of the piece before. Raises StoreFailed."""
        self._ask(list, _PUT, (self._run, name, start, chunk))

    def _ask(self, read: Callable[[list[Any]], _T], query: str, values: tuple[object, ...]) -> _T:
        if self._connection is None:
            self._connection = connected(self._dsn)
        try:
            with within(self._connection, _ANSWER_S):
                cursor = self._connection.execute(query.encode(), values)
                return read(cursor.fetchall() if cursor.description else [])
        except psycopg.Error as error:
            self.rest()
            raise StoreFailed(f"an output was not put into the store {where(self._dsn)}: {said(error)}") from error

    def rest(self) -> None:
        """Let go of the connection; the next call makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def bring_outputs(dsn: str, run: str, folder: Path, wanted: Mapping[str, ToldOutput]) -> list[str]:
    """Write those that are whole in the store into `folder/outputs`; the names of those that are not, or not yet.

    Raises StoreFailed, OSError.
    """
    connection = connected(dsn)
    make_folder(outputs_dir(folder))
    try:
        return [name for name, told in wanted.items() if not _is_brought(connection, run, name, told, folder)]
    except psycopg.Error as error:
        raise StoreFailed(f"outputs of {run} were not read from the store {where(dsn)}: {said(error)}") from error
    finally:
        connection.close()


def _is_brought(connection: Connection, run: str, name: str, told: ToldOutput, folder: Path) -> bool:
    if _end_in(connection.execute(_END.encode(), (run, name)).fetchall()) != told.bytes:
        return False
    path = outputs_dir(folder) / name
    part = path.with_name(f"{name}.{os.getpid()}.part")
    digest, end = hashlib.sha256(), 0
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(opened(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            while end < told.bytes:
                with within(connection, _ANSWER_S):
                    pieces = rows_of(connection.execute(_CHUNKS.encode(), (run, name, end)).fetchall(), int, bytes)
                for start, chunk in pieces:
                    if start != end or not chunk:
                        return False  # a hole, or nothing: it is not what anybody wrote
                    file.write(chunk)
                    digest.update(chunk)
                    end += len(chunk)
                if not pieces:
                    return False
            file.flush()
            DISK.fdatasync(file.fileno())
        if digest.hexdigest() != told.sha256:
            return False
        part.rename(path)
        DISK.fsync_dir(path.parent)
        return True
    finally:
        part.unlink(missing_ok=True)
