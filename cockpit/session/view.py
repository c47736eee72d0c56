"""What a screen draws: one frozen value, made from the log by the follower and handed over whole."""

from __future__ import annotations

from msgspec import Struct

from cockpit.audit.line import Head
from cockpit.run.clocks import Skew
from cockpit.run.events import Event
from cockpit.run.state import RunState
from cockpit.run.state_people import SeatState
from cockpit.session.doubts import Doubt


class Recent(Struct, frozen=True):
    """An event as it is shown in the log's tail."""

    event: Event
    sentence: str


class Rejected(Struct, frozen=True):
    """A signature in the log that this seat found not to count."""

    seq: int
    """Of the signature."""
    by: str
    """Whose it says that it is; visible."""
    why: str
    """One clause."""


class View(Struct, frozen=True):
    """A run as one seat sees it now."""

    state: RunState
    head: Head | None
    recent: tuple[Recent, ...] = ()
    """At most 200 facts, newest last."""
    trouble: str = ""
    """Why the log can be read no further, or appended to no more: one sentence; empty while all is well."""
    away: str = ""
    """Why the database that keeps the run cannot be reached: nothing can be confirmed; empty while it can."""
    ahead: RunState | None = None
    """The state with what this host's keeper saw since, which is not in the log yet; None: nothing is known of that."""
    waiting: tuple[Recent, ...] = ()
    """Facts of the keeper that are not in the log yet: at most 200, newest last."""
    doubts: tuple[Doubt, ...] = ()
    """What this seat asked for and did not know to be written, oldest first; also what is known by now."""
    answers: bool = False
    """Of a branch that goes on offline: the database that it left answers again."""
    went_on: str = ""
    """Where the run goes on, if it left this place: nothing is done here any more."""
    here: tuple[SeatState, ...] = ()
    """Seats whose screens live now, on any host; those of the log, where that cannot be seen."""
    gone: frozenset[str] = frozenset()
    """Seats that the log has here and whose screens are not, found so from this host."""
    unsure: frozenset[str] = frozenset()
    """Of those here, the ones of other hosts of which it cannot be told now whether they are."""
    read_only: str = ""
    """Why this seat may read the run and not write to it: one sentence; empty if it may, or that is not known yet."""
    skew: Skew | None = None
    """Whose wall clock differs from this host's by too much; the keeper's, if that is one."""
    rejected: tuple[Rejected, ...] = ()
    """Signatures that do not count, oldest first."""
    signing: str = ""
    """What this seat's own signing waits for, or why it failed: one sentence; empty while all is well."""

    @property
    def shown(self) -> RunState:
        """What a screen draws. Nothing is decided on it: that takes `state`."""
        return self.ahead or self.state
