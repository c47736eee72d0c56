"""Where a screen's view comes from: a live seat, or a log that is stepped through; a screen knows no difference."""

from __future__ import annotations

from typing import Protocol

from cockpit.audit import clock
from cockpit.run.commands import KeeperSight
from cockpit.run.events import Instant
from cockpit.session.seat import Seat
from cockpit.session.view import View
from cockpit.tui.panes.seen import Mode


class Source(Protocol):
    """What a run screen draws from."""

    @property
    def mode(self) -> Mode:
        """The word that stands on top."""
        ...

    @property
    def view(self) -> View:
        """The run as last read."""
        ...

    @property
    def me(self) -> str:
        """This seat's id; empty for a log that is replayed."""
        ...

    def looks_at(self, step: str) -> None:
        """A step is shown; empty: the one that is due."""
        ...

    def now(self) -> Instant:
        """The moment that is shown."""
        ...

    def keeper_sight(self) -> KeeperSight:
        """What is seen of the keeper at that moment."""
        ...


class Live:
    """A seat at a run, now."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat

    @property
    def mode(self) -> Mode:
        """By whether this seat acts: that changes with the pen."""
        return "WATCHING" if self.seat.role == "watching" else "LIVE"

    @property
    def view(self) -> View:
        """The run as last read."""
        return self.seat.view

    @property
    def me(self) -> str:
        """The seat's id."""
        return self.seat.id

    def looks_at(self, step: str) -> None:
        """The others are told."""
        self.seat.presence.look_at(step)

    def now(self) -> Instant:
        """Now."""
        return clock.now()

    def keeper_sight(self) -> KeeperSight:
        """Now, by its lock and beat."""
        return self.seat.keeper_sight()
