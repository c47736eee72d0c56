"""The keeper's one way into the log: a queue and a thread, so that the loop never waits for the disk.

Invariant: events are appended in the order in which they were put, each once, at the instant it was put; several that
wait go in one write. While a database is away they wait, however long that takes, and lie beside the log for this
host's screens (`cockpit.audit.aside`); what may have been written is looked up before anything else is tried. After
any other failure nothing more is written, the failure is told once, and nobody is told that what they wait for is
durable. Once another keeper took over, only how actions ended that this one had begun is still written.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from msgspec.structs import replace

from cockpit.audit.aside import AsideFile
from cockpit.audit.clock import now
from cockpit.audit.line import draft
from cockpit.audit.store import Store, Unknown
from cockpit.errors import LogDamaged, LogError, StoreAway, StoreFailed, StoreFenced
from cockpit.keeper.backlog import Backlog, Waiting
from cockpit.keeper.filling import is_kept
from cockpit.run.events import ActionEnded, Actor, Body, Instant, StoreWaitedFor
from cockpit.text import shortened

_TOGETHER = 64
_PAUSE_S = 0.5
"""Between tries to write, where it is not known that the database is away."""
_LOOK_S = 0.1
"""Between looks whether it still is, and at what is to be put beside the log."""
_RENEW_S = 1.0
"""Between two times that what still waits is written anew, while much of it goes into the log."""
_LAST_TRIES = 3
"""Of a keeper that ends: one to write, one to look up, one to write what was not."""
_TOLD_S = 1.0
"""What was not in the log for so long is told there: screens saw it, and nobody else could."""


class Writer:
    """Appends whatever is put, until it is closed."""

    def __init__(
        self,
        store: Store,
        actor: Actor,
        on_failure: Callable[[Exception], None],
        *,
        aside: AsideFile | None = None,
        away: Callable[[], str] = str,
        unfence: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_failure` is called from the writing thread. `away` says why the database is not to be reached, if so.

        `unfence`: from then on lines are not refused because another keeper took over.
        """
        self._store = store
        self._actor = actor
        self._on_failure = on_failure
        self._aside, self._away, self._unfence = aside, away, unfence
        self._retired: StoreFenced | None = None
        """Why nothing but late ends is written any more."""
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._backlog = Backlog()
        self._is_open = True
        self._closing = threading.Event()
        self._last_tries = _LAST_TRIES
        self._doubt = ("", 0)
        """The first id and the number of what may have been written."""
        self._waits_since: Instant | None = None
        self._why = ""
        self._renewed_s = 0.0
        self._thread = threading.Thread(target=self._write, name="cockpit-writer", daemon=True)
        self._thread.start()

    def put(self, body: Body) -> None:
        """Have `body` appended, as of now. Never blocks."""
        self._queue.put(Waiting(draft(body, self._actor)))

    async def durable(self, body: Body) -> None:
        """Have `body` appended, and return once it is in the log for good. Never blocks the loop.

        Raises LogError or OSError if it cannot be written; after an earlier failure it never returns, since this
        keeper is ending.
        """
        written: Future[None] = Future()
        self._queue.put(Waiting(draft(body, self._actor), written))
        await asyncio.wrap_future(written)

    def close(self, timeout_s: float) -> bool:
        """Append what was put so far and end; whether it ended in time. A database that is away is not waited for."""
        self._queue.put(None)
        self._closing.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def left(self) -> int:
        """Once it ended: how many facts the database did not take; they lie beside the log."""
        return self._backlog.facts

    # ---- in the thread ---------------------------------------------------------------------------------------------

    def _write(self) -> None:
        try:
            while True:
                self._gather(is_waiting=not self._backlog)
                if not self._backlog:
                    if not self._is_open:
                        return
                    continue
                if self._waits_since is None or not self._away():
                    try:
                        self._append()
                        continue
                    except StoreFenced as error:
                        self._retire(error)
                        continue
                    except (StoreFailed, LogDamaged) as error:
                        if not self._may_pass(error):
                            raise
                        self._wait(error)
                self._last_tries -= not self._is_open
                if not self._last_tries or (not self._is_open and self._away()):
                    return
                self._closing.wait(_LOOK_S if self._away() else _PAUSE_S)
        except (LogError, OSError) as error:
            for each in self._backlog.first(len(self._backlog)):
                _settle(each.written, error)
            self._on_failure(error)

    def _gather(self, *, is_waiting: bool) -> None:
        """Take what was put; if it `is_waiting`, at least one thing."""
        more: list[Waiting] = []
        while self._is_open:
            try:
                one = self._queue.get(block=is_waiting and not more)
            except queue.Empty:
                break
            if one is None:
                self._is_open = False
            elif self._retired is None:
                more.append(one)
            else:
                more += self._late([one], self._retired)
        self._backlog.put(more)
        if self._waits_since is None or self._aside is None:
            return
        if not self._doubt[1] and self._backlog.thin():
            self._aside.renew(self._backlog.drafts)
        else:
            self._aside.add([each.draft for each in more])

    def _append(self) -> None:
        """Write the oldest of what waits. Raises StoreAway while it is not known that they are written."""
        event_id, count = self._doubt
        if count:
            try:
                is_written = self._store.lookup(event_id) is not None  # they went in one write: all of them or none
            except StoreFailed as error:
                raise StoreAway(error.message) from error
            self._doubt = ("", 0)
            if is_written:
                self._done(count)
                return
        batch = self._backlog.first(_TOGETHER)
        extent = self._store.extent
        drafts = [each.draft for each in batch if is_kept(each.draft.body, extent)]
        if not drafts:
            self._done(len(batch))
            return
        outcome = self._store.append(None, *drafts)
        if isinstance(outcome, Unknown):
            self._doubt = (drafts[0].id, len(batch))
        else:
            self._done(len(batch))

    def _retire(self, error: StoreFenced) -> None:
        """Another keeper took over: what it does not know, and cannot, is still told."""
        self._retired = error
        waiting = self._backlog.first(len(self._backlog))
        self._backlog = Backlog()
        self._backlog.put(self._late(waiting, error))
        if self._aside is not None:
            self._aside.renew(self._backlog.drafts)
        self._waits_since = None
        self._unfence()
        self._on_failure(error)

    def _late(self, waiting: Iterable[Waiting], error: StoreFenced) -> list[Waiting]:
        """Of what waits, how actions ended; nobody else is told that anything is durable."""
        kept: list[Waiting] = []
        for each in waiting:
            body = each.draft.body
            if isinstance(body, ActionEnded):
                detail = shortened(f"told late, by the keeper that was left behind: {body.detail}".rstrip(": "), 300)
                kept.append(Waiting(replace(each.draft, body=replace(body, detail=detail)), each.written))
            else:
                _settle(each.written, error)
        return kept

    def _done(self, count: int) -> None:
        for each in self._backlog.first(count):
            _settle(each.written, None)
        self._backlog.done(count)
        if self._waits_since is None:
            return
        if self._aside is not None and (not self._backlog or time.monotonic() >= self._renewed_s + _RENEW_S):
            self._aside.renew(self._backlog.drafts)
            self._renewed_s = time.monotonic()
        if not self._backlog:
            self._tell_wait(self._waits_since)

    def _tell_wait(self, since: Instant) -> None:
        """All that waited is written: say in the log that it did."""
        self._waits_since = None
        away_s, dropped, self._backlog.dropped = now().mono - since.mono, self._backlog.dropped, 0
        if away_s >= _TOLD_S or dropped:
            body = StoreWaitedFor(away_s=round(away_s, 1), samples_dropped=dropped, detail=self._why)
            self._backlog.put([Waiting(draft(body, self._actor))])

    def _may_pass(self, error: LogError) -> bool:
        """Whether nothing was written and later it may be: whatever a database says, people may mend it meanwhile."""
        return isinstance(error, StoreAway) or (self._aside is not None and not self._store.poison_reason)

    def _wait(self, error: LogError) -> None:
        """Nothing can be written now."""
        if self._waits_since is None:
            self._waits_since, self._why = now(), error.message
            if self._aside is not None:
                self._aside.renew(self._backlog.drafts)


def _settle(written: Future[None] | None, error: Exception | None) -> None:
    if written is None or not written.set_running_or_notify_cancel():
        return  # nobody waits for it, or whoever did has gone
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)
