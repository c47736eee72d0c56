"""What keeps a run: its folder alone, or a database of which the folder holds a copy.

Invariant: whoever appends opens the store here. A copy is never appended to as if it were the log.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.audit import places
from cockpit.audit.files import FileStore
from cockpit.audit.layout import store_path
from cockpit.audit.opening import content, opened
from cockpit.audit.store import Store
from cockpit.errors import LogUnreadable, StoreFailed

if TYPE_CHECKING:  # a driver, which runs in files never need
    from cockpit.audit.postgres.mirrored import MirroredStore

_LIMIT_BYTES = 16384


def dsn_of(run_dir: Path) -> str:
    """The database that keeps the run; empty if its folder does. Raises LogUnreadable if that cannot be told."""
    try:
        return content(store_path(run_dir), _LIMIT_BYTES).decode("utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise LogUnreadable(f"which database keeps this run cannot be read in {store_path(run_dir)}: {why}") from error


def note_store(run_dir: Path, dsn: str) -> None:
    """From now on the log in this folder is the copy of a run in that database. Raises StoreFailed."""
    try:
        fd = opened(store_path(run_dir), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(dsn + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreFailed(f"{store_path(run_dir)} cannot be written: {error.strerror}") from error


def open_store(run_dir: Path, *, despite_place: bool = False) -> Store:
    """The run's store, open for appending. Raises LogError; StoreAway if it is a database that is away."""
    if dsn_of(run_dir):
        return open_mirrored(run_dir, despite_place=despite_place)
    return FileStore.open(run_dir, despite_place=despite_place)


def open_mirrored(run_dir: Path, *, despite_place: bool = False) -> MirroredStore:
    """The store of a run that a database keeps, with the copy here brought up to date. Raises LogError, StoreAway."""
    from cockpit.audit.postgres.mirrored import MirroredStore

    places.require_run(run_dir, despite=despite_place)
    return MirroredStore.open(dsn_of(run_dir), run_dir.name, run_dir)


def create_store(run_dir: Path, dsn: str = "", *, despite_place: bool = False) -> Store:
    """A new run's folder and store, in which the first append writes line 1. Raises PlaceRefused, LogError."""
    if not dsn:
        return FileStore.create(run_dir, run_dir.name, despite_place=despite_place)
    from cockpit.audit.postgres.connecting import without_password
    from cockpit.audit.postgres.mirrored import MirroredStore

    store = MirroredStore.create(without_password(dsn), run_dir.name, run_dir, despite_place=despite_place)
    try:
        note_store(run_dir, dsn)
    except BaseException:
        store.close()
        raise
    return store


def copy_run(dsn: str, run: str, folder: Path) -> Path:
    """This host's copy of a run that is in a database, made or brought up to date: its folder. Raises LogError."""
    from cockpit.audit.postgres.connecting import without_password
    from cockpit.audit.postgres.mirror import start_mirror
    from cockpit.audit.postgres.store import PostgresStore

    run_dir = folder / run
    if not run_dir.exists():
        PostgresStore.open(without_password(dsn), run).close()  # nothing is made here for a run that is not there
        start_mirror(run_dir, run)
        note_store(run_dir, dsn)
    elif not dsn_of(run_dir):
        raise StoreFailed(
            f"{run_dir} is a run of its own, and no copy of the one in the database",
            hint="set COCKPIT_RUNS to another folder",
        )
    open_mirrored(run_dir).close()
    return run_dir
