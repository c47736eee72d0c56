"""Whether the database that keeps a run still holds what this host's copy does, looked at once a second.

Invariant: nothing is appended where the copy's last line is not known. What a failover lost is put back; a server that
a failover left behind is asked nothing; one that goes on otherwise is told of, and waits; one that somebody changed is
trusted no more by anybody on this host (`locks/poisoned`), and the sentence says which line is another.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from cockpit.audit.layout import compare_lock
from cockpit.audit.line import digest
from cockpit.audit.locks import HeldLock
from cockpit.audit.postgres.comparing import Comparison
from cockpit.audit.postgres.connecting import where
from cockpit.audit.postgres.mending import mend
from cockpit.audit.postgres.mirror import Mirror, Source
from cockpit.audit.postgres.servers import Server, left_behind, note_server, seen_server
from cockpit.audit.postgres.store import PostgresStore
from cockpit.audit.rewritten import CHANGED
from cockpit.errors import LogDamaged, StoreDiverged, StoreFailed

OTHERS_S = 3.0
"""After a failover nothing new is appended for so long: whoever holds more of the lost lines puts them back first."""
COMPARE_S = 1.0
APART_S = 10.0
"""Between looks whether two logs are still two: each reads all of the copy."""
_Answer = TypeVar("_Answer")


class Watch:
    """Of one opened copy. Any thread may call."""

    def __init__(self, store: PostgresStore, mirror: Mirror) -> None:
        """Raises StoreAway if the store's server is one that a failover left behind."""
        self._store, self._mirror = store, mirror
        self._run_dir = mirror.path.parent
        self._settling = threading.Lock()
        self._closing = threading.Event()
        self._not_before = 0.0
        self._comparison = Comparison(store.run, mirror.path)
        self._compared_at = 0.0
        self._turn: HeldLock | None = None
        self._apart: StoreDiverged | None = None
        self._apart_until = 0.0
        store.admit = self._admit
        self._admit(store.server)

    def look(self, source: Source) -> None:
        """Take in what is new, and see that the copy's last line is still there. Raises LogError, StoreDiverged."""
        if self._mirror.poison_reason:
            return  # nothing is taken from it any more
        self._admit(source.server)
        seq, known = self._mirror.end
        lines = source.lines_after(max(seq - 1, 0))
        if seq and (not lines or lines[0].seq != seq or digest(lines[0].line) != known):
            self.settle()
            lines = source.lines_after(seq)
        following = [each for each in lines if each.seq > seq]
        if following:
            self.guarded(lambda: self._mirror.take(following))
            self.guarded(lambda: self._mirror.pull(source.lines_after))
        self._note(source.server)
        self._compare(source)

    def guarded(self, act: Callable[[], _Answer]) -> _Answer:
        """Write into the copy; where the lines do not follow, find out why, and do it again if that was mended."""
        try:
            return act()
        except LogDamaged as why:
            self.settle(why)
            return act()

    def settle(self, why: LogDamaged | None = None) -> None:
        """Put back what was lost. Raises StoreDiverged or StoreAway if it cannot be, StoreFailed of a changed database.

        `why`: raised again if nothing else is found.
        """
        with self._settling:
            if self._apart is not None and time.monotonic() < self._apart_until:
                raise self._apart.with_traceback(None)
            try:
                found = mend(self._store.dsn, self._store.run, self._run_dir)
            except StoreDiverged as apart:
                self._apart, self._apart_until = apart, time.monotonic() + APART_S
                raise
            if found.changed_at:
                raise self._distrust(
                    f"{CHANGED}: from line {found.changed_at} on it tells another story than this copy"
                )
            if why is not None and not found.restored:
                self._compare_all()
                raise why

    def wait_for_others(self) -> None:
        """Return once nobody may still have lost lines to put back. Raises StoreAway."""
        self._store.reach()
        left_s = self._not_before - time.monotonic()
        if left_s > 0:
            self._closing.wait(left_s)

    def close(self) -> None:
        """Look no more. A second call does nothing."""
        self._closing.set()
        if self._turn is not None:
            self._turn.release()
            self._turn = None

    # ---- which server ------------------------------------------------------------------------------------------------

    def _admit(self, server: Server) -> None:
        seen = seen_server(self._run_dir)
        if server.was_left_behind(seen.server):
            raise left_behind(self._store.dsn, server, seen.server)
        if server.took_over(seen.server):
            self._not_before = time.monotonic() + OTHERS_S
        elif 0 < seen.before < seen.server.timeline and seen.age_s < OTHERS_S:
            self._not_before = time.monotonic() + OTHERS_S - seen.age_s

    def _note(self, server: Server) -> None:
        seen = seen_server(self._run_dir)
        if server.is_known and server != seen.server:
            note_server(self._run_dir, server, seen)

    # ---- line by line --------------------------------------------------------------------------------------------

    def _compare(self, source: Source) -> None:
        if time.monotonic() - self._compared_at < COMPARE_S or not self._has_turn():
            return
        self._compared_at = time.monotonic()
        if self._comparison.step(source.ask) is not None:
            self.settle()  # a failover in this very moment is no change
            self._compare_all()

    def _compare_all(self) -> None:
        _, found = self._comparison.whole(self._store.ask)
        if found is not None:
            raise self._distrust(found.sentence)

    def _has_turn(self) -> bool:
        """One process on a host compares: another takes its place when it ends."""
        if self._turn is None and not self._closing.is_set():
            try:
                self._turn = HeldLock.take(compare_lock(self._run_dir))
            except OSError:
                return True  # it cannot be locked here: better twice than never
        return self._turn is not None

    def _distrust(self, sentence: str) -> StoreFailed:
        return self._mirror.distrust(f"{sentence} ({where(self._store.dsn)}); this host's copy is as it was read")
