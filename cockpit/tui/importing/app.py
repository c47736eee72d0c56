"""The preview of an import on a terminal, until its reader leaves. Nothing is written but to the terminal."""

from __future__ import annotations

from textual.screen import Screen

from cockpit.importing.imported import Imported
from cockpit.tui.guarded import GuardedApp
from cockpit.tui.importing.screen import PreviewScreen
from cockpit.tui.leaving import Leaving


class PreviewApp(GuardedApp):
    """One import's screen."""

    CSS_PATH = "screen.tcss"  # of the default screen, which Textual does not load by itself
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, made: Imported) -> None:
        super().__init__()
        self.preview = PreviewScreen(made)

    def get_default_screen(self) -> Screen[None]:
        """The preview."""
        return self.preview

    def on_mount(self) -> None:
        """Take the theme that is asked for."""
        self.take_theme()
        if self.leaving is not None:
            self.leaving.attend(self)


def run_preview(made: Imported) -> int:
    """Show an import until its reader leaves."""
    app = PreviewApp(made)
    app.leaving = Leaving(lambda why: None)
    return app.show()
