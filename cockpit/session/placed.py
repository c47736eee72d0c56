"""A run on this host: where its profile's folder is here, and that it may lie where it lies.

Apart from making runs, which takes much more: each screen needs this.
"""

from __future__ import annotations

import os
from pathlib import Path

from cockpit.audit import accepting, places
from cockpit.audit.keeping import open_store
from cockpit.audit.layout import origin_path
from cockpit.audit.opening import content, opened
from cockpit.session.identity import actor

_ORIGIN_BYTES = 65536


def origin(run_dir: Path) -> Path | None:
    """The folder in which the profile's relative paths begin; None if this host never knew it."""
    try:
        raw = content(origin_path(run_dir), _ORIGIN_BYTES)
    except OSError:
        return None
    return Path(os.fsdecode(raw)) if raw else None


def write_origin(run_dir: Path, folder: Path) -> None:
    """Note where the profile's relative paths begin on this host, which does not know it yet. Raises OSError."""
    fd = opened(origin_path(run_dir), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    with os.fdopen(fd, "wb") as file:
        file.write(os.fsencode(folder))


def accept_place(run_dir: Path, reason: str) -> None:
    """Have a run go on, for this reason, that is on a file system which cannot be trusted. Elsewhere it does nothing.

    Raises LogError.
    """
    if places.doubt_of(run_dir) is None:
        return
    store = open_store(run_dir, despite_place=True)
    try:
        accepting.accept_place(store, run_dir, actor(), reason)
    finally:
        store.close()
