"""What a paper needs from beside its fold: the log as far as it counts, and files that lie where they lay.

Invariant: everything is opened for reading alone, nothing is waited for, and what cannot be read becomes a sentence. A
log that is damaged somewhere gives all that counts before that.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from cockpit.actions.shim.record import is_alive, read_exit, read_status
from cockpit.audit.layout import action_exit, action_log, action_status, continued_mark
from cockpit.audit.line import Head
from cockpit.audit.opening import opened
from cockpit.audit.poison import Poison, cause
from cockpit.audit.tail import Tail
from cockpit.errors import LogError
from cockpit.report.paper.sheet import Content
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY, RunState
from cockpit.text import visible

_TEXT_BYTES = 256 * 1024
_LAST_BYTES = 2048
_LAST_LINES = 5


class Log(Struct, frozen=True):
    """A log as far as it counts."""

    path: Path
    state: RunState
    head: Head | None
    troubles: tuple[str, ...]


def read_log(path: Path) -> Log:
    """Fold a run's folder, or a log file of any name. Raises LogUnreadable if it cannot be opened at all."""
    tail, state, troubles = Tail(path, is_waited_for=False), EMPTY, list[str]()
    try:
        while entries := tail.read():
            for entry in entries:
                state = evolve(state, entry.event)
    except (LogError, OSError) as error:
        troubles.append(str(error))
    else:
        if tail.uncounted is not None:
            troubles.append(f"the last lines do not count: {tail.uncounted}")
        elif not tail.run:
            troubles.append("it holds no complete line")
    head = tail.head
    tail.close()
    if path.is_dir():
        troubles += _marks(path)
    return Log(tail.path, state, head, tuple(troubles))


def _marks(run_dir: Path) -> list[str]:
    """What was left beside a log that is not written any more."""
    told = []
    if reason := Poison(run_dir).reason:
        told.append(f"it is not written any more: {reason}")
    try:
        told.append(f"the run goes on elsewhere, print that one: {visible(os.readlink(continued_mark(run_dir)))}")
    except OSError:
        return told
    return told


# ---- files that steps name ---------------------------------------------------------------------------------------


def contents(names: Iterable[str], base_dir: Path | None) -> dict[str, Content]:
    """Each file as it is now."""
    return {name: _content(name, base_dir) for name in names}


def _content(name: str, base_dir: Path | None) -> Content:
    if base_dir is None:
        return Content(problem="where the profile's files lie is not known here")
    try:
        fd = os.open(base_dir / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        return Content(problem=f"{base_dir / name}: {cause(error) if isinstance(error, OSError) else error}")
    with open(fd, "rb") as file:
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return Content(problem="it is no regular file")
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = os.fstat(fd).st_size
            if size > _TEXT_BYTES:
                return Content(sha256=digest, problem=f"it has {size} bytes, too many for paper")
            file.seek(0)
            return Content(sha256=digest, text=file.read(_TEXT_BYTES).decode("utf-8", "replace"))
        except OSError as error:
            return Content(problem=cause(error))


# ---- what runs -----------------------------------------------------------------------------------------------------


def traces(state: RunState, run_dir: Path) -> dict[str, tuple[str, ...]]:
    """What the files of each action tell whose end the log does not have."""
    found = [step.action for step in state.steps.values() if step.action is not None]
    wanted = {each.action: each.home for each in found if each.is_under_way or each.status == "unknown"}
    return {
        action: tuple(_trace(Path(home) if home else run_dir, action))
        for action, home in wanted.items()
        if action.isalnum()
    }


def _trace(run_dir: Path, action: str) -> list[str]:
    told = []
    try:
        status = read_status(str(action_status(run_dir, action)))
        end = read_exit(str(action_exit(run_dir, action)))
    except OSError as error:
        return [f"its files cannot be read: {cause(error)}"]
    if status is not None and status.pid:
        since = f"{datetime.fromtimestamp(status.at, UTC):%Y-%m-%d %H:%M:%S} UTC"
        lives = "which lives" if is_alive(status) else "which does NOT live any more (or is on another host)"
        child = f"process {status.child}" if status.child else "a process that had not started"
        told.append(f"{child} under shim {status.pid}, {lives}; started {since}")
    if end is not None:
        how = f"exit code {end.code}" if end.code is not None else f"signal {end.signal}"
        told.append(f"its shim says how it ended, which no keeper has read: {end.refused or how}")
    elif status is None:
        told.append("no shim left a trace of it here")
    return told + _last_output(action_log(run_dir, action))


def _last_output(path: Path) -> list[str]:
    try:
        with os.fdopen(opened(path, os.O_RDONLY), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - _LAST_BYTES))
            lines = file.read(_LAST_BYTES).decode("utf-8", "replace").splitlines()
            at = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
    except OSError:
        return []
    last = [visible(line) for line in lines if line.strip()][-_LAST_LINES:]
    return [f"it last wrote at {at:%Y-%m-%d %H:%M:%S} UTC, {size} bytes in all:", *last] if last else []
