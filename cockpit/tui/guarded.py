"""What every application of ours has in common: nothing in text from outside acts through it, however it is shown.

Invariant: every line of every widget goes through `OnlyText`, every byte to the terminal through a `PatientDriver`,
every copy through `clipping`, every paste is made visible before a field has it, and an error that nobody foresaw is
raised to whoever ran the application: Textual would print it with the values of all variables.
"""

from __future__ import annotations

import os

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.worker import WorkerFailed

from cockpit.text import visible
from cockpit.tui.clipping import Clip
from cockpit.tui.leaving import Leaving
from cockpit.tui.outgoing import clipboard
from cockpit.tui.terminal import Title, wants_no_colour
from cockpit.tui.widgets.literal import OnlyText
from cockpit.tui.widgets.patient import driver_class


class GuardedApp(App[int]):
    """An application whose screens show text from outside."""

    def __init__(self) -> None:
        super().__init__(ansi_color=True if wants_no_colour() else None)
        self._filters.append(OnlyText())  # Textual has no public way to add one
        self.leaving: Leaving | None = None
        """Of the process whose only screen this is."""
        self.title_shown = Title()

    def get_driver_class(self) -> type[Driver]:
        """One that does not run ahead of a slow terminal, and writes nothing but what is ours."""
        return driver_class(self)

    def take_theme(self) -> None:
        """The theme that is asked for."""
        is_light = os.environ.get("COCKPIT_THEME") == "light"
        self.theme = "ansi-dark" if self.no_color else "textual-light" if is_light else "textual-dark"

    async def on_event(self, event: events.Event) -> None:
        """Make a paste visible before a field has it; a newline at its end is no part of it."""
        if isinstance(event, events.Paste) and not event.is_forwarded:
            event.text = visible(event.text.rstrip("\r\n"))
        await super().on_event(event)

    def copy_to_clipboard(self, text: str) -> None:
        """Send a text to the operator's terminal, without what acts there; also what was marked with the mouse."""
        clip = Clip.of(text)
        self._clipboard = clip.text
        if self._driver is not None and not clip.is_too_long:
            self._driver.write(clipboard(clip.text))

    def show(self) -> int:
        """Run until whoever sits there leaves; the exit status. Raises what ended it, if that was an error."""
        status = self.run()
        if isinstance(self._exception, WorkerFailed):
            raise self._exception.error
        if self._exception is not None:
            raise self._exception
        return status or 0

    def _handle_exception(self, error: Exception) -> None:
        """As Textual does, but for rendering the error."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()
