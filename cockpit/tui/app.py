"""The application: bindings, screens and routing, for a live run. What keys do is in `operator`; drawing in `screens`.

Ends in one of two ways: the operator detaches (or the terminal goes away), and the run goes on; or the run is over.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from cockpit.exits import Exit
from cockpit.session.seat import Seat
from cockpit.session.view import View
from cockpit.text import shortened
from cockpit.tui import calling, keymap
from cockpit.tui.clipping import Clip
from cockpit.tui.guarded import GuardedApp
from cockpit.tui.ink import Ink
from cockpit.tui.keyguard import KeyGuard, TakesKeys
from cockpit.tui.keymap import bindings
from cockpit.tui.leaving import Leaving
from cockpit.tui.panes import looking, pen, stepping
from cockpit.tui.screens.run import RunScreen
from cockpit.tui.source import Live
from cockpit.tui.terminal import print_plainly, wait_for_enter
from cockpit.tui.widgets.patient import is_behind

if TYPE_CHECKING:
    from cockpit.tui.operator import Operator


SWITCH_S = 0.0005
"""How long drawing keeps Python's lock from the threads that read and append: a tenth of what Python gives it. A key
is in the log 7 ms after it was pressed, and not 14."""
_NOT_BY_ENTER = ("confirm", "run", "pen")
"""Keys that may act without a question."""


class ViewChanged(Message):
    """The tail has a new view; an older one still in the queue is not worth drawing."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view

    def can_replace(self, message: Message) -> bool:
        """Only the newest view counts."""
        return isinstance(message, ViewChanged)


