"""Outputs of a run on their way out of a store: into files beside its log, and compared with them.

Invariant: a file appears under its name once it is whole and durable, and takes the place of none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from cockpit.audit.files import DISK
from cockpit.audit.layout import outputs_dir
from cockpit.audit.opening import opened
from cockpit.audit.postgres.connecting import Connection, connected, said, where
from cockpit.errors import LogUnreadable, StoreFailed
from cockpit.text import visible

_NAMES = """
WITH RECURSIVE next (name) AS (
    (SELECT name FROM cockpit.outputs WHERE run = %(run)s ORDER BY name LIMIT 1)
    UNION ALL
    SELECT (SELECT o.name FROM cockpit.outputs o WHERE o.run = %(run)s AND o.name > next.name ORDER BY o.name LIMIT 1)
    FROM next WHERE next.name IS NOT NULL
)
SELECT name FROM next WHERE name IS NOT NULL
"""
_CHUNKS = "SELECT start, chunk FROM cockpit.outputs WHERE run = %s AND name = %s AND start >= %s ORDER BY start LIMIT 8"


def take_outputs(dsn: str, run: str, folder: Path) -> int:
    """Write what commands of a run wrote into `folder/outputs`, a file each; how many. Raises StoreFailed, LogError.

    A file that is there already with the same bytes is left; one with others is refused.
    """
    connection = connected(dsn)
    try:
        names = _names(connection, run)
        if names:
            outputs_dir(folder).mkdir(mode=0o700, exist_ok=True)
        for name in names:
            _take(connection, run, name, outputs_dir(folder) / name)
        return len(names)
    except psycopg.Error as error:
        raise StoreFailed(f"outputs of {run} were not read from the store {where(dsn)}: {said(error)}") from error
    except OSError as error:
        raise LogUnreadable(f"{error.filename or folder} was not written: {error.strerror}") from error
    finally:
        connection.close()


def first_unlike(connection: Connection, run: str, folder: Path) -> str:
    """A sentence about the first output that is not in `folder/outputs` byte by byte; empty if all are."""
    for name in _names(connection, run):
        path = outputs_dir(folder) / name
        try:
            if not _is_same(connection, run, name, path):
                return f"{path} is not what the store holds of the output {visible(name)}"
        except FileNotFoundError:
            return f"the run {run} has an output {visible(name)} in the store, and there is no {path}"
        except OSError as error:
            return f"{path} cannot be read: {error.strerror}"
    return ""


def _names(connection: Connection, run: str) -> list[str]:
    return [str(name) for (name,) in connection.execute(_NAMES, {"run": run}).fetchall()]


def _chunks(connection: Connection, run: str, name: str) -> Iterator[tuple[int, bytes]]:
    start = 0
    while rows := connection.execute(_CHUNKS, (run, name, start)).fetchall():
        row: Any
        for row in rows:
            yield row[0], bytes(row[1])
        start = rows[-1][0] + 1  # type: ignore[operator] # a bigint


def _take(connection: Connection, run: str, name: str, path: Path) -> None:
    if path.exists():
        if _is_same(connection, run, name, path):
            return
        raise LogUnreadable(f"{path} is there already, and is another output", hint="name another file")
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(opened(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            for start, chunk in _chunks(connection, run, name):
                file.seek(start)
                file.write(chunk)
            file.flush()
            DISK.fdatasync(file.fileno())
        os.link(part, path)
        DISK.fsync_dir(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _is_same(connection: Connection, run: str, name: str, path: Path) -> bool:
    end = 0
    with path.open("rb") as file:
        for start, chunk in _chunks(connection, run, name):
            file.seek(start)
            if file.read(len(chunk)) != chunk:
                return False
            end = max(end, start + len(chunk))
        return file.seek(0, os.SEEK_END) == end
