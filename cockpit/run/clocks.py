"""How far other people's wall clocks are from one's own, as their events tell it when they arrive.

Invariant: pure. Nothing is decided by it: order is `seq`, ages are the keeper's. It is said, so that nobody puts two
times of two hosts beside each other and believes them.
"""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from cockpit.run.events import BY_MACHINE, Event, Instant
from cockpit.run.people import called

SKEW_S = 30.0
"""From so far apart on it is told."""
_KEPT = 5
_FRESH_S = 5.0
"""An event of this boot that is older tells of a clock that may have been set since."""


class Skew(Struct, frozen=True):
    """Somebody's wall clock, beside this host's."""

    who: str
    """`keeper`, or what a person is called."""
    host: str
    ahead_s: float
    """How far theirs is ahead of ours; negative: behind."""


def ahead_s(event: Event, now: Instant) -> float | None:
    """How far the clock of an event's host is ahead of `now`, where it has just arrived; None if that cannot be told.

    Within one boot the monotonic clock says how old the event is; from another host it is taken to be of this moment,
    so that one that was held up on its way looks like a clock that is behind.
    """
    age_s = now.mono - event.instant.mono if event.instant.boot == now.boot else 0.0
    if not -1.0 < age_s < _FRESH_S:
        return None
    return (event.instant.at - now.at).total_seconds() + age_s


class Clocks:
    """The last few differences of each host's each writer. What was held up on its way does not count for a clock."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, str], deque[float]] = {}
        """By who, host and terminal: two screens of one person may be in two containers."""

    def arrived(self, event: Event, now: Instant) -> None:
        """An event came at this moment, just written."""
        ahead = ahead_s(event, now)
        if ahead is not None:
            who = "keeper" if event.type in BY_MACHINE else called(event.actor)
            self._seen.setdefault((who, event.actor.host, event.actor.tty), deque(maxlen=_KEPT)).append(ahead)

    @property
    def worst(self) -> Skew | None:
        """The keeper's clock if that differs by `SKEW_S`, else the one that differs most; None if none does."""
        # Delays only ever make an event look older: of several, the newest-looking one is nearest to the clock.
        skews = [Skew(who=who, host=host, ahead_s=max(seen)) for (who, host, _), seen in self._seen.items()]
        wrong = [each for each in skews if abs(each.ahead_s) > SKEW_S]
        return max(wrong, key=lambda each: (each.who == "keeper", abs(each.ahead_s)), default=None)
