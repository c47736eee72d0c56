"""How long it was between two instants: by the monotonic clock within one boot, else by the wall clock.

Never negative: a wall clock that was set back between two boots gives 0, not time travel.
"""

from __future__ import annotations

from cockpit.run.events import Instant


def elapsed_s(earlier: Instant, later: Instant) -> float:
    """Seconds from `earlier` to `later`, at least 0."""
    if earlier.boot == later.boot:
        return max(0.0, later.mono - earlier.mono)
    return max(0.0, (later.at - earlier.at).total_seconds())
