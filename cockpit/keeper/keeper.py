"""The keeper: one loop that probes, judges, beats, and tells the log; the only place where its parts meet.

Invariant: a verdict is told only of readings that this keeper took itself; nothing here waits for the disk, and when
the log can no longer be written or read, the keeper ends instead of watching for nobody. It decides nothing.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

import cockpit
from cockpit.audit.clock import boot_id
from cockpit.audit.files import FileStore
from cockpit.audit.tail import Tail
from cockpit.errors import KeeperError
from cockpit.exits import Exit
from cockpit.keeper.beat import Beat
from cockpit.keeper.door import Door
from cockpit.keeper.following import Following
from cockpit.keeper.host import logout_warning
from cockpit.keeper.listener import Listener
from cockpit.keeper.opening import Openers, watched
from cockpit.keeper.requests import Requests
from cockpit.keeper.sampler import Sampler
from cockpit.keeper.values import RunValues, references_in
from cockpit.keeper.vigil import Vigil
from cockpit.keeper.writer import Writer
from cockpit.probes.reading import Judgement
from cockpit.probes.scheduler import Scheduler
from cockpit.probes.watch import targets
from cockpit.profile.kinds import Kinds
from cockpit.run.events import Actor, Body, Event, KeeperStarted, KeeperStopped
from cockpit.run.evolve import evolve
from cockpit.run.state import RunState
from cockpit.session.secrets import want
from cockpit.text import shortened

TICK_S = 0.5
"""Between beats, and between looks at what has become stale."""
FIRST_LOOK_S = 1.0
"""Within this time after the start every regular probe is read once, whatever its interval."""
LAST_S = 15.0
"""After its end a keeper is gone, whatever a plug-in's threads still wait for."""
_WRITE_S = 10.0
_TARGETS = 300
_Argument = TypeVar("_Argument")


class End(Struct, frozen=True):
    """How it came to an end."""

    reason: str
    exit: Exit = Exit.OK
    is_written: bool = True
    """Whether the log can still be told."""


