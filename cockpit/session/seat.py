"""One operator's seat at a run: what they see, and what they ask for.

What is asked for goes down (decide, append) and comes back up from the log like everything else: `Done` means durable,
and the view then holds it. Invariant: a decision is made on everything the log holds and appended only if no other fact
came first; else it is made again. A seat never changes state itself, and never lets a failure pass for success.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

import cockpit
from cockpit.audit import clock, ids
from cockpit.audit.keeping import dsn_of, open_store
from cockpit.audit.line import Draft, draft
from cockpit.audit.moved import branch_of, is_same_run
from cockpit.audit.store import Conflict, Durable, Store, Unknown
from cockpit.errors import LogError, StoreAway, StoreFailed
from cockpit.run.commands import Command, GoOffline, KeeperSight, PenCommand, PlanCommand, Refusal
from cockpit.run.decide import FORWARD, decide
from cockpit.run.events import Actor, Event, OperatorAttached, ProbesAsked
from cockpit.run.holding import holds
from cockpit.run.wording import sentence
from cockpit.session.afar import Afar
from cockpit.session.doubts import Doubt, Doubts
from cockpit.session.follower import Follower
from cockpit.session.outputs import Bringing, told_outputs
from cockpit.session.presence import Presence
from cockpit.session.sight import keeper_sight, why_not_here
from cockpit.session.signer import Signer
from cockpit.session.view import View
from cockpit.session.witness import Witness

ATTEMPTS = 50
"""Decisions made again before giving up: another fact came first each time."""
TICK_S = 0.5
"""How often a seat looks at what the log does not tell."""
PACE_S = 0.25
"""Between two views that differ in what was not waited for: readings, output, where others look."""

_AT_ONCE_S = 2.0
"""So soon after its key what a lost connection took away is decided and written again; later a person presses again."""
_ANSWERED_S = 0.6
"""How long closing waits for the answer to the last key."""
_SHUT_S = 0.2

Role = Literal["acting", "watching"]
_Asked = TypeVar("_Asked", bound=Command)


class Done(Struct, frozen=True):
    """It is in the log for good."""

    events: tuple[Event, ...]


class Unsettled(Struct, frozen=True):
    """Whether it was written is not known; the log will tell by this event's id."""

    id: str


class Failed(Struct, frozen=True):
    """It was not written: one sentence says why and what to do."""

    sentence: str


Outcome = Done | Refusal | Unsettled | Failed


