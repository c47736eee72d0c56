"""How long a demo's system lives: until its run is over, or somebody or the time says stop.

What its processes and their launcher agree on is here: the names in the demo's folder, who says which run it is, and
that a run's keeper may end before the system under it does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from cockpit.audit import layout
from cockpit.audit.locks import holder_alive

READY, RUN, POSTGRES = "system.json", "run", "postgres"
"""Names in the folder: what the system says of itself, the path of the run's folder, the database server's data."""
LONGEST_S = 2 * 3600.0
_WAIT_FOR_RUN_S = 60.0
_WAIT_FOR_KEEPER_S = 5.0


class AtWork(Struct, frozen=True):
    """What every system says of itself, whatever else it says."""

    pid: int


def told_run(path: Path, is_stopped: Callable[[], bool]) -> Path | None:
    """Return the run's folder once `path` names it, or None if nobody says. Blocks."""
    give_up = time.monotonic() + _WAIT_FOR_RUN_S
    while time.monotonic() < give_up and not is_stopped():
        if run_dir := read_run(path):
            return run_dir
        time.sleep(0.05)
    return None


def read_run(path: Path) -> Path | None:
    """The run's folder as `path` names it, or None if it is not there yet."""
    return Path(path.read_text()) if path.exists() else None


def keeper_gone(run_dir: Path) -> None:
    """Wait for the run's keeper to end, so that its last readings are of a living system; not for ever. Blocks."""
    give_up = time.monotonic() + _WAIT_FOR_KEEPER_S
    while holder_alive(layout.keeper_lock(run_dir)) and time.monotonic() < give_up:
        time.sleep(0.05)


def write_whole(path: Path, content: bytes) -> None:
    """Make `path` appear whole."""
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.rename(path)
