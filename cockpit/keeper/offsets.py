"""How far the clocks of other hosts are from this one's, so that an order is not taken for old because theirs differ.

Invariant: ages are told by this host's clock. An event that has just come was written at most as long ago as it took on
its way: the least difference that was seen of late between its time and its coming is the difference of the clocks.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from cockpit.run.events import Event, Instant

_LATELY_S = 600.0
"""A clock may be set: what was seen longer ago counts for nothing."""


class Offsets:
    """Of one keeper, by the boots of other hosts."""

    def __init__(self) -> None:
        self._least: dict[str, tuple[float, float]] = {}
        """By boot: seconds that this host's clock is ahead, and when that was seen, on the monotonic clock."""

    def read(self, event: Event, now: Instant) -> None:
        """An event was read; it has just come."""
        boot = event.instant.boot
        if boot == now.boot:
            return
        ahead_s = (now.at - event.instant.at).total_seconds()
        known = self._least.get(boot)
        if known is None or ahead_s <= known[0] or now.mono - known[1] > _LATELY_S:
            self._least[boot] = (ahead_s, now.mono)

    def here(self, event: Event) -> Event:
        """The event with its time as this host's clock would have told it."""
        known = self._least.get(event.instant.boot)
        if known is None:
            return event
        at = event.instant.at + timedelta(seconds=known[0])
        return replace(event, instant=replace(event.instant, at=at))
