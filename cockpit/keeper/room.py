"""What the keeper's parts see of the keeper around them, so that none of them imports it."""

from __future__ import annotations

from typing import Protocol

from cockpit.keeper.values import RunValues
from cockpit.run.events import Actor, Body
from cockpit.run.state import RunState


class Room(Protocol):
    """What the desk needs of the keeper around it."""

    @property
    def state(self) -> RunState:
        """The run as last read."""
        ...

    @property
    def actor(self) -> Actor:
        """Whose hands these are."""
        ...

    @property
    def epoch(self) -> int:
        """This keeper's."""
        ...

    def tell(self, *bodies: Body) -> None:
        """Have them appended."""
        ...

    async def durable(self, body: Body) -> None:
        """Have it appended, and return once it is in the log for good. Raises LogError or OSError."""
        ...


class Starting(Room, Protocol):
    """A keeper that starts."""

    @property
    def values(self) -> RunValues:
        """The variables of the run."""
        ...
