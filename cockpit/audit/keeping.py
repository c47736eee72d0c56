"""What keeps a run: its folder alone, or a database of which the folder holds a copy.

Invariant: whoever appends opens the store here. A copy is never appended to as if it were the log.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

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


def open_store(run_dir: Path) -> Store:
    """The run's store, open for appending. Raises LogError; StoreAway if it is a database that is away."""
    return open_mirrored(run_dir) if dsn_of(run_dir) else FileStore.open(run_dir)


def open_mirrored(run_dir: Path) -> MirroredStore:
    """The store of a run that a database keeps, with the copy here brought up to date. Raises LogError, StoreAway."""
    from cockpit.audit import places
    from cockpit.audit.postgres.mirrored import MirroredStore

    places.require_run(run_dir)
    return MirroredStore.open(dsn_of(run_dir), run_dir.name, run_dir)
