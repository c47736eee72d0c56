"""What concerns the terminal beside the screen: its title, saved and given back; the plain screen; colour or none."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Callable

from textual.app import App

from cockpit.text import visible
from cockpit.tui.outgoing import TITLE_BACK, title

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


def print_plainly(text: str) -> None:
    """Print lines on the plain screen, where nothing looks at what is written: with nothing in them that acts."""
    print(visible(text, multiline=True), flush=True)


class Title:
    """The terminal's title (xterm, OSC 2), on the stack that xterm keeps for it (CSI 22/23 t)."""

    def __init__(self) -> None:
        self._shown = ""

    def set(self, app: App[int], text: str) -> None:
        """Show `text`, made visible: a title is an escape sequence."""
        driver = app._driver  # Textual has no public way to write a sequence of one's own
        if driver is None or text == self._shown or app.is_headless:
            return
        driver.write(title(text, is_first=not self._shown))
        self._shown = text

    def give_back(self) -> None:
        """Show the title that was there before; once the application has let go of the terminal."""
        if not self._shown or sys.__stderr__ is None:
            return
        self._shown = ""
        with contextlib.suppress(OSError):  # a terminal that is gone has no title
            sys.__stderr__.write(TITLE_BACK)
            sys.__stderr__.flush()
