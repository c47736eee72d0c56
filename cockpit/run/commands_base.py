"""What every command shares, what a seat sees when it gives one, and the answer no.

Part of `commands`: time, identity and what the seat can see of the keeper arrive inside.
"""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

from cockpit.run.events import Actor, Instant


class KeeperSight(Struct, frozen=True):
    """What the seat sees of the keeper at this moment, by its lock and its beat (not by the log)."""

    alive: bool
    """Its lock is held."""
    silent_s: float
    """Seconds since its last beat, by this host's monotonic clock; infinite: none is known yet."""
    is_hidden: bool = False
    """This seat may look at neither: it may only read the log."""
    is_elsewhere: bool = False
    """It is, or the last one was, on another host."""
    is_unknown: bool = False
    """It may be on another host, of which nothing can be seen now: the database that keeps the run is away."""

    @property
    def is_unheard(self) -> bool:
        """Whether no beat of it is known: then there is no length of its silence to tell."""
        return math.isinf(self.silent_s)


Role = Literal["acting", "watching"]
"""Of a seat: whoever watches notes and holds, and does not act."""


class Command(Struct, frozen=True, kw_only=True):
    """The base of every command."""

    actor: Actor
    now: Instant
    role: Role = "acting"
    pen_epoch: int = 0
    """Of the pen that was painted when the key was pressed: whoever acts under another is refused. 0: not told."""


class PlanCommand(Command, frozen=True, kw_only=True):
    """A command that acts on the plan at the cursor: refused if what was painted is no longer current."""

    painted_seq: int
    """`RunState.cursor.opened_seq` as it stood on the screen when the key was pressed."""
    keeper: KeeperSight


class Refusal(Struct, frozen=True):
    """Why a command was not carried out, and what would make it possible. Both are one visible sentence."""

    why: str
    instead: str
    code: str
    """A stable word for tests and for the screen, for example `gate_blocked`, `held`, `not_current`."""