class CockpitApp(GuardedApp):
    """One seat at one run."""

    CSS_PATH = "screens/run.tcss"  # of the default screen, which Textual does not load by itself
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(keymap.LIVE),
        Binding("ctrl+c", "told_q", show=False, priority=True),
    ]

    def __init__(self, seat: Seat) -> None:
        super().__init__()
        self.seat = seat
        self.run_screen = RunScreen(Live(seat))
        self._role = seat.role
        """As last told."""
        self._operator: Operator | None = None
        self._guard = KeyGuard(self.set_timer, self._say_warning)
        self._proposals = calling.Proposals(seat.view.state)
        self._called_for = seat.view.shown
        """Up to here people were called. Not what is painted: a tick of the clock may have painted more already."""
        self._left_before = seat.view.state.left
        self._open_doubts: set[str] = set()
        self._other_versions = ""
        """Whose cockpit is another, as last said."""

    def get_default_screen(self) -> Screen[None]:
        """The run."""
        return self.run_screen

    def on_mount(self) -> None:
        """Draw first; everything that can wait follows the first paint."""
        self.take_theme()
        if self.leaving is not None:
            self.leaving.attend(self)
        self.call_after_refresh(self._after_first_paint)

    def _after_first_paint(self) -> None:
        gc.freeze()  # what was imported stays; whoever started this screen may have put collecting off until now
        gc.enable()
        sys.setswitchinterval(SWITCH_S)
        self.seat.follow(self._take)
        if self.seat.role == "acting" and self.seat.view.state.status == "live":
            threading.Thread(target=self._start_keeper, name="cockpit-keeper-start", daemon=True).start()
        self.set_timer(0.05, self.run_screen.format_steps)
        self.set_interval(1.0, self._propose)  # time alone may make it due
        self.set_interval(1.0, self._name_terminal)
        self._name_terminal()

    def _take(self, view: View) -> None:
        """From the tail's thread: the loop draws."""
        self.post_message(ViewChanged(view))

    def _start_keeper(self) -> None:
        from cockpit.errors import KeeperError
        from cockpit.session.spawn import start_keeper

        if self.seat.keeper_objection():
            return  # it lives, or whoever acts here takes it over with a reason: the banner says how
        try:
            start_keeper(self.seat.run_dir)
        except KeeperError as error:
            self.call_from_thread(self._say_warning, str(error))

    # ---- views come up -------------------------------------------------------------------------------------------

    def on_view_changed(self, message: ViewChanged) -> None:
        """Draw the newest view; call waiting people when the line stops or the run ends."""
        before, after = self._called_for, message.view.shown
        self._called_for = after
        if self.seat.moving.follow_on():
            self.exit(int(Exit.OK))  # the run goes on in a branch of its own, or came back: another screen opens there
            return
        self.run_screen.draw()
        self._tell_company(message.view)
        self._tell_pen()
        self._tell_doubts(message.view)
        if calling.rings(before, after) or calling.rings_for(before, after, self.seat.actor):
            self.bell()
        if after is not before:
            self._name_terminal()
            self._propose()

    def _tell_company(self, view: View) -> None:
        """Say quietly, while nothing else is said, whose screen died, and whose cockpit differs when they come."""
        known, self._left_before = self._left_before, view.state.left
        if self.run_screen.is_saying:
            return
        gone = [each for each in view.state.left if each.is_gone and each not in known]
        if gone:
            self.run_screen.say((f"{looking.named(gone[-1].seat)}'s screen is gone   i shows who is here", "dim"))
        elif self.seat.id in view.state.seats:
            was, self._other_versions = self._other_versions, looking.versions(self.run_screen.seen())
            if self._other_versions not in ("", was):
                self.run_screen.say((self._other_versions, "dim"))

    def _tell_doubts(self, view: View) -> None:
        """Say what became of a decision of which it was not known whether it was written."""
        was, self._open_doubts = self._open_doubts, {each.id for each in view.doubts if each.fate == "open"}
        for doubt in view.doubts:
            if doubt.id in was - self._open_doubts:
                is_written = doubt.fate == "written"
                what: tuple[str, Ink] = (shortened(doubt.what, 160), "plain")
                if is_written:
                    self.run_screen.say(("✔ it was written: ", "good"), what)
                else:
                    self.run_screen.say(("✖ it was NOT written, press again: ", "bad"), what)
                self.bell()

    def _tell_pen(self) -> None:
        """Say that this seat acts, or acts no more, once that is so; whoever acts sees to a keeper."""
        was, self._role = self._role, self.seat.role
        if self._role == was or self.seat.view.state.status != "live":
            return
        if self._role == "acting":
            self.run_screen.say(pen.GOT)
            threading.Thread(target=self._start_keeper, name="cockpit-keeper-start", daemon=True).start()
            return
        from cockpit.tui.screens.dialogs import Dialog  # not needed for the first paint

        told = pen.moved(self.seat.view.state)
        self.bell()
        self.run_screen.say(("! ", "warn"), (told, "bold"), (" — this screen watches from here on", "plain"))
        if isinstance(self.screen, Dialog) and self._operates().needs_pen:
            self.screen.hint(f"{told}: nobody else acts")

    def bell(self) -> None:
        """Ring, unless the terminal has not taken yet what was written: then one ring waits there, or nobody looks."""
        if not is_behind(self):
            super().bell()

    def _name_terminal(self) -> None:
        if is_behind(self):
            return  # in a second it is looked at again
        self.title_shown.set(self, calling.title(self.seat.view.shown, self.seat.actor))

    def _propose(self) -> None:
        """Open the ways back once where a step that names one failed; never on top of another question."""
        if self.seat.role == "acting" and self._proposed():
            self.run_worker(self._advise(), exit_on_error=True)

    def _proposed(self) -> str:
        """The plan to open with, if this is a moment for it."""
        plan = self._proposals.waits(self.seat.view.state, self.run_screen.source.now().mono)
        return plan if self.screen is self.run_screen else ""

    async def _advise(self) -> None:
        state, plan = self.seat.view.state, self._proposed()
        if plan and self._operates().is_free:  # else it is proposed again in a moment
            self._proposals.told(state)
            await self._operates().advise(state, plan)

    # ---- keys go down --------------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Time every key before anything handles it; a paste does nothing outside of a field."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            screen = self.screen
            if isinstance(screen, TakesKeys) and not screen.takes(event):
                return
        if isinstance(event, events.Key) and not event.is_forwarded:
            if self.screen is self.run_screen:
                self.run_screen.say()
            self._guard.saw(event.time)
        if isinstance(event, events.Key) and not event.is_forwarded:
            self.seat.presence.stirred()
        elif isinstance(event, events.Paste) and self.screen is self.run_screen:
            self._say_warning("pasted text does nothing here")
            return
        await super().on_event(event)

    def action_act(self, what: str) -> None:
        """Carry out an acting key, if it came alone, on what was painted when it was pressed."""
        if self.screen is not self.run_screen:
            return
        painted, selected = self.run_screen.painted, self.run_screen.selected

        def act() -> None:
            if self.screen is not self.run_screen:
                return  # another key's question opened while this one was weighed
            self.run_worker(self._operates().act(what, painted, selected), exit_on_error=True)

        self._guard.arm(act)

    def _operates(self) -> Operator:
        if self._operator is None:
            from cockpit.tui.operator import Operator  # dialogs are not needed for the first paint

            self._operator = Operator(self.run_screen, self.seat)
        return self._operator

    def _say_warning(self, text: str) -> None:
        self.run_screen.say(("! ", "warn"), (text, "plain"))

    def action_told_q(self) -> None:
        """Ctrl+C ends nothing here."""
        self._say_warning("Ctrl+C ends nothing here; q detaches")

    def action_leave(self) -> None:
        """Close the screen. The run goes on."""
        self.exit(int(Exit.OK))

    # ---- reading -------------------------------------------------------------------------------------------------

    def _copied(self) -> str:
        seen = self.run_screen.seen()
        step = seen.step()
        return stepping.copied(seen, step) if step else ""

    def action_copy(self) -> None:
        """Send the command or the message to the operator's own terminal (OSC 52); what a paste would run is shown."""
        if not (text := self._copied()):
            self._say_warning("this step has no command")
            return
        clip = Clip.of(text)
        if clip.is_plain and not clip.is_too_long:
            self._send(clip)
        else:
            self.run_worker(self._ask_to_copy(clip), exit_on_error=True)

    async def _ask_to_copy(self, clip: Clip) -> None:
        from cockpit.tui.acting.copying import may_be_copied

        if await may_be_copied(self.run_screen, clip):
            self._send(clip)

    def _send(self, clip: Clip) -> None:
        self.copy_to_clipboard(clip.text)
        self.run_screen.say(("sent to your terminal's clipboard", "good"), ("   Y shows it plainly", "dim"))

    def action_print_plain(self) -> None:
        """Show the command or the message on the plain screen, where the terminal's own selection works."""
        if not (text := self._copied()):
            self._say_warning("this step has no command")
            return
        with self.suspend():
            print_plainly(f"{text}\n\nPress Enter to go back.")
            if not wait_for_enter(lambda: self.leaving is not None and bool(self.leaving.reason)):
                # The terminal was given back already, and to take it again may fail or hang: leave as it is.
                leaving = self.leaving or Leaving(self.seat.close)
                leaving.begin("nothing can be read from it")
                self.title_shown.give_back()
                leaving.end()
                os._exit(int(Exit.OK))

    def action_read(self, name: str) -> None:
        """A list on a screen of its own."""
        from cockpit.tui.screens.lists import opened

        if (screen := opened(self.run_screen, name)) is not None:
            self.push_screen(screen)
        else:
            self._say_warning("this step has nothing to read")

    def action_theme(self) -> None:
        """Dark or light, where there is colour."""
        if self.no_color:
            self._say_warning("NO_COLOR is set: there is one theme, without colour")
            return
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette lists what the bindings list. It runs by Enter, which is to confirm nothing: it says the key."""
        for name, key in keymap.LIVE.items():
            told = partial(self._told_key, key.label)
            run = told if name in _NOT_BY_ENTER else partial(self.run_action, key.action)
            yield SystemCommand(key.does, f"key {key.label}", run)

    def _told_key(self, label: str) -> None:
        self._say_warning(f"press {label} here: Enter confirms nothing and runs nothing")


def run_cockpit(seat: Seat) -> int:
    """Show a seat's run until the operator leaves. Returns the exit status; the caller closes the seat."""
    app = CockpitApp(seat)
    app.leaving = Leaving(seat.close)
    try:
        return app.show()
    finally:
        app.title_shown.give_back()
        app.leaving.end()
