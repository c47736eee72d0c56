"""That a seat is here and where it looks, told to the others; and that another's screen is gone, told for it.

Invariant: all of this is telemetry, written by a thread of its own: no key waits for it, and if it cannot be written
the run goes on without it. That a seat is here is a lock, which dies with its process; the log only says whose it is.
It is held before the log says so: of a run that a database keeps, there too. Of several seats that find one gone, one
writes it down: whoever gets its lock. Whom others wrote down while nothing was heard of them says again that they are
here.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from cockpit.audit.layout import locks_dir, seat_lock
from cockpit.audit.line import draft
from cockpit.audit.locks import HeldLock
from cockpit.audit.store import Store
from cockpit.errors import LogError, ReadOnlyRun, StoreAway
from cockpit.run.events import Actor, Body, OperatorAttached, OperatorDetached, OperatorMoved
from cockpit.session.afar import Afar
from cockpit.session.follower import Follower

PACE_S = 0.25
"""Between two tellings of where this seat looks: the last one counts."""
STIRRED_S = 60.0
"""Between two tellings that somebody still presses keys here."""
ASKED_S = 10.0
"""The same while somebody waits for the pen: whoever holds it and presses keys must not seem to be silent."""
PATIENCE_S = 2.0
"""How long closing waits for a writer that stands still."""
_AFAR_S = 0.7
"""The same for a database: nobody needs to be told there that a screen left, its lease ends with it."""
_HANGING_S = 0.1
"""And for one that is known to hang."""
_OLD_S = 60.0
"""A lock's file that is younger may be one that is just being locked."""
_SEEN_S = 5.0
"""How long a seat waits until the others can see it, before it says that it is here."""
_AGAIN_S = 1.0
"""Between two tries while the database is away."""
_LOOK_EVERY_S = 0.02
GONE = "the screen is gone"


