"""How what a seat asks for gets into the log: decided on everything that it holds, appended, and answered for.

Invariant: it is appended only if no other fact came first; else it is decided again. A failure is never told as
success, and what a store gave no answer to is a doubt until the store says what became of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from msgspec.structs import replace

from cockpit.audit import clock
from cockpit.audit.accepting import accept_store
from cockpit.audit.keeping import dsn_of, open_store
from cockpit.audit.line import Draft, draft
from cockpit.audit.store import Conflict, Durable, Store, Unknown
from cockpit.errors import LogError, StoreAway, StoreFailed
from cockpit.run.commands import Command, KeeperSight, PenCommand, PlanCommand, Refusal
from cockpit.run.events import Actor, Event
from cockpit.run.wording import sentence
from cockpit.session.doubts import Doubt, Doubts
from cockpit.session.follower import Follower
from cockpit.session.outcomes import Done, Failed, Outcome, Unsettled
from cockpit.session.typed import without_secrets
from cockpit.session.witness import Witness

ATTEMPTS = 50
"""Decisions made again before giving up: another fact came first each time."""

_AT_ONCE_S = 2.0
"""So soon after its key what a lost connection took away is decided and written again; later a person presses again."""


class Submitting:
    """Of one seat, with the store that it writes to. Any thread may call; `submit` blocks on the disk."""

    def __init__(
        self,
        follower: Follower,
        witness: Witness,
        keeper_sight: Callable[[], KeeperSight],
        actor: Callable[[], Actor],
    ) -> None:
        """Open nothing yet: a seat that asks for nothing needs no store."""
        self._follower, self._witness, self._keeper_sight, self._actor = follower, witness, keeper_sight, actor
        self.doubts = Doubts(self.opened, lambda: bool(follower.view.away), follower.tell_doubts)
        self.unheard: list[Outcome] = []
        """What came of it after the seat began to close: no screen tells it any more."""
        self._store: Store | None = None
        self._writing = threading.Lock()
        self._asked = threading.Condition()
        self._asking: list[Command] = []
        """What is being decided and written."""
        self._is_closing = False

    def opened(self) -> Store:
        """The store, opened by whoever needs it first. Raises LogError."""
        with self._writing:
            if self._store is None:
                self._store = self._open()
                if self._is_closing:
                    self._store.close()
            return self._store

    def _open(self) -> Store:
        run_dir, state = self._follower.run_dir, self._follower.view.state
        store = open_store(run_dir)
        if state.status == "live" and (dsn := dsn_of(run_dir)):
            try:
                accept_store(store, run_dir, dsn, self._actor())
            except BaseException:
                store.close()
                raise
        return store

    @staticmethod
    def prepare() -> None:
        """Load what the first decision needs, so that it waits for nothing."""
        import cockpit.run.decide  # noqa: F401

    # ---- asking --------------------------------------------------------------------------------------------------

    def submit(self, command: Command) -> Outcome:
        """Decide and append, again whenever another fact came first. Blocks until it is durable.

        While a database keeps the run that does not answer, that is known after seconds: see `Afar`.
        """
        command, withheld = without_secrets(command)
        with self._asked:
            self._asking.append(command)
        try:
            outcome = self._submitted(command)
            if withheld and isinstance(outcome, Done):
                outcome = replace(outcome, withheld=withheld)
            if self._is_closing:
                self.unheard.append(outcome)
            return outcome
        finally:
            with self._asked:
                self._asking.remove(command)
                self._asked.notify_all()

    def _submitted(self, command: Command) -> Outcome:
        if away := self._follower.view.away:
            return Failed(f"{away}; nothing was written, press again once it is back")
        began_s = time.monotonic()
        try:
            store = self.opened()
            for _ in range(ATTEMPTS):
                decided = self.decided(command)
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

    def decided(self, command: Command) -> tuple[int, list[Draft]] | Refusal | Failed | None:
        """Make durable all that is a fact by now, and decide on it; None: signatures are unchecked yet.

        What is decided stands on a last fact (its seq) and counts if no other came since. Raises LogError.
        """
        from cockpit.run.decide import FORWARD, decide  # not for the first paint: see `prepare`

        with self._follower.lock:
            state = self._follower.catch_up().state
            if self._follower.damage is not None:
                return Failed(str(self._follower.damage))
            if type(command) in FORWARD and self._follower.view.ahead is not None:
                return Failed(f"what the keeper saw is not in the log yet; nothing was written, {self._until_it_is()}")
            if type(command) in FORWARD and self._witness.is_behind:
                return None
            self._follower.sync()
            now = clock.now()
            if isinstance(command, PlanCommand):
                command = replace(command, now=now, keeper=self._keeper_sight())
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

    def _until_it_is(self) -> str:
        """What to do until the keeper's word is in the log: one that died leaves it to the next one."""
        return "press again in a moment" if self._keeper_sight().alive else "start a keeper first: ."

    def _settled(self, store: Store, outcome: Durable | Unknown, drafts: list[Draft]) -> Outcome | None:
        """None: it is known that nothing was written, and never will be."""
        if isinstance(outcome, Unknown):
            try:
                if self._follower.view.away:
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

    def _unsettled(self, drafts: list[Draft]) -> Unsettled:
        first = drafts[0]
        body, state = first.body, self._follower.view.state
        event = Event(
            seq=0, id=first.id, type=body.type, is_fact=body.is_fact, instant=first.instant, actor=first.actor,
            body=body, run=state.run,
        )  # fmt: skip
        self.doubts.add(Doubt(id=first.id, what=sentence(event, state), since=first.instant))
        return Unsettled(first.id)

    # ---- leaving -------------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """Nobody listens any more: what comes of what was asked for is `unheard`, and doubts stay as they are."""
        self._is_closing = True
        self._follower.wake()
        self.doubts.close()

    @property
    def is_asking(self) -> bool:
        """Whether something that was asked for has no answer yet."""
        return bool(self._asking)

    def has_answered(self, timeout_s: float) -> bool:
        """Whether all that was asked for has its answer, now or in a moment."""
        with self._asked:
            return self._asked.wait_for(lambda: not self._asking, timeout_s)

    def give_up(self) -> None:
        """The database is known not to answer: whoever waits for it is let go of."""
        from cockpit.audit.postgres.mirrored import MirroredStore  # loaded by now: it is followed

        if isinstance(self._store, MirroredStore):
            self._store.give_up()

    def close(self) -> None:
        """Let go of the store: what a database did not answer is not known, and what was not asked fails at once."""
        if self._store is not None:
            self._store.close()
