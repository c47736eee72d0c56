"""Screens for reading: a list of lines, scrolled by keys, closed by Escape. Help, the log and all probes are such."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from cockpit.tui.lines import Line
from cockpit.tui.widgets.pane import Pane
from cockpit.tui.widgets.patient import Patient

Lines = Callable[[int], list[Line]]
"""Width to all lines there are."""


class ReadingScreen(Patient[None], ModalScreen[None]):
    """Shows lines. `lines` is asked again on every scroll, resize and second."""

    CSS_PATH = "reading.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "back"),
        Binding("down,j", "scroll_by(1)", "down"),
        Binding("up,k", "scroll_by(-1)", "up"),
        Binding("pagedown,space", "scroll_by(10)", "page down"),
        Binding("pageup", "scroll_by(-10)", "page up"),
        Binding("home", "scroll_by(-100000)", "first"),
        Binding("end", "scroll_by(100000)", "last"),
    ]

    def __init__(self, title: str, lines: Lines, *, at_end: bool = False) -> None:
        """`at_end`: it begins at its end, and follows it until it is scrolled up."""
        super().__init__()
        self._title, self._lines = title, lines
        self._first = 0
        self._follows = at_end
        self._is_at_end = at_end

    def compose(self) -> ComposeResult:
        """One pane."""
        yield Pane(id="reading", title=f"{self._title} – ↑ ↓ scroll, Esc back")

    def on_mount(self) -> None:
        """What is shown goes on meanwhile: look once a second."""
        self.set_interval(1.0, self.refresh_lines)

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self.refresh_lines)

    def refresh_lines(self) -> None:
        """Ask for the lines and draw what changed."""
        pane = self.query_one(Pane)
        width, height = pane.content_size
        if height <= 0:
            return
        lines = self._lines(width)
        last = max(0, len(lines) - height)
        self._first = last if self._is_at_end else max(0, min(self._first, last))
        pane.show(lines[self._first : self._first + height])

    def action_scroll_by(self, rows: int) -> None:
        """Move by rows."""
        width, height = self.query_one(Pane).content_size
        self._first += rows
        self._is_at_end = self._follows and self._first >= len(self._lines(width)) - height
        self.refresh_lines()
