"""One operator's seat at a run: what they see, and what they ask for.

What is asked for goes down (decide, append) and comes back up from the log like everything else: `Done` means durable,
and the view then holds it. Invariant: a decision is made on everything the log holds and appended only if no other fact
came first; else it is made again. A seat never changes state itself, and never lets a failure pass for success.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

import cockpit
from cockpit.audit import clock, ids
from cockpit.audit.files import FileStore
from cockpit.audit.layout import seat_lock
from cockpit.audit.line import Draft, draft
from cockpit.audit.locks import HeldLock
from cockpit.audit.store import Conflict, Durable, Store, Unknown
from cockpit.errors import LogError, StoreFailed
from cockpit.run.commands import Command, KeeperSight, PlanCommand, Refusal
from cockpit.run.decide import decide
from cockpit.run.events import Actor, Body, Event, OperatorAttached, OperatorDetached
from cockpit.session.follower import Follower
from cockpit.session.sight import keeper_sight
from cockpit.session.view import View

ATTEMPTS = 50
"""Decisions made again before giving up: another fact came first each time."""
ATTACH_PATIENCE_S = 2.0
"""How long closing waits for a seat that is still waiting to say that it came."""
TICK_S = 0.5
"""How often a seat looks at what the log does not tell."""

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
        self.role: Role = role
        self.id = ids.new_id()
        self.went_to: Path | None = None
        """Where the run goes on, once this seat let it."""
        self._follower = follower
        self._store: Store | None = None
        self._presence: HeldLock | None = None
        self._is_attached = False
        self._closing = threading.Event()
        self._writing = threading.Lock()
        self._leaving = threading.Lock()
        self._tailing: threading.Thread | None = None
        self._attaching: threading.Thread | None = None

    @classmethod
    def open(cls, run_dir: Path, actor: Actor, role: Role = "acting") -> Seat:
        """Read the whole log and sit down; nothing is written yet. Raises LogUnreadable if there is no log."""
        return cls(run_dir, actor, role, Follower(run_dir))

    @property
    def view(self) -> View:
        """The run as last read."""
        return self._follower.view

    def keeper_sight(self) -> KeeperSight:
        """Whether the keeper lives and how long it has been silent, now."""
        return keeper_sight(self.run_dir, clock.now())

    # ---- following -----------------------------------------------------------------------------------------------

    def follow(self, callback: Callable[[View], None]) -> None:
        """Say in the log that this seat is here, then call back with every new view, from a thread of its own.

        Views may be skipped, never reordered. The callback must not block and must not close the seat.
        """
        self._tailing = threading.Thread(target=self._follow, args=(callback,), name="cockpit-tail", daemon=True)
        self._tailing.start()
        # Apart, because an append waits for its turn: a writer that stands still must not keep this screen from seeing.
        self._attaching = threading.Thread(target=self._attach, name="cockpit-attach", daemon=True)
        self._attaching.start()

    def _follow(self, callback: Callable[[View], None]) -> None:
        shown: View | None = None
        try:
            while not self._closing.is_set():
                self._follower.catch_up()
                self._follower.look_around()
                view = self.view
                if view is not shown:
                    shown = view
                    callback(view)
                self._follower.wait(TICK_S)
        except Exception as error:  # whatever it was, a screen that stands still must say so
            self._follower.trouble(
                f"this screen stopped following the log ({type(error).__name__}: {error}); resume the run"
            )
            callback(self.view)
            raise

    def _attach(self) -> None:
        if self.view.state.status != "live":
            return
        body = OperatorAttached(seat=self.id, role=self.role, version=cockpit.__version__)
        try:
            store = self._opened()
            if self._closing.is_set():
                store.close()
                return
            self._presence = HeldLock.take(seat_lock(self.run_dir, self.id))
            store.append(None, draft(body, self.actor))
        except LogError as error:
            self._follower.trouble(str(error))
        except OSError as error:
            self._follower.trouble(f"this seat cannot be marked as present: {error.strerror}")
        else:
            self._is_attached = True

    # ---- acting --------------------------------------------------------------------------------------------------

    def command(self, kind: type[_Asked], **fields: Any) -> _Asked:
        """A command of this seat: actor, time, role and the sight of the keeper are filled in."""
        fields = {"actor": self.actor, "now": clock.now(), "role": self.role} | fields
        if issubclass(kind, PlanCommand):
            fields.setdefault("keeper", self.keeper_sight())
        return kind(**fields)

    def submit(self, command: Command) -> Outcome:
        """Decide and append, again whenever another fact came first. Blocks until it is durable."""
        try:
            store = self._opened()
            for _ in range(ATTEMPTS):
                decided = self._decide(command)
                if isinstance(decided, Refusal | Failed):
                    return decided
                last_fact_seq, drafts = decided
                outcome = store.append(last_fact_seq, *drafts)
                if isinstance(outcome, Conflict):
                    continue
                return self._settled(store, outcome)
        except StoreFailed as error:
            self._follower.trouble(str(error))
            self._follower.wake()
            return Failed(str(error))
        except LogError as error:
            return Failed(str(error))
        return Failed(f"others wrote first {ATTEMPTS} times; nothing was written, press again")

    def _decide(self, command: Command) -> tuple[int, list[Draft]] | Refusal | Failed:
        """Everything that is a fact by now, made durable, and what follows from it."""
        with self._follower.lock:
            state = self._follower.catch_up().state
            if self._follower.damage is not None:
                return Failed(str(self._follower.damage))
            self._follower.sync()
            now = clock.now()
            if isinstance(command, PlanCommand):
                command = replace(command, now=now, keeper=keeper_sight(self.run_dir, now))
            else:
                command = replace(command, now=now)
            bodies = decide(state, command)
        if isinstance(bodies, Refusal):
            return bodies
        return state.last_fact_seq, [draft(body, command.actor, now) for body in bodies]

    def _settled(self, store: Store, outcome: Durable | Unknown) -> Done | Unsettled:
        if isinstance(outcome, Unknown):
            event = store.lookup(outcome.id)
            if event is None:
                return Unsettled(outcome.id)
            events: tuple[Event, ...] = (event,)
        else:
            events = outcome.events
        self._follower.catch_up()
        self._follower.wake()
        return Done(events)

    def _opened(self) -> Store:
        with self._writing:
            if self._store is None:
                self._store = FileStore.open(self.run_dir)
            return self._store

    def go_on(self, folder: Path) -> Path:
        """Let the run go on in another folder, since its log cannot be written where it is; the run's folder there.

        Blocks until all of it is durable there. This seat stays where it is: open another. Raises RunError, LogError.
        """
        from cockpit.session.continuing import go_on  # on almost no night

        self.went_to, _ = go_on(self.run_dir, folder, self.actor, self._follower)
        return self.went_to

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
        for thread, patience_s in ((self._tailing, None), (self._attaching, ATTACH_PATIENCE_S)):
            if thread is not None and thread is not threading.current_thread():
                thread.join(patience_s)
        if self._attaching is None or not self._attaching.is_alive():
            self._let_go(reason)
        # Else it still waits for a writer that stands still, and lets go by itself.
        self._follower.close()

    def _let_go(self, reason: str) -> None:
        if self._store is not None:
            self._detach(self._store, OperatorDetached(seat=self.id, reason=reason))
            self._store.close()
        if self._presence is not None:
            self._presence.path.unlink(missing_ok=True)
            self._presence.release()

    def _detach(self, store: Store, body: Body) -> None:
        if not self._is_attached or self._follower.catch_up().state.status != "live":
            return
        self._is_attached = False
        try:
            store.append(None, draft(body, self.actor))
        except LogError as error:
            # Nothing is lost: presence ends with the lock, and the log's own trouble was shown.
            self._follower.trouble(str(error))
