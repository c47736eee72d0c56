"""What an action leaves beside its output, so that its end is known also after the keeper died: `<action>.sql.json`.

Invariant: `running` is durable before anything is sent that acts, `committing`, with the transaction's id, before
COMMIT is sent. So a transaction of which the file says `running` was never committed. It holds no secret.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from cockpit.actions.runner import Ending
from cockpit.audit.opening import content, make_folder, opened

_LIMIT_BYTES = 16 << 20


class Kept(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far an action came."""

    stage: Literal["connecting", "running", "committing", "ended"]
    transaction: bool = True
    rehearsal: bool = False
    statement: int = 0
    """The one under way; kept only without a transaction."""
    of: int = 0
    pid: int = 0
    """Of the server process, with the time it began: together they are never used twice."""
    backend_start: str = ""
    xid: str = ""
    """Of the transaction (8 bytes, decimal); empty: it could not write."""
    timeline: str = ""
    """Of the server when COMMIT was sent; another one later means that a standby took over."""
    system_identifier: str = ""
    ending: Ending | None = None


def kept_path(run_dir: Path, action: str) -> Path:
    """Where it is kept."""
    return run_dir / "outputs" / f"{action}.sql.json"


def keep(path: Path, kept: Kept, *, durable: bool = True) -> None:
    """Replace what is kept, whole or not at all. Blocking. Raises OSError."""
    make_folder(path.parent)
    new = path.with_name(path.name + ".new")
    fd = opened(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with os.fdopen(fd, "wb") as file:
        file.write(msgspec.json.encode(kept))
        file.flush()
        if durable:
            os.fsync(file.fileno())
    new.replace(path)
    if durable:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def recall(path: Path) -> Kept | None:
    """What is kept; None if there is nothing, or nothing that can be read."""
    try:
        return msgspec.json.decode(content(path, _LIMIT_BYTES), type=Kept)
    except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors, UnicodeDecodeError too
        return None
