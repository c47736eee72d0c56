"""How long a log may become: when that is said, what is not written any more then, and what no reader takes.

A night makes some thousands of events, and thirty probes, read every second for two weeks, a million and a half. So:

    half of `FULL`     the keeper says it, in the log and on every screen
    `FULL`             the keeper rests, as it does outside the window: what a gate, a wait or an armed trigger needs is
                       read, and output stands in its file alone. Every key does what it did
    `CROWDED`          of the keeper's, facts alone are written: how a command ended, what a gate says
    `LEFT_TO_PEOPLE`   the keeper writes nothing and ends; people can still note, hold, abandon and finish
    `LONGEST`          nothing is written, and nothing behind it is read

Invariant: pure numbers. Writers and readers go by the same ones, so that nothing is written that could not be read.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cockpit.errors import LogFull, LogTooLarge

Level = Literal["", "near", "full"]


class Extent(Struct, frozen=True, order=False):
    """How long a log is."""

    events: int
    size_bytes: int

    def reaches(self, other: Extent) -> bool:
        """Whether it is as long as the other in one way or the other."""
        return self.events >= other.events or self.size_bytes >= other.size_bytes

    @property
    def level(self) -> Level:
        """What is to be said of it."""
        return "full" if self.reaches(FULL) else "near" if self.reaches(NEAR) else ""

    def __str__(self) -> str:
        return f"{self.events} events, {size(self.size_bytes)}"


FULL = Extent(4_000_000, 2 << 30)
NEAR = Extent(FULL.events // 2, FULL.size_bytes // 2)
CROWDED = Extent(FULL.events * 6 // 4, FULL.size_bytes * 6 // 4)
LEFT_TO_PEOPLE = Extent(FULL.events * 7 // 4, FULL.size_bytes * 7 // 4)
LONGEST = Extent(FULL.events * 2, FULL.size_bytes * 2)


def size(size_bytes: int) -> str:
    """For people: `2.0 GiB`."""
    return f"{size_bytes / (1 << 30):.1f} GiB" if size_bytes >= 1 << 30 else f"{size_bytes / (1 << 20):.0f} MiB"


def too_large(name: object, size_bytes: int) -> LogTooLarge:
    """The error for a file that is larger than any log: nobody waits for it to be read."""
    return LogTooLarge(
        f"{name} has {size(size_bytes)}, more than the {size(LONGEST.size_bytes)} of the longest log",
        hint="cockpit did not write it: look at its beginning (head -c 2000)",
    )


def require_within(extent: Extent, line: int) -> None:
    """Raise LogTooLarge where a log goes on behind the last line that any may have."""
    if extent.reaches(LONGEST):
        raise LogTooLarge(
            f"line {line} is behind the end of the longest log, {LONGEST}",
            hint="it was not written by cockpit; what comes before that line can be cut out and read",
        )


def require_room(extent: Extent, events: int, size_bytes: int) -> None:
    """Raise LogFull where so much more would not be read any more."""
    if Extent(extent.events + events - 1, extent.size_bytes + size_bytes - 1).reaches(LONGEST):
        raise LogFull(f"the log is full, with {extent}: nothing was written", hint="go on in a new run")
