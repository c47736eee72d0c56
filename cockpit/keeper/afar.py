"""A keeper's place in the database that keeps the run, and its ear there.

Invariant: one keeper of a run holds its place, on whichever host; the place is let go of with the process, and with the
way to the database.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cockpit.audit.keeping import dsn_of
from cockpit.errors import StoreAway
from cockpit.keeper.ending import say
from cockpit.run.refusals import KEEPER_SILENCE_S
from cockpit.session.elsewhere import BEATS, KEEPER

if TYPE_CHECKING:  # a driver, which runs in files never need
    from pathlib import Path

    from cockpit.audit.postgres.following import Following
    from cockpit.audit.postgres.incoming import Incoming
    from cockpit.audit.postgres.mirrored import MirroredStore

_PATIENCE_S = 15.0
_LOOK_EVERY_S = 0.02


class Place:
    """Of one keeper. Let go of by `close`."""

    def __init__(self, run_dir: Path, store: MirroredStore) -> None:
        """Begin to follow; `take` says whether the place is had."""
        from cockpit.audit.postgres.following import Following

        self.away = ""
        """Why the database is not to be reached, one sentence; empty while it is."""
        self._store = store
        self._dsn = dsn_of(run_dir)
        self._beat_s = time.monotonic()
        self._is_left = False
        self._following: Following = Following(
            dsn_of(run_dir), store.run, store.take_in, self._told, holds=self._wanted
        )
        self._following.start()

    def take(self) -> bool:
        """Wait until the place is had, or another keeper is seen in it. Raises StoreAway if the database is away."""
        give_up = time.monotonic() + _PATIENCE_S
        while not self._following.leases.holds(KEEPER):
            if self._following.leases.is_held(KEEPER):
                return False
            if time.monotonic() > give_up:
                raise StoreAway(self.away or "the database did not say whether another keeper lives")
            time.sleep(_LOOK_EVERY_S)
        return True

    def fence(self, epoch: int) -> None:
        """Write as the keeper of this epoch: nothing any more once another one took over; 0: as anybody."""
        self._store.fence(epoch)

    def incoming(self) -> Incoming:
        """Where outputs are put, for other hosts."""
        from cockpit.audit.postgres.incoming import Incoming

        return Incoming(self._dsn, self._store.run)

    def leave(self) -> None:
        """Another keeper took over: the place is not wanted any more, should it ever become free."""
        self._is_left = True

    def beat(self) -> None:
        """The keeper's loop came round: others see that too, until it has not for `KEEPER_SILENCE_S`."""
        self._beat_s = time.monotonic()

    def _wanted(self) -> tuple[str, ...]:
        if self._is_left:
            return ()
        return (KEEPER, BEATS) if time.monotonic() - self._beat_s <= KEEPER_SILENCE_S else (KEEPER,)

    def close(self) -> None:
        """Let it go."""
        self._following.close()

    def _told(self, away: str) -> None:
        self.away = away
        if away:
            self._store.give_up()
        say(away or "the database answers again")
