"""The database that keeps a run, as a screen meets it: followed, held to, and known to be away when it is.

Invariant: what the screen reads is this host's copy, always; here it is brought up to date. That the database is away
is said within 3 s, and forgotten once it answers again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cockpit.audit.keeping import dsn_of, open_mirrored
from cockpit.audit.store import Store
from cockpit.errors import ReadOnlyRun, StoreAway

if TYPE_CHECKING:  # a driver, which runs in files never need
    from cockpit.audit.postgres.following import Following, Told
    from cockpit.audit.postgres.mirror import Fetch
    from cockpit.audit.postgres.mirrored import MirroredStore

KEEPER = "keeper"
"""The name under which a run's keeper holds its place in the database."""


def seat_name(seat: str) -> str:
    """The name under which a seat is held there."""
    return f"seat-{seat}"


class Afar:
    """Of one seat. Begun once, closed once; any thread may ask."""

    def __init__(self, run_dir: Path, seat: str, opened: Callable[[], Store], told: Callable[[str], None]) -> None:
        """`opened` gives the seat's store, or raises LogError; `told` gets one sentence, empty once all is well."""
        self._run_dir, self._seat = run_dir, seat
        self._opened, self._told = opened, told
        self._following: Following | None = None

    def begin(self) -> None:
        """Follow the database, if one keeps the run. Raises LogUnreadable if that cannot be told."""
        dsn = dsn_of(self._run_dir)
        if not dsn:
            return
        from cockpit.audit.postgres.following import Following

        self._following = Following(dsn, self._run_dir.name, self._pull, self._told, holds=(seat_name(self._seat),))
        self._following.start()

    @property
    def is_there(self) -> bool:
        """Whether a database keeps the run."""
        return self._following is not None

    def is_held(self, name: str) -> bool | None:
        """Whether somebody on any host holds this name in the run; None while that cannot be seen."""
        return self._following.is_held(name) if self._following is not None else None

    def close(self) -> None:
        """Follow no more."""
        if self._following is not None:
            self._following.close()

    def _pull(self, fetch: Fetch, told: Told | None) -> None:
        with suppress(ReadOnlyRun):  # the copy is another's, who keeps it up to date; the screen says that elsewhere
            cast("MirroredStore", self._opened()).take_in(fetch, told)


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
