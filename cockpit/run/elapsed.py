"""How long it was between two instants, by the monotonic clock within one boot, else by the wall clock; and in words.

Never negative: a wall clock that was set back between two boots gives 0, not time travel.
"""

from __future__ import annotations

from cockpit.run.events import Instant


def elapsed_s(earlier: Instant, later: Instant) -> float:
    """Seconds from `earlier` to `later`, at least 0."""
    if earlier.boot == later.boot:
        return max(0.0, later.mono - earlier.mono)
    return max(0.0, (later.at - earlier.at).total_seconds())


def duration(seconds: float) -> str:
    """Return a length of time as people say it: `45s`, `12m`, `1:05` (hours and minutes)."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m"
    return f"{whole // 3600}:{whole % 3600 // 60:02d}"