class Seat:
    """Opened by `Seat.open`. Any thread may call; `submit` and `close` block on the disk."""

    def __init__(self, run_dir: Path, actor: Actor, role: Role, follower: Follower) -> None:
        """Use `open`."""
        self.run_dir = run_dir
        self.actor = actor
        self.id = ids.new_id()
        self.went_to: Path | None = None
        """Where the run goes on, once this seat let it."""
        self._follower = follower
        pen = follower.view.state.pen
        self._up_under = pen.epoch if role == "acting" and pen is not None else 0
        """The epoch of the pen that was taken up here without its having moved; 0: none was."""
        self._bringing: Bringing | None = None
        self._keeper_met = (0, -math.inf)
        """The epoch of the last keeper, and when it was first asked for here."""
        self._store: Store | None = None
        self.afar = Afar(run_dir, self.id, self._opened, follower.tell_away, self._give_up)
        follower.look_beyond(self.afar)
        self.presence = Presence(run_dir, self.id, follower, self._opened, self.afar)
        self._witness = Witness(follower)
        self.signer = Signer(self, follower)
        self.doubts = Doubts(self._opened, lambda: bool(self.view.away), follower.tell_doubts)
        self._asked = threading.Condition()
        self._asking: list[Command] = []
        """What is being decided and written."""
        self.unheard: list[Outcome] = []
        """What came of it after this seat began to close: no screen tells it any more."""
        self._closing = threading.Event()
        self._writing = threading.Lock()
        self._moving = threading.Lock()
        """Held while this seat itself takes the run offline, or back."""
        self._leaving = threading.Lock()
        self._tailing: threading.Thread | None = None

    @classmethod
    def open(cls, run_dir: Path, actor: Actor, role: Role = "acting") -> Seat:
        """Read the whole log and sit down; nothing is written yet. Raises LogUnreadable if there is no log."""
        return cls(run_dir, actor, role, Follower(run_dir))

    @property
    def view(self) -> View:
        """The run as last read."""
        return self._follower.view

    @property
    def has_pen(self) -> bool:
        """Whether the pen is of whoever sits here, at this seat or another one."""
        return holds(self.view.state, self.actor)

    @property
    def role(self) -> Role:
        """`acting` while the pen is of whoever sits here, and came to this seat or was taken up at it; else `watching`.

        What is taken up counts for one epoch: whoever lost the pen and got it back at another seat acts there.
        """
        pen = self.view.state.pen
        is_up = pen is not None and (pen.seat == self.id or pen.epoch == self._up_under)
        return "acting" if is_up and self.has_pen else "watching"

    def keeper_sight(self) -> KeeperSight:
        """Whether the keeper lives and how long it has been silent, now."""
        keeper = self.view.state.keeper
        epoch = keeper.epoch if keeper is not None else 0
        if epoch != self._keeper_met[0]:
            self._keeper_met = (epoch, time.monotonic())
        return keeper_sight(self.run_dir, clock.now(), self.afar, *self._keeper_met)

    def glance(self) -> None:
        """Look once at who is here and whether a keeper lives, on other hosts too, while this seat is not followed yet.

        Blocks for as long as the run's database takes, at most seconds.
        """
        if self.afar.is_there:
            self.afar.glance()
        self._follower.who_is_here()

    def keeper_objection(self) -> str:
        """Why no keeper is to be started from here now; empty: one may be, and its locks settle races."""
        if self.keeper_sight().alive:
            return "a keeper lives"
        return why_not_here(self.run_dir, self.view.state, self.actor.host) if self.afar.is_there else ""

    def ask_probes(self) -> None:
        """Have the keeper, which is on another host, read the probes now. Blocks. Raises LogError."""
        if away := self.view.away:
            raise StoreAway(away)
        self._opened().append(None, draft(ProbesAsked(), self.actor))

    # ---- following -----------------------------------------------------------------------------------------------

    def follow(self, callback: Callable[[View], None]) -> None:
        """Say in the log that this seat is here, then call back with every new view, from a thread of its own.

        Views may be skipped, never reordered. The callback must not block and must not close the seat.
        """
        self._tailing = threading.Thread(target=self._follow, args=(callback,), name="cockpit-tail", daemon=True)
        self._tailing.start()
        self.afar.begin()
        if self.afar.is_there:
            self._bringing = Bringing(self.run_dir, dsn_of(self.run_dir), lambda: told_outputs(self.view.state))
            self._bringing.begin()
        self._witness.begin()
        self.signer.begin()
        if self.view.state.offline is not None and branch_of(self.run_dir) is not None:
            threading.Thread(target=self._await_store, name="cockpit-store-await", daemon=True).start()
        if self.view.state.status == "live":
            body = OperatorAttached(seat=self.id, role=self.role, version=cockpit.__version__, at="")
            self.presence.begin(body, lambda: self.actor)

    def _follow(self, callback: Callable[[View], None]) -> None:
        shown, shown_s, looked_s = self.view, 0.0, 0.0
        callback(shown)
        try:
            while not self._closing.is_set():
                self._follower.catch_up()
                now_s = time.monotonic()
                pause_s = shown_s + PACE_S - now_s
                if self.view is not shown and (pause_s <= 0 or _is_news(shown, self.view)):
                    shown, shown_s = self.view, now_s
                    callback(shown)
                    self.signer.wake()
                if now_s - looked_s >= TICK_S:  # after what is new was shown: this takes longer than reading a line
                    looked_s = now_s
                    self._follower.look_around()
                    self.presence.bury(self.view.gone)
                    if self.id not in self.view.state.seats:
                        self.presence.missed()
                else:
                    left_s = looked_s + TICK_S - now_s
                    self._follower.wait(left_s if self.view is shown else min(left_s, pause_s))
        except Exception as error:  # whatever it was, a screen that stands still must say so
            self._follower.trouble(
                f"this screen stopped following the log ({type(error).__name__}: {error}); resume the run"
            )
            callback(self.view)
            raise

    def _await_store(self) -> None:
        """Look from time to time whether the database that this branch left answers again."""
        from cockpit.session.offline import LOOK_S, answers

        while not self._closing.wait(LOOK_S):
            self._follower.tell_answers(not answers(self.run_dir))

    # ---- acting --------------------------------------------------------------------------------------------------

    def command(self, kind: type[_Asked], **fields: Any) -> _Asked:
        """A command of this seat: actor, time, role and the sight of the keeper, or of who is here, are filled in."""
        fields = {"actor": self.actor, "now": clock.now(), "role": self.role} | fields
        if issubclass(kind, PlanCommand):
            fields.setdefault("keeper", self.keeper_sight())
        if issubclass(kind, PenCommand):
            fields = {"seat": self.id, "here": tuple(seat.seat for seat in self.view.here)} | fields
        return kind(**fields)

    def take_up(self, at: str = "") -> bool:
        """Act here, where the pen is of whoever sits here; whether it is. Blocks on the disk.

        The pen does not move, and no other seat stops acting. `at`: the step that is looked at, for the others.
        """
        pen = self.view.state.pen
        if pen is None or not self.has_pen:
            return False
        self._up_under = pen.epoch
        body = OperatorAttached(seat=self.id, role="acting", version=cockpit.__version__, at=at)
        with contextlib.suppress(LogError):  # that others are not told of it keeps nobody from acting
            self._opened().append(None, draft(body, self.actor))
        return True

    def submit(self, command: Command) -> Outcome:
        """Decide and append, again whenever another fact came first. Blocks until it is durable.

        While a database keeps the run that does not answer, that is known after seconds: see `Afar`.
        """
        with self._asked:
            self._asking.append(command)
        try:
            outcome = self._submitted(command)
            if self._closing.is_set():
                self.unheard.append(outcome)
            return outcome
        finally:
            with self._asked:
                self._asking.remove(command)
                self._asked.notify_all()

    def _submitted(self, command: Command) -> Outcome:
        if away := self.view.away:
            return Failed(f"{away}; nothing was written, press again once it is back")
        began_s = time.monotonic()
        try:
            store = self._opened()
            for _ in range(ATTEMPTS):
                decided = self._decide(command)
                if decided is None:
                    self._witness.check()  # what was signed a moment ago is not gone on from unchecked
                    continue
                if isinstance(decided, Refusal | Failed):
                    return decided
                last_fact_seq, drafts = decided
                outcome = store.append(last_fact_seq, *drafts)
                if isinstance(outcome, Conflict):
                    continue
                settled = self._settled(store, outcome, drafts)
                if settled is not None:
                    return settled
                if time.monotonic() - began_s > _AT_ONCE_S:
                    return Failed("the database did not take it; nothing was written, press again")
        except StoreAway as error:
            return Failed(str(error))
        except StoreFailed as error:
            self._follower.trouble(str(error))
            self._follower.wake()
            return Failed(str(error))
        except LogError as error:
            return Failed(str(error))
        return Failed(f"others wrote first {ATTEMPTS} times; nothing was written, press again")

    def _decide(self, command: Command) -> tuple[int, list[Draft]] | Refusal | Failed | None:
        """Everything that is a fact by now, made durable, and what follows; None: signatures are unchecked yet."""
        with self._follower.lock:
            state = self._follower.catch_up().state
            if self._follower.damage is not None:
                return Failed(str(self._follower.damage))
            if type(command) in FORWARD and self.view.ahead is not None:
                return Failed(f"what the keeper saw is not in the log yet; nothing was written, {self._until_it_is()}")
            if type(command) in FORWARD and self._witness.is_behind:
                return None
            self._follower.sync()
            now = clock.now()
            if isinstance(command, PlanCommand):
                command = replace(command, now=now, keeper=self.keeper_sight())
            elif isinstance(command, PenCommand):
                command = replace(command, now=now, here=self._follower.who_is_here())
            else:
                command = replace(command, now=now)
            bodies = decide(state, command)
            if type(command) in FORWARD and (objection := self._witness.objection(state)) is not None:
                return objection
        if isinstance(bodies, Refusal):
            return bodies
        return state.last_fact_seq, [draft(body, command.actor, now) for body in bodies]

    def _settled(self, store: Store, outcome: Durable | Unknown, drafts: list[Draft]) -> Outcome | None:
        """None: it is known that nothing was written, and never will be."""
        if isinstance(outcome, Unknown):
            try:
                if self.view.away:
                    return self._unsettled(drafts)
                event = store.lookup(outcome.id)
            except LogError:  # what cannot be looked up is not known, whatever else is wrong
                return self._unsettled(drafts)
            if event is None:
                return None
            events: tuple[Event, ...] = (event,)
        else:
            events = outcome.events
        self._follower.catch_up()
        self._follower.wake()
        return Done(events)

    def _until_it_is(self) -> str:
        """What to do until the keeper's word is in the log: one that died leaves it to the next one."""
        return "press again in a moment" if self.keeper_sight().alive else "start a keeper first: ."

    def _unsettled(self, drafts: list[Draft]) -> Unsettled:
        first = drafts[0]
        body, state = first.body, self.view.state
        event = Event(
            seq=0, id=first.id, type=body.type, is_fact=body.is_fact, instant=first.instant, actor=first.actor,
            body=body, run=state.run,
        )  # fmt: skip
        self.doubts.add(Doubt(id=first.id, what=sentence(event, state), since=first.instant))
        return Unsettled(first.id)

    def _give_up(self) -> None:
        """The database is known not to answer: whoever waits for it is let go of."""
        from cockpit.audit.postgres.mirrored import MirroredStore  # loaded by now: it is followed

        if isinstance(self._store, MirroredStore):
            self._store.give_up()

    def _opened(self) -> Store:
        with self._writing:
            if self._store is None:
                self._store = open_store(self.run_dir)
                if self._closing.is_set():
                    self._store.close()
            return self._store

    def go_on(self, folder: Path) -> Path:
        """Let the run go on in another folder, since its log cannot be written where it is; the run's folder there.

        Blocks until all of it is durable there. This seat stays where it is: open another. Raises RunError, LogError.
        """
        from cockpit.session.continuing import go_on  # on almost no night

        self.went_to, _ = go_on(self.run_dir, folder, self.actor, self._follower)
        return self.went_to

    def go_offline(self, command: GoOffline) -> Path | Refusal:
        """Let the run go on in a branch of its own, since the database is away; its folder.

        Blocks until that is durable and the keeper has ended. This seat stays where it is: open another. Raises
        RunError, LogError.
        """
        from cockpit.session.offline import go_offline  # on almost no night

        with self._moving:
            went = go_offline(self.run_dir, self._follower, command)
        self.went_to = went if isinstance(went, Path) else None
        return went

    def come_home(self) -> Path | Refusal:
        """Bring what this branch holds into the database; the run's folder. Blocks. As `go_offline`."""
        from cockpit.session.offline import come_home

        with self._moving:
            came = come_home(self.run_dir, self._follower, self.actor, self.role)
        if isinstance(came, Refusal):
            return came
        self.went_to = came.run_dir
        return came.run_dir

    def follow_on(self) -> bool:
        """Note that the run went on in a branch of this folder, or came back from this one; whether it did.

        The screen ends then, and another opens there.
        """
        where = self.view.went_on
        if where and self.went_to is None and not self._moving.locked() and is_same_run(self.run_dir, Path(where)):
            self.went_to = Path(where)
        return self.went_to is not None

    # ---- leaving -------------------------------------------------------------------------------------------------

    def close(self, reason: str = "") -> None:
        """Get up: say so in the log while the run lives, end the threads, let go of everything. The run goes on.

        A second call waits for the first one and does nothing else.
        """
        with self._leaving:
            if not self._closing.is_set():
                self._closing.set()
                self._close(reason)

    def _close(self, reason: str) -> None:
        self._follower.wake()
        self.doubts.close()
        if self.view.away:
            self._shut()
        if self._tailing is not None and self._tailing is not threading.current_thread():
            self._tailing.join()
        is_hanging = not self._has_answered(_ANSWERED_S)
        if is_hanging:
            self._shut()
            self._has_answered(_SHUT_S)
        self.signer.close()
        self._witness.close()
        if self._bringing is not None:
            self._bringing.close()
        self.afar.close()
        # Else it still waits for a writer that stands still, and lets go by itself.
        if self.presence.close(reason, is_hanging=is_hanging) and self._store is not None:
            self._store.close()
        self._shut()
        self._follower.close()

    @property
    def is_asking(self) -> bool:
        """Whether something that was asked for has no answer yet."""
        return bool(self._asking)

    def _has_answered(self, timeout_s: float) -> bool:
        """Whether all that was asked for has its answer, now or in a moment."""
        with self._asked:
            return self._asked.wait_for(lambda: not self._asking, timeout_s)

    def _shut(self) -> None:
        """Wait no longer for a database: what it did not answer is not known, and what was not asked fails at once."""
        if self.afar.is_there and self._store is not None:
            self._store.close()


def _is_news(shown: View, view: View) -> bool:
    """Whether people are waiting for it: anything but more of what was not waited for."""
    before, after = shown.state, view.state
    return before.last_fact_seq != after.last_fact_seq or _beside(shown) != _beside(view)


def _beside(view: View) -> tuple[object, ...]:
    return (
        view.trouble,
        view.away,
        view.answers,
        view.went_on,
        view.read_only,
        view.gone,
        view.unsure,
        view.skew,
        view.signing,
        view.rejected,
        view.state.seats.keys(),
    )
