"""The folder of runs: making one, listing them, finding the one that is meant.

Invariant: a run exists once its first line is durable; whatever fails before that leaves nothing behind. Listing reads
the beginning and the end of each log and folds nothing; it shows a damaged run as damaged and never raises for one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

import cockpit
from cockpit.actions.files import digests, files_of
from cockpit.audit import accepting, clock, ids, places
from cockpit.audit.chain import Chain
from cockpit.audit.files import FileStore
from cockpit.audit.layout import keeper_lock, log_path, origin_path
from cockpit.audit.line import FIRST_LIMIT_BYTES, decode, draft, event_of, open_envelope
from cockpit.audit.locks import holder_alive
from cockpit.audit.opening import content, opened
from cockpit.errors import ActionError, LogError, LogTooNew, PlaceRefused, RunError, StoreFailed
from cockpit.profile.freezing import frozen
from cockpit.profile.kinds import Kinds, installed
from cockpit.profile.titles import titled
from cockpit.profile.window import resolve_window
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Event, RunAborted, RunFinished, RunStarted, SourceFile
from cockpit.run.wording import sentence
from cockpit.session.identity import actor
from cockpit.session.timings import earlier_timings
from cockpit.text import visible

if TYPE_CHECKING:  # loading a profile brings CEL and TOML positions, which a screen never needs
    from cockpit.profile.load import Loaded

_END_BYTES = 256 * 1024
_LISTED = 5
_FACT, _BEGINNING = b'"class":"fact"', 256
"""Stands in the first bytes of a line that is a fact."""
_ENDINGS = (b'"type":"run.finished"', b'"type":"run.aborted"')
"""Stands there in the line that ends a run."""
_ORIGIN_BYTES = 65536


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
    has_keeper: bool = False
    """Its keeper lives on this host now."""
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


def create_run(
    loaded: Loaded,
    values: Mapping[str, str],
    *,
    despite: Mapping[str, str] | None = None,
    folder: Path | None = None,
    kinds: Kinds | None = None,
    rehearsal: bool = False,
    rehearsal_reason: str = "",
    despite_place: str = "",
) -> Path:
    """Start a run of a profile: its folder (0700), with `run.started` durable in the log. Returns the folder.

    `values` are the variables that are not secret; `despite` gives the reason for each live run of the same profile;
    `rehearsal_reason` says why a production target is rehearsed against; `despite_place` why it is kept on a file
    system that cannot be trusted. The files that its steps name are fixed now. Raises PlaceRefused; RunError with one
    sentence if one of those files cannot be read, or if the run cannot be kept there; then nothing of it is left.
    """
    folder = folder or runs_folder()
    started_by, now = actor(), clock.now()
    run_dir = folder / ids.new_id()
    try:
        body = replace(
            _run_started(loaded, values, dict(despite or {}), kinds or installed(), now.at),
            rehearsal=rehearsal,
            rehearsal_reason=visible(rehearsal_reason.strip()),
            files=_fixed(loaded),
            **_expected(loaded, folder),
        )
        store = FileStore.create(run_dir, run_dir.name, despite_place=bool(despite_place.strip()))
        try:
            _write_origin(run_dir, loaded)
            store.append(0, draft(body, started_by, now))
            accepting.accept_place(store, run_dir, started_by, despite_place)
        finally:
            store.close()
    except PlaceRefused:
        shutil.rmtree(run_dir, ignore_errors=True)
        raise
    except (LogError, OSError) as error:
        # Only this run's own folder, made a moment ago and never acknowledged.
        shutil.rmtree(run_dir, ignore_errors=True)
        raise _not_created(folder, error) from error
    return run_dir


def _run_started(
    loaded: Loaded, values: Mapping[str, str], despite: dict[str, str], kinds: Kinds, now: datetime
) -> RunStarted:
    profile = loaded.profile
    window = resolve_window(profile.window, now) if profile.window else (None, None)
    beside = os.path.dirname(os.path.abspath(loaded.sources[-1].name))
    used = sorted({probe.kind for probe in profile.probes} & kinds.probes.keys())
    return RunStarted(
        profile=titled(frozen(profile, kinds), values),
        profile_digest=loaded.digest,
        sources=tuple(
            SourceFile(name=visible(os.path.relpath(source.name, beside)), digest=source.digest, toml=source.toml)
            for source in loaded.sources
        ),
        variables=dict(values),
        probe_facts={kind: {fact.name: fact.unit for fact in kinds.probes[kind].facts} for kind in used},
        cockpit_version=cockpit.__version__,
        window_start=window[0],
        window_end=window[1],
        despite={run: visible(reason.strip()) for run, reason in despite.items()},
    )


def _fixed(loaded: Loaded) -> dict[str, str]:
    """The digests of the files that steps name, in the order of the walk."""
    named = dict.fromkeys(name for _, step in loaded.profile.every_step() for name in files_of(step))
    try:
        return digests(named, Path(os.path.dirname(os.path.abspath(loaded.sources[-1].name))))
    except ActionError as error:
        raise RunError(
            f"the run cannot begin: {error}", hint="a step names it, and its content is fixed at the start"
        ) from error


def _expected(loaded: Loaded, folder: Path) -> dict[str, Any]:
    """How long steps took before."""
    known = earlier_timings(loaded.profile.id, {step.id for _, step in loaded.profile.every_step()}, folder)
    return {"medians": known.medians, "earlier_runs": known.runs}


def accept_place(run_dir: Path, reason: str) -> None:
    """Have a run go on, for this reason, that is on a file system which cannot be trusted. Elsewhere it does nothing.

    Raises LogError.
    """
    if places.doubt_of(run_dir) is None:
        return
    store = FileStore.open(run_dir, despite_place=True)
    try:
        accepting.accept_place(store, run_dir, actor(), reason)
    finally:
        store.close()


def _write_origin(run_dir: Path, loaded: Loaded) -> None:
    where = os.path.dirname(os.path.abspath(loaded.sources[-1].name))
    fd = opened(origin_path(run_dir), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    with os.fdopen(fd, "wb") as file:
        file.write(os.fsencode(where))


def _not_created(folder: Path, error: LogError | OSError) -> RunError:
    if isinstance(error, StoreFailed):
        hint = error.hint if not error.hint.startswith("nothing more") else "free space there, or set COCKPIT_RUNS"
        return RunError(error.message, hint=hint)
    if isinstance(error, LogError):
        return RunError(error.message, hint=error.hint)
    return RunError(
        f"the run cannot be kept in {folder}: {error.strerror or error}",
        hint="name a folder that you can write to in COCKPIT_RUNS",
    )


def origin(run_dir: Path) -> Path | None:
    """The folder in which the profile's relative paths begin; None if this host never knew it."""
    try:
        raw = content(origin_path(run_dir), _ORIGIN_BYTES)
    except OSError:
        return None
    return Path(os.fsdecode(raw)) if raw else None


