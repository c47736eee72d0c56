"""Whether somebody else began a run, or another host: then its profile is not one that was confirmed here.

Invariant: what a log says of its own beginning is not enough, nor what lies in its folder: whoever can write into a
database of runs, or packs a folder that is unpacked here, can write any name there. A run that began here is noted
elsewhere (`begun`), with the digest of its first line.

Cheap: a screen asks this before its first paint.
"""

from __future__ import annotations

import os
from pathlib import Path

from cockpit.audit.layout import log_path, origin_path
from cockpit.audit.opening import content
from cockpit.audit.tail import Entry, Tail
from cockpit.errors import LogError
from cockpit.run.events import RunStarted
from cockpit.session.begun import LIMIT_BYTES, began_in, has_begun_here
from cockpit.session.identity import account


def foreign(run_dir: Path) -> RunStarted | None:
    """How a run began, if another user or another host began it; None if it began here, or never. Never raises."""
    first = first_line(run_dir)
    if first is None or not isinstance(first.event.body, RunStarted):
        return None
    by, here = first.event.actor, account()
    is_claimed = (by.user, by.host) == (here.user, here.host)
    return None if is_claimed and has_begun_here(first.event.run, first.digest) else first.event.body


def led_elsewhere(run_dir: Path) -> tuple[Path, Path] | None:
    """The folder of its profile as the run's own folder says, and as was noted when it began here, if they differ.

    A group that shares a run can write there, and the folder decides which scripts are run. Never raises.
    """
    first = first_line(run_dir)
    noted = None if first is None else began_in(first.event.run, first.digest)
    if noted is None:
        return None
    try:
        said = Path(os.fsdecode(content(origin_path(run_dir), LIMIT_BYTES)))
    except OSError:  # then nothing relative is found
        return None
    return (said, noted) if said != noted else None


def first_line(run_dir: Path) -> Entry | None:
    """With what a log begins; None if that cannot be read."""
    try:
        tail = Tail(log_path(run_dir), is_waited_for=False)
    except (LogError, OSError):
        return None
    try:
        entries = tail.read()
        return entries[0] if entries else None
    except (LogError, OSError):
        return None
    finally:
        tail.close()
