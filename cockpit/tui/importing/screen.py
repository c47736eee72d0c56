"""The preview's screen: the runbook on one side, the profile on the other, and the keys that move through both.

Invariant: nothing is written and nothing is run; only the rows in sight are drawn.
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType

from cockpit.importing.accounting import line_counts
from cockpit.importing.imported import Imported
from cockpit.importing.linking import toml_lines
from cockpit.text import shortened
from cockpit.tui.importing import drawing
from cockpit.tui.importing.keys import KEYS, helped, hints
from cockpit.tui.importing.moving import Place, Side, Way
from cockpit.tui.importing.sheets import SourceRows, toml_sheet
from cockpit.tui.importing.walk_sheet import walk_sheet
from cockpit.tui.keymap import bindings
from cockpit.tui.lines import Line, Span, in_two_lines
from cockpit.tui.widgets.frugal import FrugalCompositor
from cockpit.tui.widgets.pane import Pane
from cockpit.tui.widgets.patient import Patient

SIDES: tuple[Side, ...] = ("source", "profile")
_WHEEL = 3


class PreviewScreen(Patient[None]):
    """One import."""

    AUTO_FOCUS = ""
    CSS_PATH = "screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)

    def __init__(self, made: Imported) -> None:
        super().__init__()
        self._compositor = FrugalCompositor()
        self._profile = made.profile
        self._counts = line_counts(made.accounts)
        toml = toml_lines(made.toml)
        self.rows = SourceRows(made, toml.tables)
        self._sheets = (toml_sheet(toml), walk_sheet(made.profile))
        self.is_walk = False
        self.place = Place(self.rows.sheet, self._sheets[0])
        self._says: Line = ()
        self._panes: dict[str, Pane] = {}

    def compose(self) -> ComposeResult:
        """One pane each; where they stand is `drawing.boxes`'."""
        for name in ("top", *SIDES, "says", "keys"):
            self._panes[name] = Pane(id=name)
            yield self._panes[name]

    def on_resize(self, event: events.Resize) -> None:
        """Lay out anew."""
        self._lay_out()

    # ---- drawing -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        width, height = self.size
        if not self._panes or not width:
            return
        small = width < drawing.READING[0] or height < drawing.READING[1]
        found = {"top": drawing.Box(0, 0, width, height)} if small else drawing.boxes(width, height, self.place.side)
        self.set_class(self._profile.production, "production")
        self.set_class(drawing.shape(width, height) == "beside", "beside")
        for name, pane in self._panes.items():
            box = found.get(name)
            pane.display = box is not None
            if box is not None:
                pane.styles.offset = (box.x, box.y)
                pane.styles.width, pane.styles.height = box.width, box.height
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Bring every pane up to where one is."""
        width, height = self.size
        if not self._panes or not width:
            return
        if width < drawing.READING[0] or height < drawing.READING[1]:
            least = f"{drawing.READING[0]}x{drawing.READING[1]} at least"
            self._panes["top"].show([((least, "bad"),), (("is needed", "plain"),)])
            return
        alone = drawing.shape(width, height) == "one"
        for side in SIDES:
            pane = self._panes[side]
            if pane.display:
                pane.name_it(drawing.title(self.place, self.rows, side, is_walk=self.is_walk, alone=alone))
                pane.show(drawing.lines(self.place, side, *pane.content_size))
        self._panes["top"].show([drawing.top(self._profile, self._counts, width)])
        rows = self._panes["says"].size.height
        said = drawing.says(self.place, self.rows, width, rows)
        self._panes["says"].show(in_two_lines(self._says, max(10, width - 1))[:rows] if self._says else said)
        self._panes["keys"].show([hints(width)])

    def say(self, *line: Span) -> None:
        """Put a sentence above the keys, until the next key."""
        self._says = line
        self.draw()

    def _moved(self, is_moved: bool = True, otherwise: str = "") -> None:
        self._says = () if is_moved else ((f" {otherwise}", "warn"),)
        self.draw()

    # ---- keys ----------------------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """By lines."""
        self.place.move(by)
        self._moved()

    def action_page(self, way: Way) -> None:
        """By what is in sight, less a line."""
        self.action_move(way * max(1, self._panes[self.place.side].content_size.height - 1))

    def action_end(self, which: int) -> None:
        """To the first or the last line."""
        self.place.go(len(self.place.sheet) * which)
        self._moved()

    def action_turn(self) -> None:
        """To the other side."""
        self.place.turn()
        self._says = ()
        self._lay_out()

    def action_lost(self, way: Way) -> None:
        """To lines that are not mapped; they are the source's."""
        self._on_source()
        stops = self.rows.sheet.stops
        there = "after" if way > 0 else "before"
        otherwise = f"no line {there} this one is left out" if stops else "no line is left out"
        self._moved(self.place.next(stops, way), otherwise)

    def action_note(self, way: Way) -> None:
        """To lines with a note."""
        self._on_source()
        there = "after" if way > 0 else "before"
        self._moved(self.place.next(self.rows.sheet.marks, way), f"no line {there} this one has a note")

    def _on_source(self) -> None:
        if self.place.side != "source":
            self.place.turn()
            self._lay_out()

    def action_table(self, way: Way) -> None:
        """To a table of the profile."""
        if self.place.side != "profile":
            self.place.turn()
            self._lay_out()
        there = "after" if way > 0 else "before"
        self._moved(self.place.next(self.place.sheet.stops, way), f"there is no table {there} this one")

    def action_walk(self) -> None:
        """The profile as TOML, or as a walk."""
        self.is_walk = not self.is_walk
        self.place.show(self._sheets[self.is_walk])
        self._moved()

    def action_find(self) -> None:
        """Ask for words."""
        from cockpit.tui.screens.jumping import JumpScreen

        where = f"search the {self.place.side}"
        examples = ("words, in any case", "then . is the next, , the one before")
        self.app.push_screen(JumpScreen(where, self.place.sought, examples), self._found)

    def _found(self, words: str | None) -> None:
        if words:
            self._moved(self.place.find(words), f"“{shortened(words, 40)}” is not on this side")

    def action_again(self, way: Way) -> None:
        """The same words again."""
        if not self.place.sought:
            self._moved(False, "nothing was searched yet: / asks for words")
            return
        self._moved(self.place.find(self.place.sought, way), "it is not on this side")

    def action_whole(self) -> None:
        """The line or the table, broken at the width, on a screen of its own."""
        from cockpit.tui.screens.reading import ReadingScreen

        # The list is asked for again at every scroll and second, but a place on show does not change.
        whole = lru_cache(maxsize=2)(lambda width: drawing.whole(self.place, self.rows, width))
        title = "A table of the profile" if self.place.side == "profile" else "A line of the source"
        self.app.push_screen(ReadingScreen(title, whole))

    def action_help(self) -> None:
        """All keys."""
        from cockpit.tui.screens.reading import ReadingScreen

        self.app.push_screen(ReadingScreen("Keys of the preview", lambda width: helped()))

    def action_leave(self) -> None:
        """Close."""
        self.app.exit(0)

    # ---- the mouse -----------------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Go to the line that was clicked."""
        for side in SIDES:
            pane = self._panes[side]
            at = event.get_content_offset(pane) if event.widget is pane else None
            if at is None:
                continue
            row = self.place.firsts[side] + at.y
            if side != self.place.side:
                self.place.turn()
            self.place.go(row)
            self._moved()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """A few lines down."""
        self.action_move(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """A few lines up."""
        self.action_move(-_WHEEL)
