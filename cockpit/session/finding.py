"""Finding the run that somebody means: by its id, the beginning of one, its folder, or because there is no other."""

from __future__ import annotations

from pathlib import Path

from cockpit.audit.layout import log_path, may_be_path
from cockpit.errors import RunError
from cockpit.run.people import name_of
from cockpit.session.identity import actor
from cockpit.session.runs import RunSummary, list_runs, runs_folder
from cockpit.text import visible

_LISTED = 5


def find_run(token: str | None = None, folder: Path | None = None) -> Path:
    """The run meant by an id, the unique beginning of one, or a path to its folder or log.

    Without a token: the only live run; of several the only one that this user started; if none is live, the newest of
    this user's. Raises RunError, which lists what was to choose from.
    """
    folder = folder or runs_folder()
    if token is None:
        return _likely(list_runs(folder), folder)
    path = Path(token)
    if may_be_path(token):
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
    user = name_of(actor())
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
