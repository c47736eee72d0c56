"""Who is here: whose screens live on this host, by locks that die with their processes, and whose clocks differ.

Invariant: it looks and changes nothing. A seat of the log whose lock nobody holds is gone, whatever the log says; one
whose lock may not be looked at is taken at the log's word. Used under the follower's lock.
"""

from __future__ import annotations

import os
from pathlib import Path

from cockpit.audit import clock
from cockpit.audit.layout import locks_dir, seat_lock
from cockpit.audit.locks import holder_alive
from cockpit.run.clocks import Clocks, Skew
from cockpit.run.events import Event
from cockpit.run.state import RunState, SeatState

_LATE_S = 60.0
"""After so many seconds in which nothing was looked at, what is read was not written just now."""


class Lookout:
    """One reader's look at a run's seats."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._host = os.uname().nodename
        self._alive: dict[str, bool] = {}
        """Of the seats of the log, as of the last look at each."""
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

    def look(self, state: RunState) -> None:
        """Look at every seat that the log has here."""
        self._looked_s = clock.now().mono
        self.skew = self._clocks.worst
        self.is_blind = not os.access(locks_dir(self._run_dir), os.R_OK | os.X_OK)
        self._alive = {seat: self._lives(seat) for seat in state.seats}

    def present(self, state: RunState) -> tuple[tuple[SeatState, ...], frozenset[str]]:
        """Those who are here, as the log has them now, and the seats that are gone and of which it does not say so."""
        for seat in state.seats:
            if seat not in self._alive:
                self._alive[seat] = self._lives(seat)
        here = tuple(seat for name, seat in state.seats.items() if self._alive[name])
        return here, frozenset(name for name in state.seats if not self._alive[name])

    def _lives(self, seat: str) -> bool:
        if self.is_blind:
            return True
        if not (seat.isascii() and seat.isalnum()):  # a name from the log becomes a file's name here
            return False
        try:
            return holder_alive(seat_lock(self._run_dir, seat))
        except PermissionError:
            return True
        except OSError:
            return False
