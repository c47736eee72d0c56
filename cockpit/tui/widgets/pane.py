"""A pane: lines drawn through the line API, refreshing only the cells that changed.

Measured: one such widget costs a tenth of the bytes of one `Static` a line. Invariant: what is on the screen is what
`show` was last given; nothing is drawn that a pane function did not return.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len, split_graphemes
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cockpit.text import visible
from cockpit.tui.ink import DARK, LIGHT, NO_COLOUR, Ink
from cockpit.tui.lines import EMPTY, Line, fitted
from cockpit.tui.widgets.literal import literal

_TITLE_FRAME = 4
"""Cells that a border title takes beside its text: corner, rule and blanks."""


class Pane(Widget):
    """Shows lines; scrolling is the pane functions' business, which know what matters."""

    DEFAULT_CSS = "Pane { height: 1fr; }"

    def __init__(self, *, id: str, title: str = "") -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = ()
        self._title = ""
        self.name_it(title)

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines from now on, each cut to the width; only what differs is drawn.

        Where not all fit, the last row says how many do not.
        """
        width, height = self.content_size
        if 0 < height < len(lines):
            lines = [*lines[: height - 1], ((f"… {len(lines) - height + 1} more lines", "accent"),)]
        new = tuple(fitted(_shown(line), width) for line in lines[:height])
        old, self._lines = self._lines, new
        dirty = []
        for y in range(max(len(old), len(new))):
            before = old[y] if y < len(old) else EMPTY
            after = new[y] if y < len(new) else EMPTY
            if before != after:
                dirty.append(_difference(before, after, y, width))
        if dirty:
            self.refresh(*dirty)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown now."""
        return self._lines

    def name_it(self, title: str) -> None:
        """Set the title in the border, if it is another; markup in it is only text."""
        if self._title != title:
            longer = max(cell_len(visible(each)) for each in (title, self._title))
            self._title = title
            # Beneath Textual's own setter, which reads markup and draws the whole pane anew.
            self._border_title = literal(title) if title else None
            x, y = self.content_offset
            self.refresh(Region(-x, -y, longer + _TITLE_FRAME, 1))

    def render_line(self, y: int) -> Strip:
        """Textual's line API."""
        width = self.content_size.width
        line = self._lines[y] if y < len(self._lines) else EMPTY
        inks = self._inks
        strip = Strip([Segment(text, inks[ink]) for text, ink in line])
        return strip.adjust_cell_length(width).apply_style(self.rich_style)

    @property
    def _inks(self) -> Mapping[Ink, Style]:
        if self.app.no_color:
            return NO_COLOUR
        return DARK if self.app.current_theme.dark else LIGHT


def _shown(line: Line) -> Line:
    """The line with nothing in it that a terminal would act on, whatever a pane function was given."""
    if all(text.isascii() and text.isprintable() for text, _ in line):
        return line
    return tuple((visible(text), ink) for text, ink in line)


def _difference(before: Line, after: Line, y: int, width: int) -> Region:
    """The cells of row `y` in which two lines differ."""
    old, new = _cells(before, width), _cells(after, width)
    first = next((x for x in range(width) if old[x] != new[x]), 0)
    last = next((x for x in range(width - 1, -1, -1) if old[x] != new[x]), width - 1)
    # A cell beside a wide character belongs to it: begin where it begins and end where it ends, on both lines.
    while first > 0 and (old[first][0] == "" or new[first][0] == ""):
        first -= 1
    while last < width - 1 and (old[last + 1][0] == "" or new[last + 1][0] == ""):
        last += 1
    return Region(first, y, last - first + 1, 1)


def _cells(line: Line, width: int) -> list[tuple[str, Ink]]:
    cells: list[tuple[str, Ink]] = []
    for text, ink in line:
        if text.isascii():
            cells.extend((character, ink) for character in text)
            continue
        # As the terminal sees it: several characters may share a cell, one may take two.
        for start, end, size in split_graphemes(text)[0]:
            if size == 0 and cells:
                cells[-1] = (cells[-1][0] + text[start:end], ink)
                continue
            cells.append((text[start:end], ink))
            cells.extend([("", ink)] * (size - 1))
    blank: tuple[str, Ink] = (" ", "plain")
    return (cells + [blank] * (width - len(cells)))[:width]
