"""Exit codes, the same for every command (also listed in `docs/commands.md`)."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit status says."""

    OK = 0
    """It did what was asked; for `check`: no errors; for `verify`: the chain holds; for `probe`: all pass or warn;
    for `ready`: nothing is missing; for `doctor`: no error."""
    PROBLEMS = 1
    """It worked and found problems: profile errors, a damaged log, a failing probe, something missing before the
    window, an error that `doctor` found; or a search found nothing."""
    USAGE = 2
    """The command line was wrong."""
    UNREADABLE = 3
    """A file, run or log could not be read, or is not what was expected."""
    REFUSED = 4
    """The run refused what was asked."""
    FAILED = 5
    """Something outside failed: the disk, the keeper."""
    DETACHED = 0
    """The screen was closed; the run goes on."""
