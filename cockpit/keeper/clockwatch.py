"""Whether the wall clock of this host was set: by comparing it, tick by tick, with the monotonic clock.

Invariant: a clock that is slewed (adjtime(3), at most 0.5 ms a second) is never called set; one that moved by more
than `STEP_S` between two looks is, once. A host that slept looks the same (CLOCK_MONOTONIC stands still meanwhile),
and the same is true of it: times before and after do not compare. Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cockpit.run.events import ClockStepped, Instant

STEP_S = 2.0


class ClockWatch:
    """The two clocks of one boot, as one process sees them."""

    def __init__(self, now: Instant) -> None:
        self._ahead_s = _ahead_s(now)
        self._steps: list[tuple[float, float]] = []

    def look(self, now: Instant) -> ClockStepped | None:
        """What is to be told, if the wall clock was set since the last look."""
        ahead_s = _ahead_s(now)
        by_s = ahead_s - self._ahead_s
        self._ahead_s = ahead_s
        if abs(by_s) <= STEP_S:
            return None
        self._steps.append((now.mono, by_s))
        return ClockStepped(by_s=round(by_s, 3))

    def corrected(self, since: Instant, now: Instant) -> datetime:
        """The wall clock's time now, as if it had not been set since `since`; for times that were set before it was."""
        if since.boot != now.boot:
            return now.at
        by_s = sum(by for mono, by in self._steps if mono >= since.mono)
        return now.at - timedelta(seconds=by_s)


def _ahead_s(now: Instant) -> float:
    return now.at.timestamp() - now.mono
