"""One action under way: its runner's task, its limits, and its output on its way into the log.

Invariant: it ends with an `Ending`, whatever the runner does (hangs, raises, ignores being stopped); where that leaves
open whether something was done, the ending is `unknown`. It never starts anything twice.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from msgspec.structs import replace

from cockpit.actions.runner import DETACH, Ending, Output
from cockpit.keeper.outlet import Outlet
from cockpit.run.events import Body
from cockpit.text import shortened

GRACE_S = 10.0
"""A runner keeps its own time limit; after so much more it is stopped from here."""
STOP_S = 30.0
"""So long a runner may take to stop; then nobody waits for it any more."""


class Work:
    """An action, from the moment in which it is taken."""

    def __init__(self, action: str, step: str, tell: Callable[[Body], None], masked: Callable[[str], str]) -> None:
        self.action = action
        self.step = step
        self._tell, self._masked = tell, masked
        self._outlet = Outlet(action)
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._task: asyncio.Task[Ending | None] | None = None
        self._given_up: asyncio.Future[None] = self._loop.create_future()
        self._deadline = 0.0
        self._limit_s = 0.0
        self._is_stopping = False
        self._is_overdue = False
        self._is_detached = False
        self._is_adopted = False
        self._is_begun = False

    @property
    def is_let_go(self) -> bool:
        """Whether it was let go of before it ended: what `end_of` returned then says nothing."""
        task = self._task
        has_ended = task is not None and task.done() and not task.cancelled() and task.exception() is None
        return self._is_detached and not has_ended

    @property
    def is_running(self) -> bool:
        """Whether its runner is at work."""
        return self._task is not None and not self._task.done()

    def on_output(self, output: Output) -> None:
        """The runner says something; from any thread."""
        if threading.get_ident() == self._thread:
            self._take(output)
        else:
            self._loop.call_soon_threadsafe(self._take, output)

    def _take(self, output: Output) -> None:
        progress = None if output.progress is None else tuple(self._masked(line) for line in output.progress)
        self._outlet.take(replace(output, text=self._masked(output.text), progress=progress))
        self._flush()

    def _flush(self) -> None:
        told = self._outlet.due(self._loop.time())
        if told is not None:
            self._tell(told)

    def look(self) -> None:
        """Time has passed: tell what waits, and stop what takes too long. Called at every tick."""
        if not self.is_running:
            return
        self._flush()
        if self._loop.time() < self._deadline:
            return
        if not self._is_stopping:
            self._is_overdue = True
            self.stop()
        elif not self._given_up.done():
            self._given_up.set_result(None)

    def stop(self) -> None:
        """Have the runner stop. What comes of it is in the ending."""
        if self._task is not None and not self._is_stopping:
            self._is_stopping = True
            self._deadline = self._loop.time() + STOP_S
            if self._is_begun or not self._is_adopted:
                self._task.cancel()
            else:  # a task that never ran would hear nothing of it, and what it is to stop would go on
                self._loop.call_soon(self._task.cancel)

    async def end_of(
        self, doing: Coroutine[Any, Any, Ending | None], limit_s: float, *, is_adopted: bool = False
    ) -> Ending | None:
        """Have it done, and return how it ended; None only as `adopt` says so.

        What `is_adopted` was begun before: a runner that is stopped and does not say how it ended leaves that open.
        """
        self._is_adopted = is_adopted
        self._limit_s = limit_s
        self._deadline = self._loop.time() + limit_s + GRACE_S
        task = self._task = self._loop.create_task(self._guarded(doing))
        waited: set[asyncio.Future[Any]] = {task, self._given_up}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        rest = self._outlet.rest(self._loop.time())
        if rest is not None:
            self._tell(rest)
        return self._ending(task)

    def _ending(self, task: asyncio.Task[Ending | None]) -> Ending | None:
        over = f"no end within {self._limit_s:g} s"
        if not task.done():
            why = over if self._is_overdue else "it was to be stopped"
            return Ending(outcome="unknown", detail=f"{why}, and it did not stop within {STOP_S:g} s")
        if task.cancelled():
            if not self._is_stopping:
                return Ending(outcome="unknown", detail="the runner gave up by itself")
            if self._is_adopted:
                return Ending(outcome="unknown", detail="it was to be stopped, and no runner says how it ended")
            return Ending(outcome="timed_out", detail=over) if self._is_overdue else Ending(outcome="cancelled")
        error = task.exception()
        if error is not None:
            said = shortened(f"{type(error).__name__}: {error}", 200)
            return Ending(outcome="unknown", detail=f"the runner's own code failed: {said}")
        ending = task.result()
        if ending is not None and ending.outcome == "cancelled" and self._is_overdue:
            return _as_timed_out(ending, over)
        return ending

    async def _guarded(self, doing: Coroutine[Any, Any, Ending | None]) -> Ending | None:
        self._is_begun = True
        try:
            return await doing
        except SystemExit as error:  # asyncio would let it end the whole process
            raise RuntimeError(f"it asked this process to exit ({error.code})") from error

    async def detach(self, timeout_s: float) -> bool:
        """Watch it no more and let it go on; whether its runner let go in time."""
        if self._task is None or self._task.done():
            return True
        self._is_detached = True
        self._task.cancel(DETACH)
        await asyncio.wait({self._task}, timeout=timeout_s)
        return self._task.done()


def _as_timed_out(ending: Ending, why: str) -> Ending:
    return replace(ending, outcome="timed_out", detail=ending.detail or why)
