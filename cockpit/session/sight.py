"""What can be seen of a run's keeper from outside: its lock, which dies with it, and its beat, which stops with it.

Of a keeper on another host the run's database tells both. The log is not asked: a keeper that was killed said no
goodbye. Never raises; what cannot be seen does not count.
"""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path

from cockpit.audit.layout import keeper_beat, keeper_here, keeper_lock
from cockpit.audit.locks import holder_alive
from cockpit.audit.opening import content
from cockpit.run.commands import KeeperSight
from cockpit.run.events import Instant
from cockpit.run.refusals import KEEPER_SILENCE_S
from cockpit.run.state import RunState
from cockpit.session.elsewhere import BEATS, KEEPER, NOWHERE, Elsewhere
from cockpit.text import visible

_LIMIT_BYTES = 4096


def keeper_sight(
    run_dir: Path, now: Instant, elsewhere: Elsewhere = NOWHERE, last_epoch: int = 0, met_s: float = -math.inf
) -> KeeperSight:
    """Whether the keeper lives, and seconds since its last beat (infinite if none is known).

    `last_epoch`: of the last keeper that the log knows; 0: it knows none. `met_s`: when that was first read here, by
    the monotonic clock: a look from before says nothing of it.
    """
    here = _sight_here(run_dir, now)
    if here.alive or not elsewhere.is_there:
        return here
    is_elsewhere = last_epoch > 0 and not was_here(run_dir, last_epoch)
    match elsewhere.is_held(KEEPER, met_s):
        case True:
            silent_s = elsewhere.silent_s(BEATS)
            if elsewhere.is_held(BEATS) is not True:
                silent_s += KEEPER_SILENCE_S  # it let go of them only after so long
            return KeeperSight(alive=True, silent_s=silent_s, is_elsewhere=is_elsewhere)
        case None if is_elsewhere or here.is_hidden:
            silent_s = elsewhere.silent_s(KEEPER)
            return KeeperSight(alive=False, silent_s=silent_s, is_elsewhere=is_elsewhere, is_unknown=True)
        case _:
            silent_s = elsewhere.silent_s(KEEPER) if is_elsewhere else here.silent_s
            return KeeperSight(alive=False, silent_s=silent_s, is_elsewhere=is_elsewhere)


def was_here(run_dir: Path, epoch: int) -> bool:
    """Whether this keeper of a run that a database keeps began on this host, in this folder or a branch of it."""
    marks = [keeper_here(run_dir), *(keeper_here(branch) for branch in run_dir.glob("offline-*"))]
    for mark in marks:
        with suppress(OSError):
            if str(epoch) in content(mark, _LIMIT_BYTES).decode("ascii", "replace").split():
                return True
    return False


def left_on(run_dir: Path, state: RunState) -> str:
    """The host of the last keeper, of a run that a database keeps, if that was not this one; empty: it was, or none."""
    keeper = state.keeper
    return "" if keeper is None or was_here(run_dir, keeper.epoch) else keeper.host


def why_not_here(run_dir: Path, state: RunState, host: str) -> str:
    """Why no keeper may begin on this `host`, of a run that a database keeps; empty: one may."""
    keeper, left = state.keeper, left_on(run_dir, state)
    if keeper is None or keeper.moved_to == host:
        return ""
    if keeper.moved_to:
        return f"the run's keeper is to begin on {visible(keeper.moved_to)}"
    return f"the last keeper was on {visible(left)}: taking over from it needs a reason" if left else ""


def _sight_here(run_dir: Path, now: Instant) -> KeeperSight:
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
