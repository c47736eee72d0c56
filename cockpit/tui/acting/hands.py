"""What every acting key needs: to ask, to be refused, and to write, off the screen's loop.

Invariant: a command carries the opening and the pen that were painted when its key was pressed, so whatever happened
since refuses it. The rules are `decide`'s; they are asked once before a dialog opens, so that nobody types a reason for
nothing.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any, TypeVar

from cockpit.probes.threads import in_own_thread
from cockpit.run import commands as c
from cockpit.run.commands import Refusal
from cockpit.run.decide import permission
from cockpit.run.events import Instant
from cockpit.run.evidence import evidence
from cockpit.run.readings import Evidence
from cockpit.run.state import RunState
from cockpit.session.outcomes import Done, Failed, Outcome, Unsettled
from cockpit.session.seat import Seat
from cockpit.tui.lines import without_folders
from cockpit.tui.screens.choosing import Choice, ChooseDialog
from cockpit.tui.screens.dialogs import Answer, AskDialog, Question, SureDialog
from cockpit.tui.screens.run import RunScreen

_Asked = TypeVar("_Asked", bound=c.Command)
_PATIENCE_S = 1.0
"""After so long without an answer people are told that there is none yet."""


class Hands:
    """One seat's hands on a live screen."""

    def __init__(self, screen: RunScreen, seat: Seat) -> None:
        self.screen = screen
        self.seat = seat
        self.is_writing = False
        self._writings: set[asyncio.Task[Outcome]] = set()
        self.pen_epoch = 0
        """Of the pen that was painted when the key was pressed that is being carried out."""

    @property
    def now(self) -> Instant:
        """The moment that is shown."""
        return self.screen.source.now()

    def evidence(self, painted: RunState) -> tuple[Evidence, ...]:
        """What the operator had before their eyes."""
        return evidence(painted, self.now)

    def command(self, kind: type[_Asked], **fields: Any) -> _Asked:
        """A command of this seat, under the pen that was painted."""
        return self.seat.command(kind, **({"pen_epoch": self.pen_epoch} | fields))

    # ---- questions -----------------------------------------------------------------------------------------------

    async def ask(self, question: Question) -> Answer | None:
        """What was typed; None: left by Escape."""
        return await self.screen.app.push_screen_wait(AskDialog(question, self.screen.titled()))

    async def sure(self, title: str, lines: tuple[str, ...], key: str, word: str) -> bool:
        """Whether the key was pressed once more."""
        dialog = SureDialog(title, lines, key, word, self.screen.titled())
        return await self.screen.app.push_screen_wait(dialog) is not None

    async def choose(
        self, title: str, choices: tuple[Choice, ...], *, first: str = "", danger: bool = False
    ) -> Answer | None:
        """What was chosen; None: left by Escape."""
        dialog = ChooseDialog(title, choices, first=first, danger=danger, place=self.screen.titled())
        return await self.screen.app.push_screen_wait(dialog)

    # ---- down and back up ----------------------------------------------------------------------------------------

    def refused(self, painted: RunState, command: c.Command) -> bool:
        """Whether a command would be refused whatever is typed; then it is said."""
        refusal = permission(painted, command)
        if refusal is not None:
            self.refuse(refusal)
        return refusal is not None

    def refuse(self, refusal: Refusal) -> None:
        """Say why nothing was done."""
        self.screen.say(("✖ ", "bad"), (refusal.why, "bold"), (f" — {refusal.instead}", "plain"))

    async def submit(self, command: c.Command) -> bool:
        """Write; it shows as done when it comes back from the log, and not before. Whether it is durable."""
        return isinstance(await self.outcome(command), Done)

    async def outcome(self, command: c.Command) -> Outcome:
        """As `submit`, for what goes on from a refusal; that was said already."""
        # Whoever waits here may be cancelled, with its screen; what is being written is not, and is told all the same.
        writing = asyncio.get_running_loop().create_task(self._written(command))
        self._writings.add(writing)
        writing.add_done_callback(self._writings.discard)
        return await asyncio.shield(writing)

    async def _written(self, command: c.Command) -> Outcome:
        self.is_writing = True
        began_s = monotonic()
        self.screen.say(("… writing", "dim"))
        answer = asyncio.ensure_future(in_own_thread(lambda: self.seat.submit(command)))
        try:
            while not (await asyncio.wait({answer}, timeout=_PATIENCE_S))[0]:
                waited_s = monotonic() - began_s
                self.screen.say(("… writing", "unsure"), (f": no answer for {waited_s:.0f} s", "plain"))
            outcome = answer.result()
        finally:
            self.is_writing = False
        match outcome:
            case Done(withheld=withheld):
                self.screen.say(*((("! ", "warn"), (withheld, "plain")) if withheld else ()))
            case Refusal():
                self.refuse(outcome)
            case Failed(sentence=sentence):
                self.screen.say(("✖ not written: ", "bad"), (without_folders(sentence), "plain"))
            case Unsettled(id=event_id):
                text = f"it is not known whether this was written; the log will tell ({event_id})"
                self.screen.say(("? ", "unsure"), (text, "plain"))
        self.screen.draw()
        return outcome
