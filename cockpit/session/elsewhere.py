"""Who is at a run on other hosts: what its database says of the names that seats and keepers hold there.

Invariant: it looks and changes nothing, and never takes "it cannot be seen" for "nobody is there".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cockpit.audit.keeping import dsn_of
from cockpit.errors import LogError

KEEPER = "keeper"
"""The name under which a run's keeper holds its place in the database."""
BEATS = "keeper-beats"
"""Held beside it for as long as the keeper's loop comes round."""


def seat_name(seat: str) -> str:
    """The name under which a seat is held there."""
    return f"seat-{seat}"


class Elsewhere(Protocol):
    """What a database tells of one run."""

    @property
    def is_there(self) -> bool:
        """Whether a database keeps the run: otherwise nobody of another host is at it."""
        ...

    def is_held(self, name: str, since_s: float = -math.inf) -> bool | None:
        """Whether somebody on any host holds this name; None while that cannot be told.

        Nor can it where nobody was seen by a look that began before `since_s`, by the monotonic clock.
        """
        ...

    def silent_s(self, name: str) -> float:
        """Seconds since it was last seen held; infinite if it never was."""
        ...


class Nowhere:
    """Of a run that its folder alone keeps."""

    is_there = False

    def is_held(self, name: str, since_s: float = -math.inf) -> bool | None:
        """Nobody does."""
        return False

    def silent_s(self, name: str) -> float:
        """Nobody ever did."""
        return math.inf


NOWHERE = Nowhere()


class _Glanced:
    """Of one run, as of one look."""

    is_there = True

    def __init__(self, run: str, holds: Callable[[str, str], bool | None] | None) -> None:
        self._run, self._holds = run, holds

    def is_held(self, name: str, since_s: float = -math.inf) -> bool | None:
        """As of that look."""
        return None if self._holds is None else self._holds(self._run, name)

    def silent_s(self, name: str) -> float:
        """Zero if it was held then."""
        return 0.0 if self.is_held(name) else math.inf


class Glances:
    """For whoever follows no run: each database is asked once, of all its runs together."""

    def __init__(self) -> None:
        self._asked: dict[str, Callable[[str, str], bool | None] | None] = {}

    def of(self, run_dir: Path) -> Elsewhere:
        """What is seen of a run's other hosts. Never raises: what cannot be asked is not known."""
        try:
            dsn = dsn_of(run_dir)
        except LogError:
            return _Glanced(run_dir.name, None)
        if not dsn:
            return NOWHERE
        if dsn not in self._asked:
            from cockpit.audit.postgres.leases import glance  # a driver, which runs in files never need

            try:
                self._asked[dsn] = glance(dsn)
            except LogError:
                self._asked[dsn] = None
        return _Glanced(run_dir.name, self._asked[dsn])
