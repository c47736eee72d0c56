"""What a seat asked for and does not know to be written: looked up until the database says so, for good.

Invariant: a doubt is settled by the store's word alone (`Store.lookup`): written, or never to be. Until then it stands.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cockpit.audit.store import Store
from cockpit.errors import LogError
from cockpit.run.events import Instant

LOOK_S = 1.0
"""Between two tries."""
_KEPT = 8
"""What was settled is told; older ones are forgotten."""


class Doubt(Struct, frozen=True):
    """One decision whose commit gave no answer."""

    id: str
    """Of its first event."""
    what: str
    """In words, as the log's tail would say it."""
    since: Instant
    fate: Literal["open", "written", "not_written"] = "open"


class Doubts:
    """Of one seat. Any thread may call."""

    def __init__(self, opened: Callable[[], Store], is_away: Callable[[], bool], told: Callable[..., None]) -> None:
        """`told` gets all of them whenever one is new or settled."""
        self._opened, self._is_away, self._told = opened, is_away, told
        self._doubts: tuple[Doubt, ...] = ()
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread: threading.Thread | None = None

    @property
    def open(self) -> tuple[Doubt, ...]:
        """What is not known yet, oldest first."""
        return tuple(each for each in self._doubts if each.fate == "open")

    def add(self, doubt: Doubt) -> None:
        """From now on, find out."""
        with self._changed:
            self._show((*self._doubts[-_KEPT:], doubt))
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="cockpit-doubts", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Ask no more. What is open stays so."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()

    def _look(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing or bool(self.open))
                if self._is_closing:
                    return
                doubt = self.open[0]
            is_written = self._is_written(doubt)
            with self._changed:
                if is_written is None:
                    self._changed.wait_for(lambda: self._is_closing, LOOK_S)
                    continue
                settled = replace(doubt, fate="written" if is_written else "not_written")
                self._show(tuple(settled if each.id == doubt.id else each for each in self._doubts))

    def _is_written(self, doubt: Doubt) -> bool | None:
        """None: that cannot be told now."""
        if self._is_away():
            return None
        try:
            return self._opened().lookup(doubt.id) is not None
        except LogError:
            return None

    def _show(self, doubts: tuple[Doubt, ...]) -> None:
        self._doubts = doubts
        self._told(doubts)
