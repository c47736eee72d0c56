"""The field in which one types where to go. Enter goes there, Escape leaves; nothing typed here acts on a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from cockpit.text import visible
from cockpit.tui.widgets.literal import literal

EXAMPLES = (
    "22:41   22:41:07   2026-11-21 22:41   22:41Z   -5m   +1h",
    "1.3   R1.1   2   a step's id or a part of its title",
    "@bo   #1234   !hold   !deviation   !   /words",
)


class JumpScreen(ModalScreen[str | None]):
    """Answers with what was typed; None if it was left."""

    CSS_PATH = "jumping.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "leave")]

    def __init__(self, title: str, typed: str = "", examples: Sequence[str] = EXAMPLES) -> None:
        """`typed` stands in the field already, the examples under it."""
        super().__init__()
        self._title, self._typed, self._examples = title, visible(typed), examples

    def compose(self) -> ComposeResult:
        """A field, and examples under it."""
        with Vertical(id="jump") as box:
            box._border_title = literal(self._title)  # beneath Textual's own setter, which reads markup
            yield Input(self._typed, id="where", max_length=200, select_on_focus=False)
            for line in self._examples:
                yield Static(literal(line), classes="example")
            yield Static(literal("Enter goes there   Esc leaves"), classes="example")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go there."""
        self.dismiss(event.value)
