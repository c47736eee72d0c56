"""Runs of a database, brought to this host: found by their ids there, and copied into the folder of runs here."""

from __future__ import annotations

from pathlib import Path

from cockpit.audit.keeping import copy_run
from cockpit.errors import RunError
from cockpit.session.runs import runs_folder
from cockpit.text import visible

_LISTED = 5


def bring_live(dsn: str, folder: Path | None = None) -> list[Path]:
    """The folders here of all runs that are live in the database, newest first, up to date. Raises LogError."""
    from cockpit.audit.postgres.listing import live_in

    return [copy_run(dsn, run, folder or runs_folder()) for run in live_in(dsn)]


def bring(dsn: str, token: str, folder: Path | None = None) -> Path:
    """The folder here of the one run in the database whose id begins so, up to date. Raises RunError, LogError."""
    from cockpit.audit.postgres.connecting import where
    from cockpit.audit.postgres.listing import beginning_with

    found = beginning_with(dsn, token.upper())
    if len(found) == 1:
        return copy_run(dsn, found[0], folder or runs_folder())
    if found:
        shown = ", ".join(found[:_LISTED]) + (", …" if found[_LISTED:] else "")
        raise RunError(f"{len(found)} runs begin with {visible(token)}: {visible(shown)}", hint="give more of the id")
    raise RunError(
        f"there is no run {visible(token)} in the store {where(dsn)}", hint="see them with: cockpit store list"
    )
