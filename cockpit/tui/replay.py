"""Stepping through a log on the run's own screen: read-only, with the file alone, no keeper and no plug-in.

A step goes from one fact to the next; samples between them are folded along. Checkpoints are kept, so that going
back costs no more than going on. Invariant: what is shown is the fold of the first events of the log, and nothing else.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.screen import Screen

from cockpit.audit.line import Head
from cockpit.audit.tail import Tail
from cockpit.errors import LogError, LogUnreadable
from cockpit.exits import Exit
from cockpit.run.commands import KeeperSight
from cockpit.run.events import Event, Instant
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY, RunState
from cockpit.run.wording import sentence
from cockpit.session.view import Recent, View
from cockpit.tui import keymap
from cockpit.tui.keymap import bindings
from cockpit.tui.leaving import Leaving
from cockpit.tui.panes.seen import Mode
from cockpit.tui.screens.run import RunScreen
from cockpit.tui.terminal import wants_no_colour

_CHECKPOINT = 500
_RECENT = 200


class Replay:
    """A log, read whole, and a place in it. A screen's `Source`."""

    mode: Mode = "REPLAY"

    def __init__(self, path: Path) -> None:
        """Read the log. Raises LogUnreadable if there is nothing to show; damage further on is `trouble`."""
        self.trouble = ""
        self._events: list[Event] = []
        self._digests: list[str] = []
        tail = Tail(path)
        try:
            while entries := tail.read():
                self._events.extend(entry.event for entry in entries)
                self._digests.extend(entry.digest for entry in entries)
        except LogError as error:
            self.trouble = str(error)
        finally:
            tail.close()
        self.stops = [k for k, event in enumerate(self._events) if event.is_fact]
        """Places in the log where a step may end: its facts."""
        if not self.stops or self._events[0].type != "run.started":
            hint = self.trouble or "a log begins with run.started"
            raise LogUnreadable(f"{path} holds no run that could be shown", hint=hint)
        self._checkpoints: list[RunState] = [EMPTY]
        self.at = 0
        self.view = self._view()

    def go_to(self, stop: int) -> None:
        """Show the log up to the fact of this number, counted from 0; the nearest there is."""
        self.at = max(0, min(stop, len(self.stops) - 1))
        self.view = self._view()

    @property
    def event(self) -> Event:
        """The fact that was last folded."""
        return self._events[self.stops[self.at]]

    def now(self) -> Instant:
        """The moment of that fact."""
        return self.event.instant

    def keeper_sight(self) -> KeeperSight:
        """As the log tells it: a keeper that started and did not stop was there."""
        keeper = self.view.state.keeper
        return KeeperSight(alive=keeper is not None and not keeper.stopped, silent_s=0.0)

    def _view(self) -> View:
        index = self.stops[self.at]
        state = self._state(index)
        recent: deque[Recent] = deque(maxlen=_RECENT)
        for stop in self.stops[max(0, self.at + 1 - _RECENT) : self.at + 1]:
            event = self._events[stop]
            recent.append(Recent(event, sentence(event, state)))
        head = Head(seq=self.event.seq, digest=self._digests[index])
        is_last = self.at == len(self.stops) - 1
        here = tuple(state.seats.values())
        return View(state=state, head=head, recent=tuple(recent), trouble=self.trouble if is_last else "", here=here)

    def _state(self, index: int) -> RunState:
        """The fold of events 0 to `index`."""
        wanted = (index + 1) // _CHECKPOINT
        while len(self._checkpoints) <= wanted:
            first = (len(self._checkpoints) - 1) * _CHECKPOINT
            state = self._checkpoints[-1]
            for event in self._events[first : first + _CHECKPOINT]:
                state = evolve(state, event)
            self._checkpoints.append(state)
        state = self._checkpoints[wanted]
        for event in self._events[wanted * _CHECKPOINT : index + 1]:
            state = evolve(state, event)
        return state


class ReplayApp(App[int]):
    """The run's screen over a log."""

    CSS_PATH = "screens/run.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = bindings(keymap.REPLAY, priority=True)

    def __init__(self, replay: Replay) -> None:
        super().__init__(ansi_color=True if wants_no_colour() else None)
        self.replay = replay
        self.leaving: Leaving | None = None
        """Of the process whose only screen this is."""
        self.run_screen = RunScreen(replay)

    def get_default_screen(self) -> Screen[None]:
        """The run."""
        return self.run_screen

    def on_mount(self) -> None:
        """Say where in the log this is."""
        if self.no_color:
            self.theme = "ansi-dark"
        if self.leaving is not None:
            self.leaving.attend(self)
        self.call_after_refresh(self._show)
        self.set_timer(0.05, self.run_screen.format_steps)

    def _show(self) -> None:
        replay = self.replay
        at = replay.event.instant.at.strftime("%Y-%m-%d %H:%M:%S UTC")
        self.run_screen.say(
            (f"event {replay.at + 1}/{len(replay.stops)}", "accent"), (f"  {at}  line {replay.event.seq}", "plain")
        )
        self.run_screen.draw()

    def action_step(self, move: int) -> None:
        """Go on or back by events."""
        self.replay.go_to(self.replay.at + move)
        self._show()

    def action_phase(self, move: int) -> None:
        """Go to where the cursor next moved, or last moved."""
        replay = self.replay
        here = replay.view.state.cursor
        while 0 <= replay.at + move < len(replay.stops):
            replay.go_to(replay.at + move)
            if replay.view.state.cursor != here:
                break
        self._show()

    def action_read(self, name: str) -> None:
        """A list on a screen of its own, as of this moment."""
        from cockpit.tui.screens.lists import opened

        if (screen := opened(self.run_screen, name)) is not None:
            self.push_screen(screen)

    def action_theme(self) -> None:
        """Dark or light, where there is colour."""
        if self.no_color:
            return
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def action_leave(self) -> None:
        """Close."""
        self.exit(int(Exit.OK))


def run_replay(path: Path) -> int:
    """Show the log at `path` (a file, or a run's folder) until the reader leaves. Raises LogError if it cannot be."""
    app = ReplayApp(Replay(path))
    app.leaving = Leaving(lambda why: None)
    return app.run() or 0
