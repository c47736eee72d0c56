"""A run that is kept in a database and copied to this host: acknowledged means committed there and durable here.

Invariant: as every store. Whoever reads the copy has read everything that this side was told of.
"""

from __future__ import annotations

from pathlib import Path

from cockpit.audit.extent import Extent, require_room
from cockpit.audit.layout import log_path
from cockpit.audit.line import LIMIT_BYTES, Draft, Head
from cockpit.audit.postgres.following import Told
from cockpit.audit.postgres.mirror import Kept, Mirror, Source, start_mirror
from cockpit.audit.postgres.store import ANSWER_S, OtherHistory, PostgresStore
from cockpit.audit.postgres.watching import Watch
from cockpit.audit.rewritten import run_named
from cockpit.audit.store import Durable, Outcome, Unknown
from cockpit.errors import LogUnreadable, StoreAway
from cockpit.run.events import Event

_AHEAD_EVENTS = 1000
OPENING_S = 2.0
"""How long a question may take while a store is opened."""


class MirroredStore:
    """A store and its copy. Blocking; any thread may call."""

    def __init__(self, store: PostgresStore, mirror: Mirror) -> None:
        self._store = store
        self._mirror = mirror
        self._watch = Watch(store, mirror)

    @classmethod
    def create(cls, dsn: str, run: str, run_dir: Path, *, despite_place: bool = False) -> MirroredStore:
        """A run that has no line yet, and its folder with an empty copy. Raises LogError."""
        store = PostgresStore.create(dsn, run)
        try:
            start_mirror(run_dir, run, despite_place=despite_place)
            return cls(store, Mirror(run_dir, run))
        except BaseException:
            store.close()
            raise

    @classmethod
    def open(cls, dsn: str, run: str, run_dir: Path, *, answer_s: float | None = None) -> MirroredStore:
        """Open both, and bring the copy up to date. Raises LogError.

        A server that stands still is known to after 2 s: nothing is under way yet that would be worth a longer wait.
        """
        patience_s = ANSWER_S if answer_s is None else answer_s
        opening_s = min(patience_s, OPENING_S)
        try:
            store = PostgresStore.open(dsn, run, answer_s=opening_s)
        except LogUnreadable:
            if run_named(log_path(run_dir)) != run:
                raise
            store = PostgresStore(dsn, run, answer_s=opening_s)  # it was there: the look tells what became of it
        try:
            opened = cls(store, Mirror(run_dir, run))
        except BaseException:
            store.close()
            raise
        try:
            opened._watch.look(store)
        except BaseException:
            opened.close()
            raise
        store.answer_s = patience_s
        return opened

    @property
    def run(self) -> str:
        """The run's id."""
        return self._store.run

    @property
    def head(self) -> Head | None:
        """The last fact that both hold."""
        return self._mirror.head

    @property
    def extent(self) -> Extent:
        """How long the copy is."""
        return self._mirror.extent

    @property
    def is_poisoned(self) -> bool:
        """Whether this host's copy can no longer be written."""
        return bool(self.poison_reason)

    @property
    def poison_reason(self) -> str:
        """Why; empty while all is well."""
        return self._mirror.poison_reason

    def append(self, last_fact_seq: int | None, *drafts: Draft) -> Outcome:
        """As every store. Raises StoreFailed also where it was committed and this host's disk refused the copy.

        StoreDiverged: the database goes on otherwise than this host's copy, and nothing was written.
        """
        # Others may be ahead of the copy: so much is left to them.
        require_room(self.extent, len(drafts) + _AHEAD_EVENTS, (len(drafts) + _AHEAD_EVENTS) * LIMIT_BYTES)
        self.require_usable()  # above all: the run may have gone on offline
        outcome, lines = self._added(last_fact_seq, drafts)
        if isinstance(outcome, Unknown):
            return outcome
        try:
            if isinstance(outcome, Durable) and self._watch.guarded(lambda: self._mirror.take(lines)):
                return outcome
            # Others wrote in between. After a conflict too: whoever decides again has to read what came first.
            self.pull(outcome.events[-1].seq if isinstance(outcome, Durable) else 0)
            if isinstance(outcome, Durable) and not self._mirror.holds(lines):
                return Unknown(id=drafts[0].id)  # committed by a server that a failover has lost meanwhile
        except StoreAway:
            if isinstance(outcome, Durable):
                return Unknown(id=drafts[0].id)  # committed, and not here yet: not to be acknowledged
            raise
        return outcome

    def _added(self, last_fact_seq: int | None, drafts: tuple[Draft, ...]) -> tuple[Outcome, list[Kept]]:
        """Append where the copy's last line is known, and nowhere else."""
        self._mirror.require_trust()
        self._watch.wait_for_others()
        try:
            return self._store.add(last_fact_seq, *drafts, known=self._mirror.end)
        except OtherHistory:
            self._watch.settle()
            self.pull()
            return self._store.add(last_fact_seq, *drafts, known=self._mirror.end)

    def require_usable(self) -> None:
        """Raise LogError if nothing could be appended here, as far as that can be seen without trying."""
        self._mirror.require_usable()

    def lookup(self, event_id: str) -> Event | None:
        """As every store; after a failover only once nobody may still bring it back."""
        self._watch.wait_for_others()
        event = self._store.lookup(event_id)
        self.pull(event.seq if event is not None else 0)
        if event is not None and not self._mirror.holds_id(event_id):
            raise StoreAway("the server that knew of it is no longer the one that answers: it is not known yet")
        return event

    def pull(self, to_seq: int = 0) -> int:
        """Bring the copy up to date; its last sequence number. Raises LogError."""
        return self._watch.guarded(lambda: self._mirror.pull(self._store.lines_after, to_seq))

    def take_in(self, source: Source, told: Told | None = None) -> None:
        """Bring the copy up to date by what somebody follows who may have been told of a line.

        Without that it is time to look: whether the database still holds what the copy does. Raises LogError.
        """
        if told is None:
            self._store.rest()
            self._watch.look(source)
        elif told.pid != self._store.server_pid:  # else it was appended here, and is on its way into the copy
            self._watch.guarded(lambda: self._mirror.pull(source.lines_after, told.seq))

    def fence(self, epoch: int) -> None:
        """As of `PostgresStore`."""
        self._store.fence(epoch)

    def give_up(self) -> None:
        """The database is known not to answer: what waits for it is Unknown, or has failed, at once."""
        self._store.give_up()

    def close(self) -> None:
        """Let go of both. A second call does nothing."""
        self._store.close()
        self._watch.close()
        self._mirror.close()
