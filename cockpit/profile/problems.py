"""What can be wrong with a profile, and how it is said.

A problem always has a place (file, line, column, counted from 1, columns in characters) and says what is wrong, what
was expected and, where a name was misspelt, the nearest valid one. Text from the profile is made visible here, once, so
no problem can act on a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal

from msgspec import Struct

from cockpit.errors import CockpitError
from cockpit.text import shortened

Severity = Literal["error", "warning"]
_LIMIT = 400  # characters of one part of a problem; a CEL or TOML error can quote a whole file


class Problem(Struct, frozen=True, kw_only=True):
    """One thing wrong with a profile. `str()` of it is the line that `cockpit check` prints."""

    file: str
    line: int
    column: int
    severity: Severity = "error"
    message: str
    expected: str = ""
    nearest: str = ""
    """The nearest valid name; empty if none is near."""

    @property
    def sentence(self) -> str:
        """The problem without its place."""
        said = self.message
        if self.expected:
            said += f"; expected {self.expected}"
        if self.nearest:
            said += f"; did you mean `{self.nearest}`?"
        return said

    def __str__(self) -> str:
        mark = "warning: " if self.severity == "warning" else ""
        return f"{self.file}:{self.line}:{self.column}: {mark}{self.sentence}"


class ProfileError(CockpitError):
    """A profile cannot be used. `problems` holds every one found, in the order of the files."""

    def __init__(self, problems: Iterable[Problem], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems if p.severity == "error"), hint=hint)


def problem(
    place: tuple[str, int, int], message: str, *, severity: Severity = "error", expected: str = "", nearest: str = ""
) -> Problem:
    """Make a problem at `place` (file, line, column) out of texts that may quote the profile."""
    file, line, column = place
    return Problem(
        file=shortened(file, _LIMIT),
        line=line,
        column=column,
        severity=severity,
        message=shortened(message, _LIMIT),
        expected=shortened(expected, _LIMIT),
        nearest=shortened(nearest, _LIMIT),
    )


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return the valid name that `name` was probably meant to be, or nothing."""
    near = get_close_matches(name[:100], list(valid), n=1, cutoff=0.6)
    return near[0] if near else ""


def one_of(valid: Iterable[str], limit: int = 12) -> str:
    """Name what is valid, the first `limit` of it, for the `expected` part."""
    names = [f"`{name}`" for name in valid]
    if len(names) > limit:
        names = [*names[:limit], "…"]
    return "one of " + ", ".join(names) if len(names) > 1 else "".join(names)