class Presence:
    """Of one seat. Begun once, closed once; the other methods return at once, from any thread."""

    def __init__(self, run_dir: Path, seat: str, follower: Follower, opened: Callable[[], Store], afar: Afar) -> None:
        """`opened` gives the store, or raises LogError; `afar` is how the seat is held in the run's database."""
        self._run_dir, self._seat = run_dir, seat
        self._follower, self._opened, self._afar = follower, opened, afar
        self._actor: Callable[[], Actor] = lambda: Actor(user="", host="")
        self._lock: HeldLock | None = None
        self._store: Store | None = None
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()
        self._is_closing = False
        self._gone: frozenset[str] = frozenset()
        self._is_missed = False
        self._at, self._told_at = "", ""
        self._told_s = 0.0
        self._is_stirred = False
        self._reason = ""

    def begin(self, body: OperatorAttached, actor: Callable[[], Actor]) -> None:
        """Say that this seat is here. `actor`: whoever sits there, asked anew each time."""
        self._actor, self._at, self._told_at = actor, body.at or "", body.at or ""
        # Apart, because an append waits for its turn: a writer that stands still must not keep this screen from seeing.
        self._thread = threading.Thread(target=self._run, args=(body,), name="cockpit-presence", daemon=True)
        self._thread.start()

    def look_at(self, step: str) -> None:
        """This seat looks at a step; empty: at what is due."""
        with self._changed:
            if step != self._at:
                self._at = step
                self._changed.notify()

    def stirred(self) -> None:
        """A key was pressed here."""
        with self._changed:
            pace_s = ASKED_S if self._follower.view.state.pen_asked else STIRRED_S
            if not self._is_stirred and time.monotonic() - self._told_s >= pace_s:
                self._is_stirred = True
                self._changed.notify()

    def bury(self, gone: frozenset[str]) -> None:
        """These seats were found gone."""
        with self._changed:
            if gone != self._gone:
                self._gone = gone
                self._changed.notify()

    def missed(self) -> None:
        """The log has this seat here no more, or not yet."""
        with self._changed:
            if self._afar.is_there and not self._is_missed:
                self._is_missed = True
                self._changed.notify()

    def close(self, reason: str, *, is_hanging: bool = False) -> bool:
        """Say that this seat left, and let its lock go; False if that waits for a writer that stands still.

        Whatever the log's trouble, presence ends with the lock.
        """
        with self._changed:
            self._is_closing, self._reason = True, reason
            self._changed.notify()
        if self._thread is None:
            return True
        patience_s = _HANGING_S if is_hanging else _AFAR_S
        self._thread.join(patience_s if self._afar.is_there else PATIENCE_S)
        return not self._thread.is_alive()

    # ---- in the thread ---------------------------------------------------------------------------------------------

    def _run(self, body: OperatorAttached) -> None:
        if not self._attach(body):
            return
        while not self._is_closing:
            # What cannot be written is no trouble of its own: whoever acts is told, and who is here needs no log.
            with contextlib.suppress(LogError):
                self._come_back(body)
                self._tell_place()
                self._bury()
            self._rest()
        self._leave()

    def _attach(self, body: OperatorAttached) -> bool:
        try:
            while not self._is_attached(body):
                with self._changed:
                    if self._changed.wait_for(lambda: self._is_closing, _AGAIN_S):
                        self._let_go()
                        return False
        except ReadOnlyRun as error:
            self._follower.restrict(error.message.partition(": ")[0])
        except LogError as error:
            self._follower.trouble(str(error))
        except OSError as error:
            self._follower.trouble(f"this seat cannot be marked as present: {error.strerror}")
        else:
            self._told_s = time.monotonic()
            self._sweep()
            return True
        self._follower.wake()
        self._let_go()
        return False

    def _is_attached(self, body: OperatorAttached) -> bool:
        """False while the database that keeps the run is away. Raises LogError, OSError."""
        try:
            self._store = self._opened()
            if self._lock is None:
                self._lock = HeldLock.take(seat_lock(self._run_dir, self._seat))
            give_up = time.monotonic() + _SEEN_S
            while not (self._afar.holds_seat or self._is_closing or time.monotonic() > give_up):
                time.sleep(_LOOK_EVERY_S)
            self._append(body)
        except StoreAway:
            return False
        return True

    def _come_back(self, body: OperatorAttached) -> None:
        """Say again that this seat is here, where others took it for gone."""
        with self._changed:
            is_missed, self._is_missed = self._is_missed, False
        if is_missed and self._afar.holds_seat:
            state = self._follower.catch_up().state
            if self._seat not in state.seats and state.status == "live":
                self._append(replace(body, at=self._at))

    def _rest(self) -> None:
        """Until there is something to be told; not sooner after the last telling than `PACE_S`."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._is_closing
                    or self._is_stirred
                    or self._is_missed
                    or self._at != self._told_at
                    or bool(self._gone)
                )
            )
            left_s = self._told_s + PACE_S - time.monotonic()
            if left_s > 0:
                self._changed.wait_for(lambda: self._is_closing, left_s)

    def _tell_place(self) -> None:
        with self._changed:
            if self._at == self._told_at and not self._is_stirred:
                return
            self._told_at, self._is_stirred = self._at, False
            self._told_s = time.monotonic()
        if self._follower.view.state.status == "live":
            self._append(OperatorMoved(seat=self._seat, step=self._told_at))

    def _bury(self) -> None:
        with self._changed:
            gone, self._gone = self._gone, frozenset()
        state = self._follower.view.state
        for seat in sorted(gone):
            if self._is_closing:
                return  # of a crowd that died, others write down the rest: this seat's own leaving comes first
            known = state.seats.get(seat)
            if known is None or known.by is None or state.status != "live" or not (seat.isascii() and seat.isalnum()):
                continue
            with contextlib.suppress(OSError):  # not ours to take away: it is gone all the same
                if self._afar.is_there:
                    with self._afar.burying(seat) as is_ours:
                        if is_ours:
                            self._bury_one(seat)
                elif known.by.host == self._actor().host:
                    self._bury_one(seat)

    def _bury_one(self, seat: str) -> None:
        lock = HeldLock.take(seat_lock(self._run_dir, seat))
        if lock is None:
            return  # it lives, or another seat is at it
        try:
            if seat in self._follower.catch_up().state.seats:
                self._append(OperatorDetached(seat=seat, reason=GONE, found="gone"))
            lock.path.unlink(missing_ok=True)
        finally:
            lock.release()

    def _sweep(self) -> None:
        """Take away the locks' files of seats that died before the log knew of them."""
        known = self._follower.view.state.seats
        with contextlib.suppress(OSError):
            for path in locks_dir(self._run_dir).glob("seat-*"):
                if path.name.removeprefix("seat-") not in known and time.time() - path.stat().st_mtime > _OLD_S:
                    lock = HeldLock.take(path)
                    if lock is not None:
                        path.unlink(missing_ok=True)
                        lock.release()

    def _append(self, *bodies: Body) -> None:
        assert self._store is not None
        self._store.append(None, *(draft(body, self._actor()) for body in bodies))

    def _leave(self) -> None:
        try:
            if self._follower.catch_up().state.status == "live":
                self._append(OperatorDetached(seat=self._seat, reason=self._reason))
        except LogError as error:
            # Nothing is lost: presence ends with the lock, and the log's own trouble was shown.
            self._follower.trouble(str(error))
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._lock is not None:
            with contextlib.suppress(OSError):
                self._lock.path.unlink(missing_ok=True)
            self._lock.release()
