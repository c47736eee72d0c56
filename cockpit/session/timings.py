"""How long steps took in earlier runs and rehearsals of the same profile: the medians that a new run's forecast uses.

Invariant: it reads at most so many logs and bytes, changes nothing, and whatever is wrong with an old log costs that
log only. Nothing is verified: a forecast decides nothing.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from cockpit.audit.layout import log_path
from cockpit.audit.line import FIRST_LIMIT_BYTES, decode
from cockpit.errors import LogError
from cockpit.run.events import RunStarted
from cockpit.run.evolve import evolve
from cockpit.run.pace import did_its_work, is_of_the_work
from cockpit.run.state import EMPTY, RunState

NEWEST = 20
"""Runs that count."""
_LOOKED_AT = 400
"""Folders that are looked into for them."""
_BUDGET_BYTES = 256 << 20
"""Of logs, all together: about a second."""
_FACT, _BEGINNING = b'"class":"fact"', 256
"""Stands in the first bytes of a line that is a fact."""


class Timings(Struct, frozen=True):
    """Seconds by step, and of how many runs, at most."""

    medians: dict[str, float] = {}
    runs: int = 0


def earlier_timings(profile_id: str, steps: Collection[str], folder: Path) -> Timings:
    """The medians of the newest finished runs and rehearsals of the profile in `folder`, whatever the environment.

    Only steps of the window's work that were confirmed count, and of a rehearsal only what did its work (people's, or
    SQL that was rolled back): what was merely shown, or waited for its day, says nothing of how long it takes.
    """
    taken: dict[str, list[float]] = {}
    counted = 0
    for state in _finished(profile_id, folder):
        durations = {
            step_id: state.steps[step_id].spent_s
            for step_id in state.steps.keys() & set(steps)
            if did_its_work(state.steps[step_id]) and is_of_the_work(state, step_id)
        }
        for step_id, took_s in durations.items():
            taken.setdefault(step_id, []).append(took_s)
        counted += bool(durations)
        if counted >= NEWEST:
            break
    return Timings({step: round(statistics.median(times), 1) for step, times in sorted(taken.items())}, counted)


def _finished(profile_id: str, folder: Path) -> Iterator[RunState]:
    """The folded runs, newest first."""
    left = _BUDGET_BYTES
    for name in _newest_names(folder)[:_LOOKED_AT]:
        path = log_path(folder / name)
        try:
            size = path.stat().st_size
            if size > left or not _is_of(path, profile_id):
                continue
            left -= size
            state = _folded(path)
        except (OSError, LogError):
            continue
        if state.status == "finished":
            yield state


def _newest_names(folder: Path) -> list[str]:
    try:
        # A run's id begins with its time.
        return sorted((each.name for each in os.scandir(folder) if each.is_dir(follow_symlinks=False)), reverse=True)
    except OSError:
        return []


def _is_of(path: Path, profile_id: str) -> bool:
    with _opened(path) as lines:
        raw = lines.readline(FIRST_LIMIT_BYTES + 1)
    if f'"id":"{profile_id}"'.encode() not in raw:  # decoding a whole profile takes milliseconds
        return False
    body = decode(raw, line=1).body
    return isinstance(body, RunStarted) and body.profile.id == profile_id


def _folded(path: Path) -> RunState:
    state = EMPTY
    with _opened(path) as lines:
        for line in lines:
            if _FACT in line[:_BEGINNING]:
                with suppress(LogError):  # torn, and stepped over by whoever appended next
                    state = _after(state, line)
    return state


def _after(state: RunState, line: bytes) -> RunState:
    event = decode(line)
    try:
        return evolve(state, event)
    except Exception as error:  # facts in an order that no cockpit writes: this log is left out, whatever it raised
        raise OSError(f"the log cannot be folded: {type(error).__name__}") from error


def _opened(path: Path) -> BinaryIO:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)  # a FIFO would never open
    return open(fd, "rb")
