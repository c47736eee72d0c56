"""One reader's place in a run's log: the fold so far, and the view made of it, with who is here beside it.

Invariant: `view` is always the fold of exactly the lines read so far. Damage ends the reading, not the view: the last
good one stays, with the trouble said. Any thread may call; one lock guards the tail and the fold. It never writes.
"""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path

from msgspec.structs import replace

from cockpit.audit import clock, rewritten
from cockpit.audit.layout import log_path
from cockpit.audit.line import Head
from cockpit.audit.moved import branch_of, full, set_aside, unwritable, went_on
from cockpit.audit.poison import Poison
from cockpit.audit.rewritten import first_other
from cockpit.audit.tail import Tail
from cockpit.errors import LogDamaged, LogError
from cockpit.run.events import Event
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY
from cockpit.run.wording import sentence
from cockpit.session.ahead import Ahead
from cockpit.session.doubts import Doubt
from cockpit.session.elsewhere import Elsewhere
from cockpit.session.lookout import Lookout
from cockpit.session.memory import Memory
from cockpit.session.noted import heads_folder
from cockpit.session.own_clock import OwnClock
from cockpit.session.view import Recent, Rejected, View

RECENT = 200
_NOW = "nothing is written by this screen any more: compare heads with the others; yours are in "


class Follower:
    """Reads, folds and shows."""

    def __init__(self, run_dir: Path) -> None:
        """Open the log and read all of it. Raises LogUnreadable if there is none."""
        self.run_dir = run_dir
        self._tail = Tail(run_dir, remembers=True)
        former = branch_of(run_dir)
        self.notes_name = f"{former.name}-{run_dir.name}" if former is not None else ""
        """Under which the heads of this log are noted; empty: by its run's id."""
        self.memory = Memory(name=self.notes_name)
        self.lock = threading.RLock()
        self.damage: LogError | None = None
        """Why reading ended."""
        self.view = View(state=EMPTY, head=None)
        """The latest; a new value whenever anything in it changed."""
        self._recent: deque[Recent | Event] = deque(maxlen=RECENT)
        self._woken = threading.Event()
        self._is_closed = False
        self._poison = ""
        """Why the store is poisoned, as last told."""
        self._lookout = Lookout(run_dir)
        self._own_clock = OwnClock()
        self._ahead = Ahead(run_dir)
        self._in_the_way = ""
        """What keeps from writing and may pass: the right to write was taken away, or the disk is full."""
        self.catch_up()
        self.memory.end_of_reading()
        self._compare_notes()

    def catch_up(self) -> View:
        """Read and fold everything that is there now. Never raises for what the log holds."""
        with self.lock:
            state, head = self.view.state, self.view.head
            has_facts = False
            while self.damage is None and not self._is_closed:
                try:
                    entries = self._tail.read()
                except LogError as error:
                    self.damage = self._explained(error)
                    break
                if not entries:
                    break
                for entry in entries:
                    state = evolve(state, self._by_own_clock(entry.event))
                    self._lookout.read(entry.event)
                    self._ahead.read(entry.event)
                    if entry.event.is_fact:
                        self._recent.append(entry.event)
                        self.memory.take(entry)
                        has_facts = True
                head = self._tail.head
            if has_facts:
                # Sentences are made once, and only of what is still to be shown.
                said = [r if isinstance(r, Recent) else Recent(r, sentence(r, state)) for r in self._recent]
                self._recent = deque(said, maxlen=RECENT)
                self._show(state=state, head=head, recent=tuple(said))
            elif state is not self.view.state:
                self._show(state=state, head=head)
            self._look_ahead()
            self._look_who_is_here()
            if self.damage is not None:
                self.trouble(str(self.damage))
            return self.view

    def _by_own_clock(self, event: Event) -> Event:
        """What was written on another host, at the time that it was here."""
        if not self._lookout.elsewhere.is_there or not self._lookout.is_following:
            return event
        return self._own_clock.here(event, clock.now())

    def look_around(self) -> None:
        """Notice what the log does not tell: a poisoned store, changed lines, a run that went on, who left."""
        poison = Poison(self.run_dir).reason
        log, is_live = log_path(self.run_dir), self.view.state.status == "live"
        in_the_way = (unwritable(log) or full(log)) if is_live else ""
        where = went_on(self.run_dir) if is_live else ""
        with self.lock:
            if not self._is_closed:
                self._ahead.look()
                self.catch_up()
                self._tail.look_back()
            if where != self.view.went_on:
                self._show(went_on=where)
            self._lookout.look(self.view.state)
            self._look_who_is_here()
            if self._poison and self.view.trouble == self._poison != poison:
                self._show(trouble="")  # its mark was seen before its text was written
            self._poison = poison
            if poison:
                self.trouble(poison)
            if self._in_the_way and self.view.trouble == self._in_the_way != in_the_way:
                self._show(trouble="")  # it is out of the way: nothing else had gone wrong
            if in_the_way:
                self.trouble(in_the_way)
            self._in_the_way = in_the_way

    def look_beyond(self, elsewhere: Elsewhere) -> None:
        """From now on, see who is at the run on other hosts too."""
        with self.lock:
            self._lookout.elsewhere = elsewhere

    def trouble(self, sentence: str) -> None:
        """Show trouble; the first one said stays, it is nearest to the cause."""
        with self.lock:
            if not self.view.trouble:
                self._show(trouble=sentence)

    def _look_ahead(self) -> None:
        ahead, waiting = self._ahead.behind(self.view.state)
        if ahead is not self.view.ahead or waiting is not self.view.waiting:
            self._show(ahead=ahead, waiting=waiting)

    def tell_away(self, away: str) -> None:
        """Show that the database which keeps the run is away, and why; empty: it answers."""
        with self.lock:
            if away != self.view.away:
                self._show(away=away)
        self.wake()

    def tell_doubts(self, doubts: tuple[Doubt, ...]) -> None:
        """Show what is not known to be written, and what became of it."""
        with self.lock:
            self._show(doubts=doubts)
        self.wake()

    def tell_answers(self, answers: bool) -> None:
        """The database that this branch left answers again, or does not."""
        with self.lock:
            if answers != self.view.answers:
                self._show(answers=answers)
        self.wake()

    def _explained(self, error: LogError) -> LogError:
        """Of a log that another program changed: whether its history is another than the one that was read."""
        if (where := set_aside(self.run_dir, self._tail.descriptor)) is not None:
            return LogDamaged(
                f"{rewritten.MERGED}: q, cockpit resume opens what became of both; what was read is kept in {where}",
                line=0,
            )
        if not self._tail.was_well or (other := first_other(self._tail.path, self.memory.digests)) is None:
            return error
        return LogDamaged(
            rewritten.said(*other, error.message), line=other[0].seq, hint=f"{_NOW}{heads_folder() / self._tail.run}"
        )

    def _compare_notes(self) -> None:
        """Act on no history that is another than the one which this person's screens saw."""
        if self.damage is None and self.memory.other is not None:
            said = rewritten.said(*self.memory.other, "as your screens noted it")
            self.damage = LogDamaged(
                said, line=self.memory.other[0].seq, hint=f"{_NOW}{heads_folder() / self._tail.run}"
            )
            self.trouble(str(self.damage))

    def reject(self, rejected: Rejected) -> None:
        """Show a signature that does not count, and whatever follows from it."""
        with self.lock:
            self._show(rejected=(*self.view.rejected, rejected))

    def tell_signing(self, told: str) -> None:
        """Show what becomes of this seat's own signatures."""
        with self.lock:
            if told != self.view.signing:
                self._show(signing=told)

    @property
    def descriptor(self) -> int:
        """Of the log as it was opened, whatever became of its name."""
        return self._tail.descriptor

    @property
    def vouched(self) -> Head | None:
        """The last fact that was read before anything was wrong with the log; None if that cannot be told."""
        return self.view.head if self.damage is None or self._tail.was_well else None

    def sync(self) -> None:
        """Make durable what was read. Raises StoreFailed."""
        with self.lock:
            if not self._is_closed:
                self._tail.sync()

    def wait(self, timeout_s: float) -> None:
        """Return when there may be more to read, or `wake` was called, or after `timeout_s`."""
        if self.damage is None:
            self._tail.wait(timeout_s)
        else:
            self._woken.wait(timeout_s)  # the tail would return at once, for ever: there are lines it cannot read

    def wake(self) -> None:
        """Make `wait` return. After `close` it does nothing: an append may end after the screen."""
        with self.lock:
            self._woken.set()
            if not self._is_closed:
                self._tail.wake()

    def close(self) -> None:
        """Let go of the log; only once nobody waits."""
        with self.lock:
            self._is_closed = True
            self._tail.close()

    def _look_who_is_here(self) -> None:
        """Where people look comes from the log; whether their screens live was seen at the last look around."""
        here, gone, unsure = self._lookout.present(self.view.state)
        skew, shown = self._lookout.skew, self.view
        if (here, gone, unsure, skew) != (shown.here, shown.gone, shown.unsure, shown.skew):
            self._show(here=here, gone=gone, unsure=unsure, skew=skew)

    def who_is_here(self) -> tuple[str, ...]:
        """Ids of the seats whose screens live, looked at anew."""
        with self.lock:
            self._lookout.look(self.view.state)
            self._look_who_is_here()
            return tuple(seat.seat for seat in self.view.here)

    def restrict(self, why: str) -> None:
        """This seat may only read, and why."""
        with self.lock:
            self._show(read_only=why)

    @property
    def is_blind(self) -> bool:
        """Whether locks may not be looked at: who is here, and whether a keeper lives, the log alone tells then."""
        return self._lookout.is_blind

    def _show(self, **changes: object) -> None:
        self.view = replace(self.view, **changes)
