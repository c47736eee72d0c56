"""What concerns the terminal beside the screen: its title, saved and given back; the plain screen; colour or none."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Callable

from textual.app import App

from cockpit.text import shortened

_LOOK_EVERY_S = 0.1


def wants_no_colour() -> bool:
    """Whether the environment asks for no colour: NO_COLOR, whatever it says, as Textual has it."""
    return "NO_COLOR" in os.environ


def wait_for_enter(is_over: Callable[[], bool]) -> bool:
    """Block until Enter on the plain screen; False if the terminal went away or `is_over` meanwhile."""
    try:
        while not is_over():
            if select.select([sys.stdin], [], [], _LOOK_EVERY_S)[0]:
                if sys.stdin.readline():
                    return True
                break
    except OSError:
        pass  # read from a terminal that is gone (EIO)
    if not is_over():
        time.sleep(_LOOK_EVERY_S)  # the kernel ends the reading first and then sends SIGHUP, which says more
    return False


class Title:
    """The terminal's title (xterm, OSC 2), on the stack that xterm keeps for it (CSI 22/23 t)."""

    def __init__(self) -> None:
        self._shown = ""

    def set(self, app: App[int], title: str) -> None:
        """Show `title`; outside text is made visible first, since a title is an escape sequence."""
        safe = f"cockpit {shortened(title, 80)}"
        driver = app._driver  # Textual has no public way to write a sequence of one's own
        if driver is None or safe == self._shown or app.is_headless:
            return
        push = "" if self._shown else "\x1b[22;2t"
        self._shown = safe
        driver.write(f"{push}\x1b]2;{safe}\x1b\\")

    def give_back(self) -> None:
        """Show the title that was there before; once the application has let go of the terminal."""
        if not self._shown or sys.__stderr__ is None:
            return
        self._shown = ""
        with contextlib.suppress(OSError):  # a terminal that is gone has no title
            sys.__stderr__.write("\x1b[23;2t")
            sys.__stderr__.flush()