class Keeper:
    """Keeps one run, whose keeper's lock this process holds. `state` is the fold of all that `tail` has read."""

    def __init__(
        self, run_dir: Path, state: RunState, tail: Tail, store: FileStore, *, values: RunValues, kinds: Kinds,
        base_dir: Path, actor: Actor,
    ) -> None:  # fmt: skip
        self._run_dir, self._state, self._tail, self._actor = run_dir, state, tail, actor
        self._store = store
        self._values = values
        self._profile = state.profile
        self._kinds = kinds
        self.epoch = state.keeper.epoch + 1 if state.keeper else 1
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[End] = self._loop.create_future()
        now_mono = self._loop.time()  # CLOCK_MONOTONIC, as everywhere in the log
        probes = self._profile.probes
        self._vigil = Vigil(probes, {probe: known.status for probe, known in state.probes.items()}, now_mono)
        self._sampler = Sampler([probe.id for probe in probes], _ended(state))
        self._door = Door(self._profile, kinds)
        openers = Openers()
        openers.load({probe.kind: None for probe in probes if probe.kind in kinds.probes})
        self._scheduler = Scheduler(
            [watched(probe, kinds, values, openers, base_dir) for probe in probes], self._safely(self._on_reading)
        )

    async def keep(self) -> Exit:
        """Keep the run until it is over, or until this keeper cannot."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._finish, End("terminated"))
        # A handler and not SIG_IGN, which the probes' commands would inherit.
        self._loop.add_signal_handler(signal.SIGHUP, lambda: None)
        self._writer = Writer(self._store, self._actor, self._from_thread(self._on_store_failure))
        listener, warnings = await self._listen()
        self._tell(self._started(warnings))
        beat = Beat(self._run_dir, self.epoch)
        beat.beat(self._loop.time())  # from now on screens count on it: everything they may ask for is in place
        following = Following(self._tail, self._from_thread(self._on_events), self._from_thread(self._on_store_failure))
        requests = Requests(self._run_dir, self._safely(self._on_request))
        ticking = self._loop.create_task(self._tick(beat, requests))
        self._begin()
        end = await self._end
        threading.Thread(target=_leave_at_last, args=(end.exit,), name="cockpit-leave", daemon=True).start()
        ticking.cancel()
        if end.is_written:
            self._tell(KeeperStopped(epoch=self.epoch, reason=end.reason))
            if not self._writer.close(_WRITE_S):
                end = End("the disk did not answer", Exit.FAILED)
        requests.close()
        if listener is not None:
            await listener.close()
        await self._scheduler.close()
        following.close()
        self._store.close()
        beat.close()
        if end.exit is not Exit.OK:
            _say(end.reason)
        return end.exit

    # ---- beginning and ending ------------------------------------------------------------------------------------

    def _started(self, warnings: tuple[str, ...]) -> KeeperStarted:
        reached = islice(targets(self._profile, self._kinds, self._values.for_show).items(), _TARGETS)
        found = (*warnings, *self._values.problems, logout_warning(self._actor.user))
        told = tuple(shortened(warning, 300) for warning in found if warning)
        return KeeperStarted(
            epoch=self.epoch,
            pid=os.getpid(),
            version=cockpit.__version__,
            targets={probe: shortened(target, 100) for probe, target in reached},
            warnings=told,
        )

    async def _listen(self) -> tuple[Listener | None, tuple[str, ...]]:
        want(self._run_dir, self._values.wanted)
        if not self._values.wanted:
            return None, ()
        try:
            return await Listener.open(self._run_dir, self._on_secret), ()
        except KeeperError as error:
            return None, (str(error),)

    def _begin(self) -> None:
        self._scheduler.start()
        regular = [probe.id for probe in self._profile.probes if not probe.on_demand]
        for place, probe in enumerate(regular):
            self._loop.call_later(FIRST_LOOK_S * place / len(regular), self._scheduler.probe_now, (probe,))
        self._stand()

    def _finish(self, end: End) -> None:
        if not self._end.done():
            self._end.set_result(end)

    def _fail(self, error: Exception) -> None:
        """Something that was not foreseen: say it where somebody will look, and end."""
        traceback.print_exception(error)
        self._finish(End(f"the keeper failed: {type(error).__name__}: {shortened(str(error), 200)}", Exit.FAILED))

    def _on_store_failure(self, error: Exception) -> None:
        self._finish(End(str(error), Exit.FAILED, is_written=False))

    # ---- what happens --------------------------------------------------------------------------------------------

    def _on_reading(self, judgement: Judgement) -> None:
        if self._end.done():
            return
        judgement = self._values.masked(judgement)
        self._sampler.take(judgement.reading)
        self._tell(*self._vigil.take(judgement.reading))
        if self._door.take(judgement):
            self._judge()

    def _on_events(self, events: Sequence[Event]) -> None:
        for event in events:
            self._state = evolve(self._state, event)
        if self._state.status != "live":
            self._finish(End("run over"))
        else:
            self._stand()

    def _on_request(self, asked: tuple[str, ...]) -> None:
        regular = tuple(probe.id for probe in self._profile.probes if not probe.on_demand)
        self._scheduler.probe_now(asked or {*regular, *self._door.probes})

    def _on_secret(self, name: str, value: str) -> str:
        why = self._values.take(name, value)
        want(self._run_dir, self._values.wanted)
        if not why:
            waiting = [p.id for p in self._profile.probes if not p.on_demand and name in references_in(p.settings)]
            self._scheduler.probe_now({*waiting, *self._door.probes})
        return why

    def _stand(self) -> None:
        if self._door.stand(self._state.cursor, self._loop.time()):
            self._scheduler.probe_now(self._door.probes)
            self._judge()

    def _judge(self) -> None:
        now_mono = self._loop.time()
        told = self._door.judge(lambda probe: self._vigil.is_stale(probe, now_mono), now_mono)
        if told:
            # The readings first: whoever confirms on this verdict leaves them in the log as evidence.
            self._tell(*self._sampler.sample(now_mono))
        self._tell(*told)

    def _tell(self, *bodies: Body) -> None:
        for body in bodies:
            self._writer.put(body)

    async def _tick(self, beat: Beat, requests: Requests) -> None:
        """Beat, notice what is stale, sample every second time; on absolute deadlines."""
        deadline, is_sampling = self._loop.time(), False
        while True:
            now_mono = self._loop.time()
            try:
                beat.beat(now_mono)
                requests.look()
                self._tell(*self._vigil.look(now_mono))
                self._judge()
                if is_sampling:
                    self._tell(*self._sampler.sample(now_mono))
            except Exception as error:  # noqa: BLE001 - whatever it is, a keeper that no longer looks must not beat
                self._fail(error)
                return
            is_sampling = not is_sampling
            deadline = max(deadline + TICK_S, now_mono)
            await asyncio.sleep(deadline - self._loop.time())

    # ---- from other threads and tasks ----------------------------------------------------------------------------

    def _safely(self, act: Callable[[_Argument], None]) -> Callable[[_Argument], None]:
        def call(argument: _Argument) -> None:
            try:
                act(argument)
            except Exception as error:  # noqa: BLE001 - in a callback it would be printed and forgotten
                self._fail(error)

        return call

    def _from_thread(self, act: Callable[[_Argument], None]) -> Callable[[_Argument], None]:
        safe = self._safely(act)

        def call(argument: _Argument) -> None:
            self._loop.call_soon_threadsafe(safe, argument)

        return call


def _ended(state: RunState) -> dict[str, float]:
    """When the last readings of an earlier keeper ended, as far as this host's clock can say."""
    boot = boot_id()
    return {
        probe: known.as_of_mono - known.age_s
        for probe, known in state.probes.items()
        if known.age_s is not None and known.as_of_boot == boot
    }


def _leave_at_last(status: Exit) -> None:
    time.sleep(LAST_S)
    os._exit(status)


def _say(sentence: str) -> None:
    """For the keeper's own log: nobody reads it unless a screen shows its last line."""
    print(f"cockpit keeper: {sentence}", file=sys.stderr, flush=True)
