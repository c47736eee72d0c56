"""The handover card, shown whole before the pen changes hands.

Invariant: it is acknowledged by a key of its own, never by Enter, not in the first moment after it came, and only once
its last line has been on the screen.
"""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from cockpit.tui.screens.dialogs import SETTLE_S, Answer, Dialog, explained
from cockpit.tui.widgets.literal import literal

READ_S = 0.7
"""How long after it came nobody can have read it."""


class CardDialog(Dialog):
    """Answers with the key that was pressed, in `choice`."""

    def __init__(
        self, title: str, card: tuple[str, ...], keys: tuple[tuple[str, str], ...], *, notice: str = "", place: str = ""
    ) -> None:
        """`keys`: each with what it does; the first one acknowledges. `notice` stands out, above the card."""
        super().__init__(place)
        self._title, self._card, self._keys, self._notice = title, card, keys, notice
        self._is_read = False

    def compose(self) -> ComposeResult:
        """Title, notice, card, keys."""
        with Vertical(id="dialog", classes="card danger" if self._notice else "card"):
            yield Static(literal(self._title), id="title")
            if self._notice:
                yield Static(literal(self._notice), id="notice")
            yield explained(self._card)
            told = "   ".join(f"{key} {does}" for key, does in self._keys)
            yield Static(literal(f"{told}   Esc leaves, nothing is done"), id="hint")

    def takes(self, event: events.Key | events.Paste) -> bool:
        """As every dialog; but what answers is not taken before there was time to read."""
        if isinstance(event, events.Key) and self._answers(event) and event.time < self._since - SETTLE_S + READ_S:
            return False
        return super().takes(event)

    def _answers(self, event: events.Key) -> bool:
        return any(event.key == key for key, _ in self._keys)

    def on_key(self, event: events.Key) -> None:
        """Answer with a named key, pressed by itself; the first one only once all was shown."""
        if not self._answers(event) or self.is_burst:
            return
        event.stop()
        if event.key == self._keys[0][0] and self._goes_on_below():
            self.hint("the card goes on below: PgDn reads on, then press it again")
            return
        self.dismiss(Answer(choice=event.key))

    def _goes_on_below(self) -> bool:
        self._is_read = self._is_read or all(each.scroll_offset.y >= each.max_scroll_y for each in self.query("#lines"))
        return not self._is_read
