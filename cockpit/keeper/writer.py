"""The keeper's one way into the log: a queue and a thread, so that the loop never waits for the disk.

Invariant: events are appended in the order in which they were put, each at the instant it was put; several that wait
go in one write. After a failure nothing more is written, and the failure is told once.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from cockpit.audit.line import Draft, draft
from cockpit.audit.store import Store
from cockpit.errors import LogError
from cockpit.run.events import Actor, Body

_TOGETHER = 64


class Writer:
    """Appends whatever is put, until it is closed."""

    def __init__(self, store: Store, actor: Actor, on_failure: Callable[[Exception], None]) -> None:
        """`on_failure` is called from the writing thread."""
        self._store = store
        self._actor = actor
        self._on_failure = on_failure
        self._queue: queue.SimpleQueue[Draft | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="cockpit-writer", daemon=True)
        self._thread.start()

    def put(self, body: Body) -> None:
        """Have `body` appended, as of now. Never blocks."""
        self._queue.put(draft(body, self._actor))

    def close(self, timeout_s: float) -> bool:
        """Append what was put so far and end; whether it ended in time."""
        self._queue.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _write(self) -> None:
        is_open = True
        while is_open:
            drafts, is_open = self._waiting()
            try:
                if drafts:
                    self._store.append(None, *drafts)
            except (LogError, OSError) as error:
                self._on_failure(error)
                return

    def _waiting(self) -> tuple[list[Draft], bool]:
        """Everything that waits, at least one; and whether more may come."""
        drafts: list[Draft] = []
        one = self._queue.get()
        while one is not None:
            drafts.append(one)
            if len(drafts) == _TOGETHER:
                return drafts, True
            try:
                one = self._queue.get_nowait()
            except queue.Empty:
                return drafts, True
        return drafts, False
