"""How every command comes to the log that a person names: by path, folder or id, compressed or not.

Invariant: what is said to people names what they gave, never the private copy of a compressed log.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cockpit.audit.layout import log_path, may_be_path
from cockpit.audit.packed import Unpacked, packed_log, unpacked
from cockpit.errors import CockpitError, LogUnreadable, RunError
from cockpit.text import visible


def log_of(token: str) -> Path:
    """The log that is meant: a file of any name, a run's folder, or a run by the beginning of its id.

    Raises LogUnreadable or RunError; what is there and no log is for its reader to say.
    """
    path = Path(token)
    try:
        is_path = may_be_path(token)
        if is_path and path.exists() and not path.is_dir():
            return path
        if "/" in token and not path.exists():
            raise LogUnreadable(f"there is no log at {visible(token)}", hint="see the runs with: cockpit runs")
        if is_path and path.is_dir() and (kept := packed_log(path)) is not None:
            return kept
        from cockpit.session.finding import find_run  # with all that runs are made of

        try:
            run_dir = find_run(token)
        except RunError as error:
            if not is_path or not path.is_dir():
                raise
            raise LogUnreadable(
                f"{visible(token)} is a folder without a log: there is no {log_path(path).name} in it",
                hint="name a log, or a run's folder",
            ) from error
        return packed_log(run_dir) or run_dir
    except OSError as error:  # no right to look into a folder, a name that is too long
        raise LogUnreadable(f"{visible(token)} cannot be opened: {error.strerror}") from error
    except ValueError as error:
        raise LogUnreadable(f"{visible(token)} is no name of a file: {error}") from error


@contextmanager
def reading(token: str, *, follow: bool = False) -> Iterator[Unpacked]:
    """Give the log that is meant as a path to read: a run's folder, or a file, unpacked for as long as this lasts.

    Errors that pass through name what the person gave. Raises LogUnreadable for a compressed log that is to be
    followed.
    """
    with unpacked(log_of(token)) as log:
        if follow and log.is_copy:
            raise LogUnreadable(
                f"{visible(str(log.given))} is compressed, so it cannot grow", hint="leave --follow out"
            )
        try:
            yield log
        except CockpitError as error:
            error.message = named(error.message, log)
            if log.trouble and log.trouble not in error.message:
                error.message += f"; {visible(str(log.given))}: {log.trouble}"
            error.hint = named(error.hint, log)
            raise


def named(text: str, log: Unpacked) -> str:
    """Return the text with the private copy called by what it was made from."""
    return text.replace(str(log.path), visible(str(log.given))) if log.is_copy else text
