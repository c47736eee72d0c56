"""Who is here: whose screens live, by locks that die with their processes, and whose clocks differ.

Invariant: it looks and changes nothing. A seat of the log whose lock nobody holds is gone, whatever the log says; one
whose lock may not be looked at is taken at the log's word. A seat without a lock here may be on another host, which the
run's database tells: while that cannot be asked, the seat is not known to be gone. Used under the follower's lock.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from cockpit.audit import clock
from cockpit.audit.layout import locks_dir, seat_lock
from cockpit.audit.locks import holder_alive
from cockpit.run.clocks import Clocks, Skew
from cockpit.run.events import Event
from cockpit.run.state import RunState
from cockpit.run.state_people import SeatState
from cockpit.session.elsewhere import NOWHERE, Elsewhere, seat_name

_LATE_S = 60.0
"""After so many seconds in which nothing was looked at, what is read was not written just now."""


class Lookout:
    """One reader's look at a run's seats."""

    def __init__(self, run_dir: Path, elsewhere: Elsewhere = NOWHERE) -> None:
        self._run_dir = run_dir
        self.elsewhere = elsewhere
        """What is seen of other hosts."""
        self._alive: dict[str, bool | None] = {}
        """Of the seats of the log, as of the last look at each; None: that cannot be told."""
        self._met_s: dict[str, float] = {}
        """When each was first met in the log: a look from before that says nothing of it."""
        self._clocks = Clocks()
        self._looked_s: float | None = None
        """When it last looked around, by the monotonic clock; None: what is read is still the past."""
        self.is_blind = False
        self.skew: Skew | None = None

    def read(self, event: Event) -> None:
        """An event was read; if it was followed, it has just been written."""
        if self._looked_s is None:
            return
        now = clock.now()
        if now.mono - self._looked_s < _LATE_S:
            self._clocks.arrived(event, now)

    @property
    def is_following(self) -> bool:
        """Whether what is read now was written just now."""
        return self._looked_s is not None and clock.now().mono - self._looked_s < _LATE_S

    def look(self, state: RunState) -> None:
        """Look at every seat that the log has here."""
        self._looked_s = clock.now().mono
        self.skew = self._clocks.worst
        self.is_blind = not os.access(locks_dir(self._run_dir), os.R_OK | os.X_OK)
        self._alive = {seat: self._lives(seat) for seat in state.seats}
        self._met_s = {seat: met_s for seat, met_s in self._met_s.items() if seat in state.seats}

    def present(self, state: RunState) -> tuple[tuple[SeatState, ...], frozenset[str], frozenset[str]]:
        """Those who are here, as the log has them now; the seats that are gone and of which it does not say so; and
        those of the first of which it cannot be told whether they are.
        """
        for seat in state.seats:
            if seat not in self._alive:
                self._alive[seat] = self._lives(seat)
        here = tuple(seat for name, seat in state.seats.items() if self._alive[name] is not False)
        gone = frozenset(name for name in state.seats if self._alive[name] is False)
        return here, gone, frozenset(name for name in state.seats if self._alive[name] is None)

    def _lives(self, seat: str) -> bool | None:
        if not (seat.isascii() and seat.isalnum()):  # a name from the log becomes a file's name here
            return False
        lock, is_hidden = seat_lock(self._run_dir, seat), self.is_blind
        try:
            if not is_hidden and holder_alive(lock):
                return True
        except PermissionError:
            is_hidden = True
        except OSError:
            pass  # a lock that cannot be looked at vouches for nothing
        if not self.elsewhere.is_there:
            return is_hidden
        if not is_hidden and lock.exists():
            return False  # it was here
        lives = self.elsewhere.is_held(seat_name(seat), self._met_s.setdefault(seat, time.monotonic()))
        return True if lives is None and is_hidden else lives
