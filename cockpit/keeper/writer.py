"""The keeper's one way into the log: a queue and a thread, so that the loop never waits for the disk.

Invariant: events are appended in the order in which they were put, each at the instant it was put; several that wait
go in one write. After a failure nothing more is written, the failure is told once, and nobody is told that what they
wait for is durable.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future

from cockpit.audit.line import Draft, draft
from cockpit.audit.store import Store
from cockpit.errors import LogError
from cockpit.run.events import Actor, Body

_TOGETHER = 64
_Waiting = tuple[Draft, "Future[None] | None"]


class Writer:
    """Appends whatever is put, until it is closed."""

    def __init__(self, store: Store, actor: Actor, on_failure: Callable[[Exception], None]) -> None:
        """`on_failure` is called from the writing thread."""
        self._store = store
        self._actor = actor
        self._on_failure = on_failure
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="cockpit-writer", daemon=True)
        self._thread.start()

    def put(self, body: Body) -> None:
        """Have `body` appended, as of now. Never blocks."""
        self._queue.put((draft(body, self._actor), None))

    async def durable(self, body: Body) -> None:
        """Have `body` appended, and return once it is in the log for good. Never blocks the loop.

        Raises LogError or OSError if it cannot be written; after an earlier failure it never returns, since this
        keeper is ending.
        """
        written: Future[None] = Future()
        self._queue.put((draft(body, self._actor), written))
        await asyncio.wrap_future(written)

    def close(self, timeout_s: float) -> bool:
        """Append what was put so far and end; whether it ended in time."""
        self._queue.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _write(self) -> None:
        is_open = True
        while is_open:
            waiting, is_open = self._waiting()
            waited_for = [written for _, written in waiting if written is not None]
            try:
                if waiting:
                    self._store.append(None, *(one for one, _ in waiting))
            except (LogError, OSError) as error:
                for written in waited_for:
                    _settle(written, error)
                self._on_failure(error)
                return
            for written in waited_for:
                _settle(written, None)

    def _waiting(self) -> tuple[list[_Waiting], bool]:
        """Everything that waits, at least one; and whether more may come."""
        found: list[_Waiting] = []
        one = self._queue.get()
        while one is not None:
            found.append(one)
            if len(found) == _TOGETHER:
                return found, True
            try:
                one = self._queue.get_nowait()
            except queue.Empty:
                return found, True
        return found, False


def _settle(written: Future[None], error: Exception | None) -> None:
    if not written.set_running_or_notify_cancel():
        return  # whoever waited for it has gone
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)
