"""The database that keeps a run, as a screen meets it: followed, held to, and known to be away when it is.

Invariant: what the screen reads is this host's copy, always; here it is brought up to date. That the database is away
is said within 3 s, and forgotten once it answers again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cockpit.audit.keeping import dsn_of, open_mirrored
from cockpit.audit.layout import store_path
from cockpit.audit.store import Store
from cockpit.errors import ReadOnlyRun, StoreAway
from cockpit.session.elsewhere import Elsewhere, Glances, seat_name

if TYPE_CHECKING:  # a driver, which runs in files never need
    from cockpit.audit.postgres.following import Following, Told
    from cockpit.audit.postgres.mirror import Source
    from cockpit.audit.postgres.mirrored import MirroredStore


class Afar:
    """Of one seat. Begun once, closed once; any thread may ask."""

    def __init__(
        self,
        run_dir: Path,
        seat: str,
        opened: Callable[[], Store],
        told: Callable[[str], None],
        give_up: Callable[[], None],
    ) -> None:
        """`opened` gives the seat's store, or raises LogError; `told` gets one sentence, empty once all is well.

        `give_up` is called when the database is known not to answer.
        """
        self._run_dir, self._seat = run_dir, seat
        self._opened, self._told, self._give_up = opened, told, give_up
        self._following: Following | None = None
        self._glance: Elsewhere | None = None
        self.is_there = store_path(run_dir).exists()
        """Whether a database keeps the run."""

    def begin(self) -> None:
        """Follow the database, if one keeps the run. Raises LogUnreadable if that cannot be told."""
        dsn = dsn_of(self._run_dir)
        if not dsn:
            return
        from cockpit.audit.postgres.following import Following

        name = seat_name(self._seat)
        self._following = Following(dsn, self._run_dir.name, self._pull, self._hear, holds=lambda: (name,))
        self._following.start()

    def is_held(self, name: str, since_s: float = -math.inf) -> bool | None:
        """As `Elsewhere` says."""
        if self._following is not None:
            return self._following.leases.is_held(name, since_s)
        if self._glance is not None:
            return self._glance.is_held(name)
        return None if self.is_there else False

    def silent_s(self, name: str) -> float:
        """As `Elsewhere` says."""
        if self._following is not None:
            return self._following.leases.silent_s(name)
        return self._glance.silent_s(name) if self._glance is not None else math.inf

    def glance(self) -> None:
        """Look once, for a seat that is not followed yet. Blocks for as long as the database takes, at most seconds."""
        self._glance = Glances().of(self._run_dir)

    @contextmanager
    def burying(self, seat: str) -> Iterator[bool]:
        """Whether it is for this seat to write down that another is gone, for the block; the copy is up to date then.

        Raises LogError.
        """
        from cockpit.audit.postgres.leases import claimed

        with claimed(dsn_of(self._run_dir), self._run_dir.name, f"bury-{seat}", unless=seat_name(seat)) as is_ours:
            if is_ours:
                cast("MirroredStore", self._opened()).pull()
            yield is_ours

    @property
    def holds_seat(self) -> bool:
        """Whether this seat is held there, so that others see it; also where no database keeps the run."""
        return not self.is_there or (
            self._following is not None and self._following.leases.holds(seat_name(self._seat))
        )

    def _hear(self, away: str) -> None:
        self._told(away)
        if away:  # after that: whoever is let go of sees why
            self._give_up()

    def close(self) -> None:
        """Follow no more."""
        if self._following is not None:
            self._following.close()

    def _pull(self, source: Source, told: Told | None) -> None:
        with suppress(ReadOnlyRun):  # the copy is another's, who keeps it up to date; the screen says that elsewhere
            cast("MirroredStore", self._opened()).take_in(source, told)


def bring_up(run_dir: Path) -> str:
    """Bring this host's copy of a run up to date, if a database keeps it; why that could not be, one sentence.

    Raises LogError for all but a database that is away, and a copy that this user may only read.
    """
    if not dsn_of(run_dir):
        return ""
    try:
        open_mirrored(run_dir).close()
    except ReadOnlyRun:
        return ""
    except StoreAway as error:
        return str(error)
    return ""
