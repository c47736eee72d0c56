"""How long the log has become: said once when it is long, and once when it is full (`cockpit.audit.extent`).

Invariant: what is said stands in the log, so that it is said once however many keepers there are, and every screen and
report knows it. Pure but for the numbers, which the store gives.
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.audit.extent import CROWDED, LEFT_TO_PEOPLE, Extent, Level
from cockpit.errors import LogFull
from cockpit.run.events import ActionOutput, Body, LogFilled
from cockpit.run.state import RunState

_ORDER = ("", "near", "full")


class Filling:
    """Of one keeper."""

    def __init__(self) -> None:
        self._said: Level = ""
        """It takes a moment until what was said is read again."""

    def look(self, extent: Extent, state: RunState) -> Iterator[LogFilled]:
        """What is to be said now."""
        level = extent.level
        if level and _ORDER.index(level) > max(_ORDER.index(state.filled), _ORDER.index(self._said)):
            self._said = level
            yield LogFilled(level=level, events=extent.events, size_bytes=extent.size_bytes)


def is_needed(body: Body, state: RunState) -> bool:
    """Whether a keeper tells it though the log is full: what an action prints stands in its output file too."""
    return state.filled != "full" or not isinstance(body, ActionOutput)


def is_kept(body: Body, extent: Extent) -> bool:
    """Whether a keeper still writes it into a log so long. Raises LogFull where it writes nothing more."""
    if extent.reaches(LEFT_TO_PEOPLE):
        raise LogFull(
            f"the log has {extent}: what room is left is for people; nothing is probed or run any more",
            hint="end the run, or abandon it, and go on in a new one",
        )
    return body.is_fact or not extent.reaches(CROWDED)
