"""What can be seen of a run's keeper from outside: its lock, which dies with it, and its beat, which stops with it.

The log is not asked: a keeper that was killed said no goodbye. Never raises; what cannot be seen does not count.
"""

from __future__ import annotations

import math
from pathlib import Path

from cockpit.audit.layout import keeper_beat, keeper_lock
from cockpit.audit.locks import holder_alive
from cockpit.audit.opening import content
from cockpit.run.commands import KeeperSight
from cockpit.run.events import Instant

_LIMIT_BYTES = 4096


def keeper_sight(run_dir: Path, now: Instant) -> KeeperSight:
    """Whether the keeper lives, and seconds since its last beat (infinite if none is known)."""
    is_alive = is_hidden = False
    try:
        is_alive = holder_alive(keeper_lock(run_dir))
    except PermissionError:
        is_hidden = True
    except OSError:
        pass  # a lock that cannot be looked at vouches for nothing
    return KeeperSight(alive=is_alive, silent_s=_silent_s(run_dir, now), is_hidden=is_hidden)


def keeper_process(run_dir: Path) -> tuple[int, int]:
    """Epoch and process id of whoever beat last; zeros if nobody did. Whether it still lives, `keeper_sight` says."""
    beat = _last_beat(run_dir)
    return (beat[0], beat[1]) if beat else (0, 0)


def _silent_s(run_dir: Path, now: Instant) -> float:
    beat = _last_beat(run_dir)
    # A beat from the future is one from before a reboot: CLOCK_MONOTONIC starts anew.
    return now.mono - beat[2] if beat and beat[2] <= now.mono + 0.1 else math.inf


def _last_beat(run_dir: Path) -> tuple[int, int, float] | None:
    try:
        epoch, pid, mono = content(keeper_beat(run_dir), _LIMIT_BYTES).decode("ascii").split()
        return int(epoch), int(pid), float(mono)
    except (OSError, ValueError):
        return None
