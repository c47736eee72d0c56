"""What was written on another host, told by this host's monotonic clock: nothing is measured by two hosts' clocks.

Invariant: only what has just come is told so; what was written before this reader began keeps the other host's clock,
of which no age of a reading follows here, until the next sample (every 10 s at least). A length of time may come out
too short by what the fastest line took on its way, and by no more.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run.events import Event, Instant


class OwnClock:
    """Of one reader."""

    def __init__(self) -> None:
        self._ahead_s: dict[str, float] = {}
        """By boot: how far its monotonic clock is ahead of this host's, at least; the most that was seen is nearest."""

    def here(self, event: Event, now: Instant) -> Event:
        """The event, which has just come, with its instant by this host's clock; the wall clock's time stays."""
        told = event.instant
        if told.boot == now.boot:
            return event
        ahead_s = max(self._ahead_s.get(told.boot, told.mono - now.mono), told.mono - now.mono)
        self._ahead_s[told.boot] = ahead_s
        return replace(event, instant=replace(told, boot=now.boot, mono=told.mono - ahead_s))
