"""The end of a screen whose terminal goes away, or whose process is asked to end: soon, whatever hangs, with a reason.

Invariant: once it began, the process is gone in less than two seconds, and what the log took by then is said
Handlers of the process, not of the loop: whoever closes a terminal is often told on by the kernel and by a shell, and
the second signal may come when there is no loop any more.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from cockpit.exits import Exit

PATIENCE_S = 1.0
"""How long the screen gets to end by itself; it takes 0.2 s, but a terminal that is gone may hold it up."""
LAST_S = 0.6
"""How long after that the log gets: a writer that stands still may hold it up."""
LOOK_S = 0.5
"""How often a screen looks whether its terminal is still there."""
_SIGNALS = (signal.SIGHUP, signal.SIGTERM)


class Leaving:
    """Of one screen. `close` says in the log why it ended and lets go of everything; it may block."""

    def __init__(self, close: Callable[[str], None]) -> None:
        """Watch for signals from here on, in the main thread, until the process ends."""
        self.reason = ""
        """Why it ends; empty while it does not."""
        self._close = close
        self._end_screen: Callable[[], None] = lambda: None
        self._modes = _modes()
        for number in _SIGNALS:
            signal.signal(number, self._heard)

    def attend(self, app: App[int]) -> None:
        """End this screen when it is time; called within its loop."""
        loop = asyncio.get_running_loop()

        def end_screen() -> None:
            with suppress(RuntimeError):  # the loop is closed: it has ended
                loop.call_soon_threadsafe(app.exit, int(Exit.OK))

        self._end_screen = end_screen
        if self.reason:
            end_screen()
        self._mind_continuing(app)
        app.set_interval(LOOK_S, self._look)

    def begin(self, why: str) -> None:
        """End the screen. A second call does nothing: the first reason counts."""
        if self.reason:
            return
        self.reason = f"the terminal went away ({why})"
        threading.Thread(target=self._end_anyway, name="cockpit-end", daemon=True).start()
        self._end_screen()

    def end(self) -> None:
        """Say it in the log, if it was begun: called once the screen has let go of the terminal."""
        if self.reason:
            self._close(self.reason)

    def _mind_continuing(self, app: App[int]) -> None:
        """See to it that a screen that was stopped goes on once.

        Textual starts anew on SIGCONT, also where it was never suspended (kill -STOP, a hang-up): two threads then
        read the keys, and its own modes are taken for those of the shell.
        """
        driver, resume, loop = app._driver, signal.getsignal(signal.SIGCONT), asyncio.get_running_loop()
        if not isinstance(driver, LinuxDriver) or not callable(resume):
            return

        def go_on() -> None:
            if self.reason:
                return
            if driver._auto_restart and not driver._must_signal_resume:
                driver.suspend_application_mode()
            resume(signal.SIGCONT, None)
            app.screen.refresh(layout=True)  # the terminal shows an empty screen where this one had been

        def continued(number: int, frame: FrameType | None) -> None:
            # Not here: the signal may have come while the loop holds the lock of what is being written.
            with suppress(RuntimeError):  # the loop is closed: it has ended
                loop.call_soon_threadsafe(go_on)

        signal.signal(signal.SIGCONT, continued)

    def _look(self) -> None:
        """A process that is not told on by its shell gets no signal, and reading from what is gone returns at once."""
        if is_terminal_gone():
            self.begin("it was closed")

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self.begin(signal.Signals(number).name)

    def _end_anyway(self) -> None:
        time.sleep(PATIENCE_S)
        closing = threading.Thread(target=self._close, args=(self.reason,), name="cockpit-close", daemon=True)
        closing.start()
        closing.join(LAST_S)
        if self._modes is not None:
            with suppress(termios.error):
                termios.tcsetattr(0, termios.TCSANOW, self._modes)
        os._exit(int(Exit.OK))


def is_terminal_gone() -> bool:
    """Whether the terminal was closed."""
    poll = select.poll()
    poll.register(0, 0)
    return any(seen & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, seen in poll.poll(0))


def _modes() -> list[Any] | None:
    try:
        return termios.tcgetattr(sys.__stdin__.fileno()) if sys.__stdin__ else None
    except (OSError, ValueError, termios.error):
        return None
