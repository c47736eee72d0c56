"""The keeper: one loop that probes, judges, acts, beats, and tells the log; the only place where its parts meet.

Invariant: a verdict is told only of readings that this keeper took itself; nothing here waits for the disk, and when
the log can no longer be written or read, the keeper ends instead of watching for nobody. It decides nothing: what it
does, it was asked to do by a person, through the log.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cockpit.audit.aside import AsideFile
from cockpit.audit.clock import now
from cockpit.audit.layout import aside_path
from cockpit.audit.moved import branch_of, went_on
from cockpit.audit.store import Store
from cockpit.audit.tail import Tail
from cockpit.errors import KeeperError, StoreFenced
from cockpit.exits import Exit
from cockpit.keeper.asking import asks
from cockpit.keeper.backstop import without_secrets
from cockpit.keeper.beat import Beat, note_here
from cockpit.keeper.desk import Desk
from cockpit.keeper.ending import End, leave_at_last, leave_now, say, stopped_by_person, taken_over
from cockpit.keeper.filling import Filling, is_needed
from cockpit.keeper.following import Following
from cockpit.keeper.judges import Judges
from cockpit.keeper.listener import Listener
from cockpit.keeper.offsets import Offsets
from cockpit.keeper.outside import alerts_of, identities_of, workshop_of
from cockpit.keeper.requests import Requests
from cockpit.keeper.sharing import Sharing
from cockpit.keeper.starting import started
from cockpit.keeper.surroundings import surroundings
from cockpit.keeper.values import RunValues
from cockpit.keeper.watching import Watching
from cockpit.keeper.writer import Writer
from cockpit.probes.reading import Judgement
from cockpit.profile.kinds import Kinds
from cockpit.run.events import Actor, Body, Event, KeeperStopped, ProbesAsked
from cockpit.run.events_watch import RUN_OVER
from cockpit.run.evolve import evolve
from cockpit.run.state import RunState
from cockpit.session.secrets import want
from cockpit.session.sight import left_on
from cockpit.text import counted, shortened

if TYPE_CHECKING:  # a driver, which runs in files never need
    from cockpit.keeper.afar import Place

TICK_S = 0.5
"""Between beats, and between looks at what has become stale, due or late."""
_WRITE_S = 10.0
_Argument = TypeVar("_Argument")


class Keeper:
    """Keeps one run, whose keeper's lock this process holds. `state` is the fold of all that `tail` has read."""

    def __init__(
        self, run_dir: Path, state: RunState, tail: Tail, store: Store, *, values: RunValues, kinds: Kinds,
        base_dir: Path, actor: Actor, place: Place | None = None,
        let_go: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`place`: the keeper's in the database that keeps the run, if one does.

        `let_go` gives up the keeper's lock on this host, so that another one may begin here.
        """
        self.state, self.actor = state, actor
        self.epoch = state.keeper.epoch + 1 if state.keeper else 1
        self._run_dir, self._tail, self._store = run_dir, tail, store
        self.values, self._kinds = values, kinds
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[End] = self._loop.create_future()
        self._place = place
        aside = AsideFile(run_dir, store.run, self.epoch) if place is not None else None
        away = (lambda: place.away) if place is not None else str
        failed = self._from_thread(self._on_store_failure)
        unfence = partial(place.fence, 0) if place is not None else lambda: None
        self._writer = Writer(store, actor, failed, aside=aside, away=away, unfence=unfence)
        self._left_on = left_on(run_dir, state) if place is not None else ""
        """The host of the keeper before this one, if it was another host."""
        self._let_go = let_go
        self._offsets = Offsets()
        self._filling = Filling()
        self._is_left = False
        """Another keeper took over: what still runs is watched to its end, for the log, and nothing else is done."""
        self._sharing: Sharing | None = None
        if place is not None:
            place.fence(self.epoch)
            self._sharing = Sharing(run_dir, state, place.incoming)
        moment = now()  # CLOCK_MONOTONIC, as the loop's own clock and everywhere in the log
        self._watching = Watching(state, kinds, values, base_dir, self._safely(self._on_reading), moment.mono)
        self._judges = Judges(state, kinds, self._watching, moment)
        self._identities = identities_of(self)
        workshop = workshop_of(run_dir, base_dir, values, kinds)
        self._desk = Desk(self, workshop, self._identities.objection, self._fail)
        self._alerts = alerts_of(self, run_dir)

    async def keep(self) -> Exit:
        """Keep the run until it is over, or until this keeper cannot."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._finish, End("terminated"))
        # A handler and not SIG_IGN, which the probes' commands would inherit.
        self._loop.add_signal_handler(signal.SIGHUP, lambda: None)
        if self._place is not None or branch_of(self._run_dir) is not None:
            note_here(self._run_dir, self.epoch)
        listener, warnings = await self._listen()
        self.tell(started(self, self._kinds, warnings, surroundings(self._run_dir)))
        beat = Beat(self._run_dir, self.epoch)
        beat.beat(self._loop.time())  # from now on screens count on it: everything they may ask for is in place
        told, failed = self._from_thread(self._on_events), self._from_thread(self._on_store_failure)
        following = Following(self._tail, self._store.require_usable, told, failed)
        requests = Requests(self._run_dir, self._safely(self._on_request))
        ticking = self._loop.create_task(self._tick(beat, requests))
        beginning = self._loop.create_task(self._begin())
        end = await self._end
        threading.Thread(target=leave_at_last, args=(end.exit,), name="cockpit-leave", daemon=True).start()
        ticking.cancel()
        beginning.cancel()
        is_let_go = await self._desk.close()
        if went_on(self._run_dir):
            self._let_go()  # nothing is done here any more: where the run is now, another may begin
        await self._alerts.close()
        await self._identities.close()
        if end.is_written:
            self.tell(KeeperStopped(epoch=self.epoch, reason=end.reason))
            if not self._writer.close(_WRITE_S):
                end = End("the disk did not answer", Exit.FAILED)
            elif left := self._writer.left:
                lying = f"{counted(left, 'fact lies', 'facts lie')} in {aside_path(self._run_dir)}"
                end = End(f"{end.reason}; the database is away: {lying}", end.exit)
        requests.close()
        if listener is not None:
            await listener.close()
        await self._watching.close()
        if self._sharing is not None:
            await asyncio.to_thread(self._sharing.close)
        following.close()
        self._store.close()
        beat.close()
        if end.exit is not Exit.OK:
            say(end.reason)
        if not is_let_go:
            leave_now(end.exit)
        return end.exit

    # ---- beginning and ending ------------------------------------------------------------------------------------

    async def _listen(self) -> tuple[Listener | None, tuple[str, ...]]:
        want(self._run_dir, self.values.wanted)
        if not self.values.wanted:
            return None, ()
        try:
            return await Listener.open(self._run_dir, self._on_secret), ()
        except KeeperError as error:
            return None, (str(error),)

    async def _begin(self) -> None:
        """Take over what was left; then look at the targets, and only then at the probes (see `identities`)."""
        try:
            self._desk.begin(self._left_on)
            self._stand()
            await self._identities.first()
            self._judges.pace(self.state, now())
            self._watching.start(self._loop.call_later)
            self._watching.probe_now(self._judges.probes)
        except Exception as error:  # noqa: BLE001 - a keeper that did not begin must not look as if it watched
            self._fail(error)

    def _finish(self, end: End) -> None:
        if not self._end.done():
            self._end.set_result(end)

    def _end_once_idle(self, why: str = RUN_OVER) -> None:
        """Nothing begins any more, since the run is over, and what still runs is watched to its end, for the log."""
        if not self._desk.is_busy:
            self._finish(End(why))

    def _leave_to(self, why: str) -> None:
        """Another host's keeper took over: end, once what was begun here has."""
        if self._is_left or self._end.done():
            return
        self._is_left, self._why_left = True, why
        say(f"{why}: nothing more is begun or told from here but how what runs ends")
        if self._place is not None:
            self._place.leave()
        self._let_go()
        self._errand = self._loop.create_task(self._watching.close())
        self._end_once_idle(why)

    def _fail(self, error: Exception) -> None:
        """Something that was not foreseen: say it where somebody will look, and end."""
        traceback.print_exception(error)
        self._finish(End(f"the keeper failed: {type(error).__name__}: {shortened(str(error), 200)}", Exit.FAILED))

    def _on_store_failure(self, error: Exception) -> None:
        if isinstance(error, StoreFenced):
            self._leave_to(str(error))
            return
        self._finish(End(str(error), Exit.FAILED, is_written=False))

    # ---- what happens --------------------------------------------------------------------------------------------

    def _on_reading(self, judgement: Judgement) -> None:
        if self._end.done() or self._is_left or self.state.status != "live":
            return
        judgement, told = self._watching.take(judgement)
        self.tell(*told)
        self._tell_judged(self._judges.take(self.state, judgement, now()))

    def _on_events(self, events: Sequence[Event]) -> None:
        for event in events:
            self.state = evolve(self.state, event)
        if self.state.status != "live":
            self._end_once_idle()
            return
        if self._end.done() or self._is_left:
            return
        if self._place is not None and (why := taken_over(events, self.epoch)):
            self._leave_to(why)
            return
        if (end := stopped_by_person(events, self.epoch)) is not None:
            self._finish(end)
            return
        moment = now()
        for event in events:
            if self._place is not None and not self._place.away:
                self._offsets.read(event, moment)
            self._desk.take(self._offsets.here(event))
            if isinstance(event.body, ProbesAsked):
                self._on_request(event.body.probes)
        if any(event.is_fact for event in events):
            self._stand()

    def _on_request(self, asked: tuple[str, ...]) -> None:
        if asked:
            self._watching.probe_now(asked)
        else:
            self._watching.probe_all(self._judges.probes)

    def _on_secret(self, name: str, value: str) -> str:
        why = self.values.take(name, value)
        want(self._run_dir, self.values.wanted)
        if not why:
            self._watching.probe_those_with(name, self._judges.probes)
            self._identities.look_again()
        return why

    def _stand(self) -> None:
        """The log was read further: look at what is open now."""
        moment = now()
        is_opened = self._judges.stand(self.state, moment.mono)
        self._judges.pace(self.state, moment)
        if is_opened:
            self._watching.probe_now(self._judges.probes)
            self._tell_judged(self._judges.gate(self.state, moment.mono))

    def _tell_judged(self, judged: Iterable[Body]) -> None:
        bodies = tuple(judged)
        if bodies:
            # The readings first: whoever confirms on this verdict leaves them in the log as evidence.
            self.tell(*self._watching.sample(self._loop.time()), *bodies)
            self._alerts.notice(bodies)

    def tell(self, *bodies: Body) -> None:
        """Have these appended."""
        for each in bodies:
            if not is_needed(each, self.state):
                continue
            body = without_secrets(each, self.values.mask)
            self._writer.put(body)
            if self._sharing is not None:
                self._sharing.take(body)

    async def durable(self, body: Body) -> None:
        """Have it appended, and return once it is in the log for good. Raises LogError or OSError."""
        body = without_secrets(body, self.values.mask)
        await self._writer.durable(body)
        if self._sharing is not None:
            self._sharing.take(body)

    async def _tick(self, beat: Beat, requests: Requests) -> None:
        """Beat, notice what is stale, judge, sample every second time; on absolute deadlines."""
        deadline, is_sampling = self._loop.time(), False
        while True:
            now_mono = self._loop.time()
            try:
                if self._is_left:
                    self._desk.look()
                    self._end_once_idle(self._why_left)
                    await asyncio.sleep(TICK_S)
                    continue
                beat.beat(now_mono)
                if self._place is not None:
                    self._place.beat()
                requests.look()
                self._look(now_mono, is_sampling=is_sampling)
            except Exception as error:  # noqa: BLE001 - whatever it is, a keeper that no longer looks must not beat
                self._fail(error)
                return
            is_sampling = not is_sampling
            deadline = max(deadline + TICK_S, now_mono)
            await asyncio.sleep(deadline - self._loop.time())

    def _look(self, now_mono: float, *, is_sampling: bool) -> None:
        if self.state.status != "live":
            self._desk.look()
            self._end_once_idle()
            return
        moment = now()
        self.tell(*self._filling.look(self._store.extent, self.state))
        self._judges.pace(self.state, moment)
        self.tell(*self._watching.look(now_mono, TICK_S / 2))
        self._tell_judged(self._judges.look(self.state, moment))
        fired = frozenset(fired.trigger for fired in self.state.fired)
        self._alerts.look(fired, asks(self.state, self._judges.blind(now_mono)))
        self._desk.look()
        if is_sampling:
            self.tell(*self._watching.sample(now_mono))

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
