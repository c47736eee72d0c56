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

    async def close(self) -> None:
        """Stop reading and close every runner, within two seconds."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        closing = [asyncio.ensure_future(seat.close()) for seat in self._seats.values()]
        if closing:
            await asyncio.wait(closing, timeout=_CLOSE_S)


class _Seat:
    """One probe: its deadlines, its runner and the reading under way."""

    def __init__(self, watched: Watched, on_reading: Callable[[Judgement], None]) -> None:
        self.probe = watched.probe
        self.missed = 0
        self._watched = watched
        self._on_reading = on_reading
        self._asked = asyncio.Event()
        self._runner: Runner | None = None

    def ask(self) -> None:
        self._asked.set()

    async def keep(self, deadline: float) -> None:
        """Read at `deadline` and each interval after it, and whenever asked."""
        loop = asyncio.get_running_loop()
        while True:
            if await self._wait_until(None if self.probe.on_demand else deadline):
                await self._read()
                continue
            await self._read()
            deadline += self.probe.interval_s
            behind = loop.time() - deadline
            if behind > 0:
                ticks = int(behind / self.probe.interval_s) + 1
                self.missed += ticks
                deadline += ticks * self.probe.interval_s

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
        task = asyncio.ensure_future(self._open_and_read())
        timeout_s = self.probe.timeout_s
        try:
            done, _ = await asyncio.wait({task}, timeout=timeout_s)
            if done:
                return task.result()
        except asyncio.CancelledError:
            task.cancel()
            raise
        task.cancel()
        await asyncio.wait({task}, timeout=_GRACE_S)
        if task.done() and not task.cancelled():
            task.exception()  # seen, so that the loop does not report it; the timeout is what counts
        elif not task.done():
            self._runner = None  # it still runs: the next reading gets a fresh one
            task.add_done_callback(_forget)
        raise ProbeError(f"no answer within {timeout_s:g} s")

    async def _open_and_read(self) -> Facts:
        if self._runner is None:
            self._runner = await self._watched.open()
        return await self._runner.read()

    async def close(self) -> None:
        if self._runner is not None:
            with suppress(Exception):  # the process is ending; a runner that cannot close holds nothing of ours
                await self._runner.close()


def _forget(task: asyncio.Task[Facts]) -> None:
    if not task.cancelled():
        task.exception()
