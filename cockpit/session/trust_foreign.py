"""Whether somebody else began a run, or another host: then its profile is not one that was confirmed here.

Invariant: what a log says of its own beginning is not enough, since whoever can write into a database of runs can write
any name there. A run that began here has the note in its folder of where its profile lay, which no database holds.

Cheap: a screen asks this before its first paint.
"""

from __future__ import annotations

from pathlib import Path

from cockpit.audit.layout import log_path, origin_path
from cockpit.audit.tail import Tail
from cockpit.errors import LogError
from cockpit.run.events import Event, RunStarted
from cockpit.session.identity import account


def foreign(run_dir: Path) -> RunStarted | None:
    """How a run began, if another user or another host began it; None if it began here, or never. Never raises."""
    first = _first(run_dir)
    if first is None or not isinstance(first.body, RunStarted):
        return None
    here = account()
    is_claimed = (first.actor.user, first.actor.host) == (here.user, here.host)
    return None if is_claimed and origin_path(run_dir).exists() else first.body


def _first(run_dir: Path) -> Event | None:
    try:
        tail = Tail(log_path(run_dir), is_waited_for=False)
    except (LogError, OSError):
        return None
    try:
        entries = tail.read()
        return entries[0].event if entries else None
    except (LogError, OSError):
        return None
    finally:
        tail.close()
