"""Making a run.

Invariant: a run exists once its first line is durable; whatever fails before that leaves nothing behind.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict, replace

import cockpit
from cockpit.actions.files import digests, files_of
from cockpit.audit import accepting, clock, ids
from cockpit.audit.keeping import create_store
from cockpit.audit.line import GENESIS, Draft, draft
from cockpit.audit.store import Conflict, Store, Unknown
from cockpit.errors import ActionError, LogError, PlaceRefused, RunError, SigningError, StoreFailed
from cockpit.masking import told
from cockpit.profile.freezing import frozen
from cockpit.profile.kinds import Kinds, installed
from cockpit.profile.titles import titled
from cockpit.profile.window import resolve_window
from cockpit.run.events import Actor, ProfileTrust, RunStarted, SourceFile
from cockpit.session.begun import begun_folder, note_begun
from cockpit.session.identity import actor
from cockpit.session.placed import write_origin
from cockpit.session.runs import runs_folder
from cockpit.session.timings import earlier_timings
from cockpit.session.trust_foreign import first_line
from cockpit.text import visible

if TYPE_CHECKING:  # loading a profile brings CEL and TOML positions, which a screen never needs
    from cockpit.profile.load import Loaded

NOBODY_ASKED = ProfileTrust()


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
    started_by: Actor | None = None,
    dsn: str = "",
    trust: ProfileTrust = NOBODY_ASKED,
) -> Path:
    """Start a run of a profile: its folder (0700), with `run.started` durable in the log. Returns the folder.

    `values` are the variables that are not secret; `despite` gives the reason for each live run of the same profile;
    `rehearsal_reason` says why a production target is rehearsed against; `despite_place` why it is kept on a file
    system that cannot be trusted; `started_by` who starts it, where more is known than the system tells; `dsn` the
    database that keeps the run, if not its folder alone; `trust` how it came that the profile is trusted. The files
    that its steps name, and the scripts that it starts, are fixed now. Raises PlaceRefused; RunError with one sentence
    if one of those files cannot be read, or if the run cannot be kept there; then nothing of it is left.
    """
    folder = folder or runs_folder()
    started_by, now = started_by or actor(), clock.now()
    run_dir = folder / ids.new_id()
    try:
        body = replace(
            _run_started(loaded, values, dict(despite or {}), kinds or installed(), now.at),
            rehearsal=rehearsal,
            rehearsal_reason=visible(told.masked(rehearsal_reason.strip())) if rehearsal_reason else "",
            files=_fixed(loaded),
            trust=trust,
            **_trusted(loaded),
            **_expected(loaded, folder),
        )
        _require_as_shown(loaded, body.files, trust)
        _note(run_dir, GENESIS)  # whether it can be kept: known before a database holds anything of this run
        store = create_store(run_dir, dsn, despite_place=bool(despite_place.strip()))
        try:
            profile_folder = Path(os.path.dirname(os.path.abspath(loaded.sources[-1].name)))
            write_origin(run_dir, profile_folder)
            _begin(store, draft(body, started_by, now))
            first = first_line(run_dir)
            if first is not None:  # else it is asked about
                _note(run_dir, first.digest, profile_folder)
            accepting.accept_place(store, run_dir, started_by, told.masked(despite_place) if despite_place else "")
            if dsn:
                accepting.accept_store(store, run_dir, dsn, started_by)
        finally:
            store.close()
    except (PlaceRefused, RunError):
        shutil.rmtree(run_dir, ignore_errors=True)
        raise
    except (LogError, OSError) as error:
        # Only this run's own folder, made a moment ago and never acknowledged.
        shutil.rmtree(run_dir, ignore_errors=True)
        raise _not_created(folder, error) from error
    return run_dir


def _begin(store: Store, first: Draft) -> None:
    outcome = store.append(0, first)
    if isinstance(outcome, Unknown) and store.lookup(outcome.id) is None:
        raise StoreFailed("the run did not begin: its first line was not committed", hint="begin it again")
    if isinstance(outcome, Conflict):
        raise StoreFailed("the run did not begin: its id is taken", hint="begin it again")


def _note(run_dir: Path, digest: str, profile_folder: Path | None = None) -> None:
    """So that its keepers are started without a question: see `trust_foreign`. Raises RunError."""
    try:
        note_begun(run_dir.name, digest, origin=profile_folder)
    except OSError as error:
        why = f"the run cannot begin: that it began here cannot be kept in {begun_folder()}: {error.strerror}"
        raise RunError(why, hint="mend it, or name another folder in XDG_STATE_HOME") from error


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
        despite={run: visible(told.masked(reason.strip())) for run, reason in despite.items()},
    )


def _fixed(loaded: Loaded) -> dict[str, str]:
    """The digests of the files that steps name, in the order of the walk, and of the scripts that are started."""
    from cockpit.session.trust_digest import scripts  # where a run is begun, as below

    base_dir = Path(os.path.dirname(os.path.abspath(loaded.sources[-1].name)))
    named = dict.fromkeys(name for _, step in loaded.profile.every_step() for name in files_of(step))
    try:
        return digests({**named, **dict.fromkeys(scripts(loaded.profile, base_dir))}, base_dir)
    except ActionError as error:
        raise RunError(
            f"the run cannot begin: {error}", hint="a step names it, and its content is fixed at the start"
        ) from error


def _require_as_shown(loaded: Loaded, fixed: Mapping[str, str], trust: ProfileTrust) -> None:
    """What the run fixes is what was confirmed: people read for minutes, and files change. Raises RunError."""
    from cockpit.session.trust_digest import executed  # the listing of a profile: where a run is begun, as below

    if not trust.digest:
        return
    now = executed(loaded)
    if now.digest != trust.digest or any(now.files.get(name) != digest for name, digest in fixed.items()):
        raise RunError(
            f"the run did not begin: a file that {visible(loaded.path.name)} names changed after it was confirmed",
            hint="begin it again: what changed is shown",
        )


def _trusted(loaded: Loaded) -> dict[str, str]:
    """Whose signatures count, fixed for the whole run."""
    from cockpit.profile.trusting import read_trust  # where a run is begun, and not where one is resumed

    try:
        return asdict(read_trust(loaded.profile, Path(os.path.dirname(os.path.abspath(loaded.sources[-1].name)))))
    except SigningError as error:
        why = f"the run cannot begin: {error.message}"
        raise RunError(why, hint=error.hint or "whose signatures count is fixed at the start") from error


def _expected(loaded: Loaded, folder: Path) -> dict[str, Any]:
    """How long steps took before."""
    known = earlier_timings(loaded.profile.id, {step.id for _, step in loaded.profile.every_step()}, folder)
    return {"medians": known.medians, "earlier_runs": known.runs}


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
