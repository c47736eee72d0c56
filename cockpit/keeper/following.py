"""The keeper's eyes on the log: a thread that reads what others append and hands it to the loop.

Invariant: facts are durable before they are handed over, since the keeper acts on them. Events come in order, once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from cockpit.audit.tail import Tail
from cockpit.errors import LogError
from cockpit.run.events import Event

_LONGEST_WAIT_S = 0.5
"""Between looks at what nobody appends: the log was poisoned, made read-only, edited, replaced or deleted."""


class Following:
    """Reads the rest of a log that was read to its present end, until it is closed."""

    def __init__(
        self,
        tail: Tail,
        require_usable: Callable[[], None],
        on_events: Callable[[Sequence[Event]], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        """All are called from the reading thread. `require_usable` raises LogError if nothing could be appended."""
        self._tail = tail
        self._require_usable = require_usable
        self._on_events = on_events
        self._on_failure = on_failure
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="cockpit-tail", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading; the log is let go."""
        self._closing.set()
        self._tail.wake()
        self._thread.join()
        self._tail.close()

    def _follow(self) -> None:
        try:
            while not self._closing.is_set():
                self._require_usable()
                events = [entry.event for entry in self._tail.read()]
                if any(event.is_fact for event in events):
                    self._tail.sync()
                if events:
                    self._on_events(events)
                else:
                    self._tail.wait(_LONGEST_WAIT_S)
        except (LogError, OSError) as error:
            self._on_failure(error)
