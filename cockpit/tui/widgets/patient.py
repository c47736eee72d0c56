"""Screens that wait for their terminal: what a slow link has not taken yet is not written twice.

Textual 8.2.8 hands each frame to a thread that writes it, and keeps up to 30 of them: over a link of 2 kB/s that is
minutes of the past. Here a frame is made only once the one before is written. Invariant: what comes to the terminal
after a pause is the present, whatever happened meanwhile; nothing but frames is held back, and no key waits. And what
comes to it at all is what `outgoing` lets through.
It rests on names that Textual keeps to itself, which is why Textual is pinned exactly.
"""

from __future__ import annotations

import os
from typing import Any

from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen, ScreenResultType

from cockpit.tui.outgoing import harmless

AGAIN_S = 0.01
"""Between two looks whether the terminal has taken what was written."""


class Outlet:
    """The terminal as a text file that knows whether it is being written to."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.is_writing = False

    def write(self, text: str) -> int:
        """Write what of it is harmless; returns when the kernel has taken it, or most of it."""
        self.is_writing = True
        written: int = self._file.write(harmless(text))
        return written

    def flush(self) -> None:
        """Return once the kernel has taken all of it: it has room for a few kB, then the terminal has to read."""
        self._file.flush()
        self.is_writing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class PatientDriver(LinuxDriver):
    """Textual's driver, which can be asked whether the terminal is behind."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._outlet = Outlet(self._file)
        self._file = self._outlet  # type: ignore[assignment] # all that is asked of it is passed on

    @property
    def is_behind(self) -> bool:
        """Whether something that was to be written is not yet."""
        writer = self._writer_thread
        return writer is not None and (self._outlet.is_writing or not writer._queue.empty())


def is_behind(app: App[Any]) -> bool:
    """Whether the terminal has not taken yet what was written to it."""
    return isinstance(app._driver, PatientDriver) and app._driver.is_behind


def driver_class(app: App[Any]) -> type[Driver]:
    """The driver of an application on a terminal; another, where the environment names one."""
    return App.get_driver_class(app) if "TEXTUAL_DRIVER" in os.environ else PatientDriver


class Patient(Screen[ScreenResultType]):
    """A screen that draws its next frame once the terminal has the last one."""

    _waits_for_terminal = False

    def _compositor_refresh(self) -> None:
        if self is not self.app.screen or not is_behind(self.app):
            super()._compositor_refresh()
            return
        self._dirty_widgets.clear()  # the compositor knows what is to be drawn, and adds to it meanwhile
        self._wait_for_terminal()

    def _wait_for_terminal(self) -> None:
        if not self._waits_for_terminal:
            self._waits_for_terminal = True
            self.set_timer(AGAIN_S, self._draw_late)

    def _draw_late(self) -> None:
        self._waits_for_terminal = False
        if self.app._batch_count:  # what is drawn in a batch is dropped
            self._wait_for_terminal()
            return
        # Refreshing forgets the widgets, also those that asked after the compositor was last told of some.
        self._compositor.update_widgets(self._dirty_widgets)
        self._dirty_widgets.clear()
        if self._compositor._dirty_regions:
            self._compositor_refresh()
