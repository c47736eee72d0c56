"""When each probe is read: absolute deadlines, spread over the interval, never one probe twice at once.

Invariant: whatever a runner does (hang, ignore its cancellation, raise), its deadline passes with a reading of its own
and no other probe is delayed. A tick that falls due while the reading before it still runs is missed and counted, not
queued.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Any

from msgspec import Struct

from cockpit.errors import ProbeError
from cockpit.probes.reading import Judge, Judgement
from cockpit.probes.runner import Facts, Runner
from cockpit.profile.model import Probe
from cockpit.text import shortened

_GRACE_S = 0.5
_CLOSE_S = 2.0


class Watched(Struct, frozen=True):
    """A probe with what reads and judges it. `open` gives its runner; it is called again after it failed."""

    probe: Probe
    judge: Judge
    open: Callable[[], asyncio.Future[Runner]]


class Scheduler:
    """Reads probes until it is closed. `on_reading` is called on the loop, once for each reading."""

    def __init__(self, watched: Iterable[Watched], on_reading: Callable[[Judgement], None]) -> None:
        self._seats = {each.probe.id: _Seat(each, on_reading) for each in watched}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def missed(self) -> int:
        """Ticks that fell due while their probe was still being read."""
        return sum(seat.missed for seat in self._seats.values())

    def start(self) -> None:
        """Begin; the first readings are spread over each probe's own interval."""
        loop = asyncio.get_running_loop()
        regular = [seat for seat in self._seats.values() if not seat.probe.on_demand]
        start = loop.time()
        for seat in self._seats.values():
            phase = regular.index(seat) / len(regular) if not seat.probe.on_demand else 0.0
            self._tasks.append(loop.create_task(seat.keep(start + phase * min(seat.probe.interval_s, 60.0))))

    def probe_now(self, probe_ids: Collection[str]) -> None:
        """Read these at once. One that is being read is read again right after. Unknown ids are ignored."""
        for probe_id in probe_ids:
            if probe_id in self._seats:
                self._seats[probe_id].ask()

    def rest(self, probe_ids: Collection[str]) -> None:
        """From now on read these only when asked, all others at their intervals; one that wakes is read at once."""
        for probe_id, seat in self._seats.items():
            seat.rest(probe_id in probe_ids)

    async def close(self) -> None:
        """Stop reading and close every runner, within about two seconds."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        closing = [asyncio.ensure_future(seat.close()) for seat in self._seats.values()]
        if closing:
            _, late = await asyncio.wait(closing, timeout=_CLOSE_S)
            for task in late:
                _leave(task)


class _Seat:
    """One probe: its deadlines, its runner and the reading under way."""

    def __init__(self, watched: Watched, on_reading: Callable[[Judgement], None]) -> None:
        self.probe = watched.probe
        self.missed = 0
        self._watched = watched
        self._on_reading = on_reading
        self._asked = asyncio.Event()
        self._is_resting = False
        self._has_woken = False
        self._runner: Runner | None = None
        self._attempt: asyncio.Future[Facts] | None = None

    def ask(self) -> None:
        self._asked.set()

    def rest(self, is_resting: bool) -> None:
        if self._is_resting and not is_resting and not self.probe.on_demand:
            self._has_woken = True
            self.ask()
        self._is_resting = is_resting

    @property
    def _is_quiet(self) -> bool:
        return self.probe.on_demand or self._is_resting

    async def keep(self, deadline: float) -> None:
        """Read at `deadline` and each interval after it, and whenever asked."""
        loop = asyncio.get_running_loop()
        interval_s = self.probe.interval_s
        while True:
            is_asked = await self._wait_until(None if self._is_quiet else deadline)
            if self._is_quiet and not is_asked:
                continue  # it was put to rest while it waited
            if self._has_woken:
                self._has_woken, deadline = False, loop.time() + interval_s  # what fell due meanwhile was not missed
            await self._read()
            if self._is_quiet:
                continue
            if not is_asked:
                deadline += interval_s
            behind_s = loop.time() - deadline
            if behind_s > 0:
                ticks = int(behind_s / interval_s) + 1
                self.missed += ticks
                deadline += ticks * interval_s

    async def _wait_until(self, deadline: float | None) -> bool:
        """Wait for the deadline or until asked; return whether it was asked."""
        if not self._asked.is_set():
            try:
                async with asyncio.timeout_at(deadline):
                    await self._asked.wait()
            except TimeoutError:
                return False
        self._asked.clear()
        return True

    async def _read(self) -> None:
        judge = self._watched.judge
        began = time.monotonic()
        try:
            facts = await self._facts()
            judgement = judge.judge(facts, began, time.monotonic())
        except ProbeError as error:
            judgement = judge.no_reading(error, began, time.monotonic())
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything; it must not stop the others
            said = ProbeError(f"the probe's own code failed: {type(error).__name__}: {shortened(str(error), 120)}")
            judgement = judge.no_reading(said, began, time.monotonic())
        self._on_reading(judgement)

    async def _facts(self) -> Facts:
        """Return facts within the timeout, whatever the runner does; one that will not stop is left behind."""
        attempt = self._attempt = asyncio.ensure_future(self._open_and_read())
        timeout_s = self.probe.timeout_s
        try:
            done, _ = await asyncio.wait({attempt}, timeout=timeout_s)
        except asyncio.CancelledError:
            attempt.cancel()
            raise
        if done:
            if attempt.cancelled():  # by the runner itself: nobody here did
                raise ProbeError("the probe's own code gave up: it was cancelled")
            return attempt.result()
        attempt.cancel()
        await asyncio.wait({attempt}, timeout=_GRACE_S)
        if not attempt.done():
            self._leave_behind(attempt)
        elif not attempt.cancelled():
            attempt.exception()  # seen, so that the loop does not report it; the timeout is what counts
        raise ProbeError(f"no answer within {timeout_s:g} s")

    async def _open_and_read(self) -> Facts:
        try:
            runner = self._runner
            if runner is None:
                runner = await self._watched.open()
                if self._attempt is not asyncio.current_task():  # left behind while it was opened
                    await _closed(runner)
                    raise ProbeError("opened too late")
                self._runner = runner
            return await runner.read()
        except SystemExit as error:  # asyncio would let it end the whole process
            raise RuntimeError(f"it asked this process to exit ({error.code})") from error

    def _leave_behind(self, attempt: asyncio.Future[Facts]) -> None:
        """Let a reading go on unheard; the next one gets a runner of its own."""
        runner, self._runner, self._attempt = self._runner, None, None
        _leave(attempt)
        if runner is not None:
            attempt.add_done_callback(lambda _: _left.add(asyncio.ensure_future(_closed(runner))))

    async def close(self) -> None:
        if self._attempt is not None and not self._attempt.done():
            await asyncio.wait({self._attempt}, timeout=_CLOSE_S / 2)
            if not self._attempt.done():
                _leave(self._attempt)
        if self._runner is not None:
            await _closed(self._runner)


_left: set[asyncio.Future[object]] = set()
"""Tasks nobody waits for any more; asyncio itself holds tasks weakly."""


async def _closed(runner: Runner) -> None:
    with suppress(Exception):  # a runner that cannot close keeps nothing that the next one needs
        await runner.close()


def _leave(task: asyncio.Future[Any]) -> None:
    """Wait for this task no more, not even at the end of `asyncio.run`, which would wait for ever."""
    _left.add(task)
    task.add_done_callback(_forget)
    if isinstance(task, asyncio.Task):
        asyncio._unregister_task(task)  # see "Extending asyncio" in the documentation of Python


def _forget(task: asyncio.Future[object]) -> None:
    _left.discard(task)
    if not task.cancelled():
        task.exception()
