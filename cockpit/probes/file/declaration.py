"""`file`: a file's age, size and recent lines."""

from __future__ import annotations

import msgspec

from cockpit.profile.kinds import Fact, ProbeKind, Settings


class FileSettings(Settings, frozen=True, kw_only=True):
    """Which file, and which lines to count."""

    path: str
    """Relative to the profile's folder."""
    lines: str = ""
    """An RE2 pattern searched in each line of the last 1 MiB; gives `lines_matching`."""
    within_s: float = msgspec.field(name="within", default=0.0)
    """Count only lines whose ISO 8601 time is at most this old; 0: all lines. Lines without a time follow the last."""


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, FileSettings)
    if len(settings.lines) > 500:
        return ("`lines` is longer than 500 characters",)
    from cockpit.profile.conditions import pattern_error  # CEL is not needed to know the kind

    if settings.lines and (error := pattern_error(settings.lines)):
        return (f"`lines` is no RE2 pattern: {error}",)
    return () if settings.path else ("`path` is empty",)


FILE = ProbeKind(
    name="file",
    doc="A file's age, size and lines.",
    settings=FileSettings,
    facts=(
        Fact("exists", "bool", doc="it is there and is a regular file"),
        Fact("size_bytes", "int", "B", "0 if it is not there"),
        Fact("age_s", "double", "s", "since it was last changed; absent if it is not there"),
        Fact("lines_matching", "int", doc="lines that `lines` finds, within the time; 0 without a pattern"),
        Fact("last_line", "string", doc="the last line that matches, or the last line without a pattern"),
    ),
    default_pass=("exists",),
    default_value="size_bytes",
    default_unit="B",
    problems=_problems,
)
