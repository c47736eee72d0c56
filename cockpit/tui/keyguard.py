"""Keys that act are acted on only when a person pressed them: alone, on what was painted.

A command pasted into the wrong pane arrives as keys within milliseconds of each other, so a key that acts waits
`QUIET_S`: if another key was close before it or comes after it, nothing is done and the operator is told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from textual.events import Key, Paste

QUIET_S = 0.06
TOLD = "keys came faster than a person presses them: nothing was done"


class Timer(Protocol):
    """What the guard needs of a timer."""

    def stop(self) -> None:
        """Never fire."""


@runtime_checkable
class TakesKeys(Protocol):
    """A screen that is asked about every key and paste before its fields see it: a focused field gets them directly."""

    def takes(self, event: Key | Paste) -> bool:
        """Whether the event may go on."""
        ...


class KeyGuard:
    """Watches every key's time; one key at a time may be armed."""

    def __init__(self, set_timer: Callable[[float, Callable[[], None]], Timer], say: Callable[[str], None]) -> None:
        self._set_timer = set_timer
        self._say = say
        self._last_s = float("-inf")
        self._gap_s = float("inf")
        self._armed: Timer | None = None

    def saw(self, time_s: float) -> None:
        """A key arrived, at this monotonic time. Called for every key, before it does anything."""
        self._gap_s, self._last_s = time_s - self._last_s, time_s
        if self._armed is not None:
            self._armed.stop()
            self._armed = None
            self._say(TOLD)

    @property
    def is_burst(self) -> bool:
        """Whether the newest key came too soon after the one before it."""
        return self._gap_s < QUIET_S

    def arm(self, act: Callable[[], None]) -> None:
        """Do `act` once no other key has come for `QUIET_S`; refuse if one was just before."""
        if self.is_burst:
            self._say(TOLD)
            return

        def fire() -> None:
            self._armed = None
            act()

        self._armed = self._set_timer(QUIET_S, fire)
