"""The folder of runs, and listing what is in it.

Invariant: listing reads the beginning and the end of each log and folds nothing; it shows a damaged run as damaged and
never raises for one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from msgspec import Struct

from cockpit.audit.chain import Chain
from cockpit.audit.layout import keeper_lock, log_path
from cockpit.audit.line import FIRST_LIMIT_BYTES, decode, event_of, open_envelope
from cockpit.audit.locks import holder_alive
from cockpit.audit.moved import branch_of, place_now
from cockpit.audit.reading import require_readable
from cockpit.errors import LogError, LogTooNew, RunError
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Event, RunAborted, RunFinished, RunStarted
from cockpit.run.people import name_of
from cockpit.run.wording import sentence

_END_BYTES = 256 * 1024
_FACT, _BEGINNING = b'"class":"fact"', 256
"""Stands in the first bytes of a line that is a fact."""
_ENDINGS = (b'"type":"run.finished"', b'"type":"run.aborted"')
"""Stands there in the line that ends a run."""


class RunSummary(Struct, frozen=True, kw_only=True):
    """A run in a list. A damaged one has a `problem` and little else."""

    run: str
    run_dir: Path
    status: Literal["live", "finished", "aborted", "damaged"]
    profile_id: str = ""
    environment: str = ""
    title: str = ""
    is_rehearsal: bool = False
    user: str = ""
    """Who started it."""
    began: datetime | None = None
    last: datetime | None = None
    """The last fact."""
    ended: datetime | None = None
    """None: it is live."""
    duration_s: float = 0.0
    """Until its end; of a live one until its last fact."""
    last_sentence: str = ""
    has_keeper: bool | None = False
    """Its keeper lives on this host now; None: this user may read the run's log, and not look at its locks."""
    problem: str = ""
    """What is wrong with its log, as far as its beginning and end show it."""


def runs_folder(environ: Mapping[str, str] | None = None) -> Path:
    """`$COCKPIT_RUNS`, else `$XDG_STATE_HOME/cockpit/runs`, else `~/.local/state/cockpit/runs`; absolute."""
    environ = os.environ if environ is None else environ
    named = environ.get("COCKPIT_RUNS")
    if named:
        return Path(named).expanduser().absolute()
    state = environ.get("XDG_STATE_HOME", "")
    # The XDG base directory specification: a relative path is to be ignored.
    home = Path(state) if os.path.isabs(state) else Path.home() / ".local" / "state"
    return home / "cockpit" / "runs"


def list_runs(folder: Path | None = None) -> list[RunSummary]:
    """Every run in the folder, where it is walked now, newest first. An absent folder holds none.

    Raises RunError if it cannot be read.
    """
    folder = folder or runs_folder()
    return [summary(place_now(folder / name)) for name in run_names(folder)]


def run_names(folder: Path | None = None) -> list[str]:
    """The names of the runs' folders, newest first: an id begins with its time. Raises RunError as `list_runs`."""
    folder = folder or runs_folder()
    try:
        return sorted((entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)), reverse=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"the runs in {folder} cannot be listed: {error.strerror}") from error


def live_runs(profile_id: str, environment: str, folder: Path | None = None) -> list[RunSummary]:
    """Live runs of the same profile and environment, newest first: to be joined, or started beside with a reason."""
    return [
        run
        for run in list_runs(folder)
        if run.status == "live" and (run.profile_id, run.environment) == (profile_id, environment)
    ]


def summary(run_dir: Path, log: Path | None = None) -> RunSummary:
    """One run, by the beginning and the end of its log (`log`, where that lies elsewhere). Never raises."""
    try:
        first, last, end, problem = _ends(log or log_path(run_dir))
        body = first.body
        if not isinstance(body, RunStarted):
            return _damaged(run_dir, "its first line is not the start of a run")
    except LogError as error:
        return _damaged(run_dir, str(error))
    except OSError as error:
        return _damaged(run_dir, f"its log cannot be read: {error.strerror}")
    status: Literal["live", "finished", "aborted"] = "live"
    if end is not None:
        status = "finished" if isinstance(end.body, RunFinished) else "aborted"
    return RunSummary(
        run=(branch_of(run_dir) or run_dir).name,
        run_dir=run_dir,
        status=status,
        profile_id=body.profile.id,
        environment=body.profile.environment,
        title=body.profile.title,
        is_rehearsal=body.rehearsal,
        user=name_of(first.actor),
        began=first.instant.at,
        last=last.instant.at,
        ended=end.instant.at if end is not None else None,
        duration_s=elapsed_s(first.instant, (end or last).instant),
        last_sentence=sentence(last),
        has_keeper=_has_keeper(run_dir),
        problem=problem,
    )


def _ends(path: Path) -> tuple[Event, Event, Event | None, str]:
    """The first event, the last fact, the one that ended the run, and what is wrong with the end of the file.

    Of the last part of the file, only what is asked for is decoded.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    with open(fd, "rb") as file:
        require_readable(fd, path)
        raw = file.readline(FIRST_LIMIT_BYTES + 1)
        if not raw.endswith(b"\n"):
            raise LogError("its first line was never written whole" if raw else "its log is empty: no run began in it")
        first = event_of(Chain().examine(raw[:-1]), line=1)
        start = max(file.tell(), os.fstat(fd).st_size - _END_BYTES)
        file.seek(start)
        part = file.read()
    # What follows the last newline is no line yet; what precedes the first one is a part of one.
    part = part[0 if start == len(raw) else part.find(b"\n") + 1 : part.rfind(b"\n") + 1]
    last = next((event for line in _backwards(part, _FACT) if (event := _event(line)) is not None), first)
    endings = [event for type_ in _ENDINGS for line in _backwards(part, type_) if (event := _event(line)) is not None]
    ends = [event for event in endings if isinstance(event.body, RunFinished | RunAborted)]
    return first, last, max(ends, key=lambda event: event.seq, default=None), _trouble_at_end(part)


def _backwards(part: bytes, wanted: bytes) -> Iterator[bytes]:
    """The lines that have this in their first bytes, the last one first; the others are not even cut apart."""
    before = len(part)
    while (place := part.rfind(wanted, 0, before)) >= 0:
        before = part.rfind(b"\n", 0, place) + 1
        if wanted in part[before : before + _BEGINNING]:  # and not only where a text holds it
            yield part[before : part.find(b"\n", place)]


def _trouble_at_end(part: bytes) -> str:
    try:
        if part:
            open_envelope(part[part.rfind(b"\n", 0, len(part) - 1) + 1 :])
    except LogTooNew as error:
        return f"its end cannot be read: {error}"
    except LogError:
        return "its last line is no event; see: cockpit verify"
    return ""


def _event(line: bytes) -> Event | None:
    try:
        return decode(line)
    except LogError:  # torn and stepped over, or from a newer version: opening the run tells which
        return None


def _damaged(run_dir: Path, problem: str) -> RunSummary:
    return RunSummary(run=run_dir.name, run_dir=run_dir, status="damaged", problem=problem)


def _has_keeper(run_dir: Path) -> bool | None:
    try:
        return holder_alive(keeper_lock(run_dir))
    except PermissionError:
        return None
    except OSError:
        return False


def called(run_dir: Path) -> str:
    """What a command finds this run by: its id, or its folder where it is not among the others."""
    run_dir = branch_of(run_dir) or run_dir
    return run_dir.name if run_dir.parent == runs_folder() else str(run_dir)
