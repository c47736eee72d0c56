"""Replaying a log on the run's own screen: read-only, with the file alone, no keeper and no plug-in.

The film reads the log in a thread; what it has read can be sought. Invariant: nothing is written but to the terminal.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.screen import Screen

from cockpit.exits import Exit
from cockpit.report.replay.film import Film
from cockpit.tui.guarded import GuardedApp
from cockpit.tui.leaving import Leaving
from cockpit.tui.panes import instructions
from cockpit.tui.playing import Player, Way
from cockpit.tui.screens.replay import ReplayScreen
from cockpit.tui.seeking import Seeking


class ReplayApp(GuardedApp):
    """The run's screen over a film, which it closes."""

    CSS_PATH = "screens/run.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, film: Film, *, at: str = "", zone: str = "", trouble: str = "") -> None:
        """`at` is what is gone to, as typed; `zone` is `utc`, `window`, `local`, a zone's name, or empty: the first.

        `trouble` is why the film is not all of its log; empty if it is.
        """
        super().__init__()
        self.film = film
        self._first = at
        self._trouble = trouble
        self.run_screen = ReplayScreen(Player(film), zone)
        self._seeking = Seeking(self.run_screen)

    def get_default_screen(self) -> Screen[None]:
        """The run."""
        return self.run_screen

    def on_mount(self) -> None:
        """Read the log, once the first event stands on the screen."""
        if self.no_color:
            self.theme = "ansi-dark"
        if self.leaving is not None:
            self.leaving.attend(self)
        self.call_after_refresh(self.run_screen.draw)
        self.set_timer(0.05, self._begin)

    def _begin(self) -> None:
        """What the first paint does not wait for: to read on, and to know Markdown before a key wants it."""
        loop = asyncio.get_running_loop()

        def changed() -> None:
            with suppress(RuntimeError):  # the loop is closed: the screen has ended
                loop.call_soon_threadsafe(self.run_screen.on_film_changed)

        self.film.start(changed)
        self.run_screen.format_steps()
        threading.Thread(target=instructions.formatted, args=("`x`", "ls", "", 40), daemon=True).start()
        gc.enable()
        if self._trouble:
            self.run_screen.say((self._trouble, "warn"))
        if self._first:
            self._seeking.begin(self._first)

    # ---- screens on top --------------------------------------------------------------------------------------------

    def action_read(self, name: str) -> None:
        """A list on a screen of its own, as of this moment."""
        from cockpit.tui.screens.lists import opened

        if (screen := opened(self.run_screen, name)) is not None:
            self.push_screen(screen)

    def action_jump(self, typed: str) -> None:
        """Ask where to go, and go there."""
        from cockpit.tui.screens.jumping import JumpScreen

        self.push_screen(JumpScreen(self.run_screen.titled("go to"), typed), self._jump)

    def _jump(self, typed: str | None) -> None:
        if typed is not None:
            self._seeking.jump(typed)

    def action_again(self, way: Way) -> None:
        """Look for the same again."""
        self._seeking.again(way)

    def action_difference(self) -> None:
        """What is otherwise than at the moment that was noted."""
        from cockpit.tui.screens.lists import told_difference

        player = self.run_screen.player
        if player.noted is None:
            self.run_screen.say(("no moment is noted yet: m notes this one, d tells what is otherwise later", "warn"))
        else:
            self.push_screen(told_difference(self.run_screen, player))

    def action_theme(self) -> None:
        """Dark or light, where there is colour."""
        if self.no_color:
            return
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def action_leave(self) -> None:
        """Close."""
        self.exit(int(Exit.OK))


def run_replay(path: Path, *, at: str = "", zone: str = "", trouble: str = "") -> int:
    """Show the log at `path` (a file, or a run's folder) until the reader leaves; see `ReplayApp`.

    Raises LogError if there is nothing to be shown.
    """
    film = Film(path)
    try:
        app = ReplayApp(film, at=at, zone=zone, trouble=trouble)
        app.leaving = Leaving(lambda why: None)
        return app.show()
    finally:
        film.close()
