"""What can be seen of a run's keeper from outside: its lock, which dies with it, and its beat, which stops with it.

The log is not asked: a keeper that was killed said no goodbye. Never raises; what cannot be seen does not count.
"""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

from cockpit.audit.layout import keeper_beat, keeper_lock
from cockpit.audit.locks import holder_alive
from cockpit.run.commands import KeeperSight
from cockpit.run.events import Instant


def keeper_sight(run_dir: Path, now: Instant) -> KeeperSight:
    """Whether the keeper lives, and seconds since its last beat (infinite if none is known)."""
    is_alive = False
    with contextlib.suppress(OSError):  # a lock that cannot be looked at vouches for nothing
        is_alive = holder_alive(keeper_lock(run_dir))
    return KeeperSight(alive=is_alive, silent_s=_silent_s(run_dir, now))


def _silent_s(run_dir: Path, now: Instant) -> float:
    try:
        epoch_pid_mono = keeper_beat(run_dir).read_text(encoding="ascii").split()
        beat_mono = float(epoch_pid_mono[2])
    except (OSError, ValueError, IndexError):
        return math.inf
    # A beat from the future is one from before a reboot: CLOCK_MONOTONIC starts anew.
    return now.mono - beat_mono if beat_mono <= now.mono + 0.1 else math.inf
