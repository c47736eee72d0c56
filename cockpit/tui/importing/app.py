"""The preview of an import on a terminal, until its reader leaves. Nothing is written but to the terminal."""

from __future__ import annotations

import os

from textual.app import App
from textual.driver import Driver
from textual.screen import Screen

from cockpit.importing.imported import Imported
from cockpit.tui.importing.screen import PreviewScreen
from cockpit.tui.leaving import Leaving
from cockpit.tui.terminal import wants_no_colour
from cockpit.tui.widgets.patient import driver_class


class PreviewApp(App[int]):
    """One import's screen."""

    CSS_PATH = "screen.tcss"  # of the default screen, which Textual does not load by itself
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, made: Imported) -> None:
        super().__init__(ansi_color=True if wants_no_colour() else None)
        self.preview = PreviewScreen(made)
        self.leaving: Leaving | None = None
        """Of the process whose only screen this is."""

    def get_driver_class(self) -> type[Driver]:
        """One that does not run ahead of a slow terminal."""
        return driver_class(self)

    def get_default_screen(self) -> Screen[None]:
        """The preview."""
        return self.preview

    def on_mount(self) -> None:
        """Take the theme that is asked for."""
        is_light = os.environ.get("COCKPIT_THEME") == "light"
        self.theme = "ansi-dark" if self.no_color else "textual-light" if is_light else "textual-dark"
        if self.leaving is not None:
            self.leaving.attend(self)


def run_preview(made: Imported) -> int:
    """Show an import until its reader leaves."""
    app = PreviewApp(made)
    app.leaving = Leaving(lambda why: None)
    return app.run() or 0
