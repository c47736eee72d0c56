"""`cockpit check`: every problem of every file at once, as text or JSON. Printing is the command line's part."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import msgspec

from cockpit.exits import Exit
from cockpit.profile.kinds import Kinds
from cockpit.profile.load import Loaded, examine
from cockpit.profile.problems import Problem
from cockpit.text import counted, json_escaped


def check(paths: Iterable[str | os.PathLike[str]], kinds: Kinds) -> list[Problem]:
    """Return every problem of the files and of those they extend, each once, in the order of the files."""
    return examined(paths, kinds)[0]


def examined(paths: Iterable[str | os.PathLike[str]], kinds: Kinds) -> tuple[list[Problem], list[Loaded]]:
    """Return the same problems, and every profile that is right, bases that are never run too."""
    found: dict[Problem, None] = {}
    right: list[Loaded] = []
    for path in paths:
        loaded, problems = examine(path, kinds)
        found |= dict.fromkeys(problems)
        if loaded is not None:
            right.append(loaded)
    return list(found), right


def check_text(problems: Iterable[Problem]) -> str:
    """Return one line for each problem."""
    return "".join(f"{problem}\n" for problem in problems)


def check_json(problems: Sequence[Problem], notes: Sequence[object] = ()) -> str:
    """Return a JSON array of objects with `file`, `line`, `column`, `severity`, `message`, `expected`, `nearest`.

    `notes` come after the problems: objects of the same form that say what is executed.
    """
    return json_escaped(msgspec.json.format(msgspec.json.encode([*problems, *notes]), indent=2).decode()) + "\n"


def check_exit(problems: Iterable[Problem], *, strict: bool = False) -> Exit:
    """Return the exit code: errors are problems, and in `strict` so are warnings."""
    counted = any(strict or problem.severity == "error" for problem in problems)
    return Exit.PROBLEMS if counted else Exit.OK


def check_summary(files: int, problems: Iterable[Problem]) -> str:
    """Return one line that counts, for the diagnostics."""
    severities = [problem.severity for problem in problems]
    errors, warnings = severities.count("error"), severities.count("warning")
    return f"{counted(files, 'profile')}: {counted(errors, 'error')}, {counted(warnings, 'warning')}"