# ---- listing -----------------------------------------------------------------------------------------------------


def list_runs(folder: Path | None = None) -> list[RunSummary]:
    """Every run in the folder, newest first. An absent folder holds none. Raises RunError if it cannot be read."""
    folder = folder or runs_folder()
    return [summary(folder / name) for name in run_names(folder)]


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
        run=run_dir.name,
        run_dir=run_dir,
        status=status,
        profile_id=body.profile.id,
        environment=body.profile.environment,
        title=body.profile.title,
        is_rehearsal=body.rehearsal,
        user=first.actor.user,
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


def _has_keeper(run_dir: Path) -> bool:
    try:
        return holder_alive(keeper_lock(run_dir))
    except OSError:
        return False


def called(run_dir: Path) -> str:
    """What a command finds this run by: its id, or its folder where it is not among the others."""
    return run_dir.name if run_dir.parent == runs_folder() else str(run_dir)


# ---- finding -----------------------------------------------------------------------------------------------------


def find_run(token: str | None = None, folder: Path | None = None) -> Path:
    """The run meant by an id, the unique beginning of one, or a path to its folder or log.

    Without a token: the only live run; of several the only one that this user started; if none is live, the newest of
    this user's. Raises RunError, which lists what was to choose from.
    """
    folder = folder or runs_folder()
    if token is None:
        return _likely(list_runs(folder), folder)
    path = Path(token)
    if log_path(path).exists():
        return path.absolute()
    if path.name == log_path(path).name and path.exists():
        return path.absolute().parent
    fitting = [run for run in list_runs(folder) if token and run.run.upper().startswith(token.upper())]
    if len(fitting) == 1:
        return fitting[0].run_dir
    if fitting:
        raise RunError(
            f"{len(fitting)} runs begin with {visible(token)}: {_names(fitting)}", hint="give more of the id"
        )
    raise RunError(f"there is no run {visible(token)} in {folder}", hint="see them with: cockpit runs")


def _likely(runs: list[RunSummary], folder: Path) -> Path:
    live = [run for run in runs if run.status == "live"]
    user = actor().user
    own_live = [run for run in live if run.user == user]
    if len(live) == 1:
        return live[0].run_dir
    if len(own_live) == 1:
        return own_live[0].run_dir
    if live:
        raise RunError(f"{len(live)} runs are live: {_names(live)}", hint="give the id of one of them")
    own = [run for run in runs if run.user == user]
    if own:
        return own[0].run_dir
    raise RunError(f"there is no run in {folder}", hint="start one with: cockpit run FILE")


def _names(runs: list[RunSummary]) -> str:
    shown = [f"{run.run} ({run.profile_id} {run.environment}, {run.user})" for run in runs[:_LISTED]]
    return ", ".join(shown) + (", …" if len(runs) > _LISTED else "")
