"""The thread that shows a seat's run as it goes on: each new view is told, in order, and never too often.

Invariant: what people wait for is told at once; what was not waited for (readings, output, where others look) at most
every `PACE_S`. It writes nothing itself. A thread that ends for any reason but closing says so on the screen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from cockpit.audit.moved import branch_of
from cockpit.session.follower import Follower
from cockpit.session.presence import Presence
from cockpit.session.signer import Signer
from cockpit.session.view import View

TICK_S = 0.5
"""How often a seat looks at what the log does not tell."""
PACE_S = 0.25
"""Between two views that differ in what was not waited for."""


class Tailing:
    """Of one seat; begun once."""

    def __init__(self, seat: str, follower: Follower, presence: Presence, signer: Signer) -> None:
        """`seat`: its id."""
        self._seat, self._follower, self._presence, self._signer = seat, follower, presence, signer
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, callback: Callable[[View], None]) -> None:
        """Call back with the view as it is and with each new one. Views may be skipped, never reordered."""
        self._thread = threading.Thread(target=self._follow, args=(callback,), name="cockpit-tail", daemon=True)
        self._thread.start()

    def await_store(self) -> None:
        """Look from time to time whether the database that this branch left answers again, if it is a branch."""
        if self._follower.view.state.offline is not None and branch_of(self._follower.run_dir) is not None:
            threading.Thread(target=self._await_store, name="cockpit-store-await", daemon=True).start()

    def stop(self) -> None:
        """Show no more. Nothing waits yet: see `close`."""
        self._closing.set()

    def close(self) -> None:
        """Wait until the last view was told; not from within the callback."""
        self._closing.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _follow(self, callback: Callable[[View], None]) -> None:
        follower = self._follower
        shown, shown_s, looked_s = follower.view, 0.0, 0.0
        callback(shown)
        try:
            while not self._closing.is_set():
                follower.catch_up()
                now_s = time.monotonic()
                pause_s = shown_s + PACE_S - now_s
                if follower.view is not shown and (pause_s <= 0 or _is_news(shown, follower.view)):
                    shown, shown_s = follower.view, now_s
                    callback(shown)
                    self._signer.wake()
                if now_s - looked_s >= TICK_S:  # after what is new was shown: this takes longer than reading a line
                    looked_s = now_s
                    self._look_around()
                else:
                    left_s = looked_s + TICK_S - now_s
                    follower.wait(left_s if follower.view is shown else min(left_s, pause_s))
        except Exception as error:  # whatever it was, a screen that stands still must say so
            follower.trouble(f"this screen stopped following the log ({type(error).__name__}: {error}); resume the run")
            callback(follower.view)
            raise

    def _look_around(self) -> None:
        """At who is here: whoever is gone is told of, and this seat if the log has lost it."""
        self._follower.look_around()
        self._presence.bury(self._follower.view.gone)
        if self._seat not in self._follower.view.state.seats:
            self._presence.missed()

    def _await_store(self) -> None:
        from cockpit.session.offline import LOOK_S, answers

        while not self._closing.wait(LOOK_S):
            self._follower.tell_answers(not answers(self._follower.run_dir))


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
