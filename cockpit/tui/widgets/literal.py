"""Text as it is: the one way to give a text to Textual's own widgets, and the filter through which every line leaves.

Textual reads markup in what it is given (`[@click=…]` acts), and passes control characters on. Invariant: what
`literal` returns is read by nobody and holds nothing that acts; `OnlyText` lets through no line of which that is not
true, made by whichever widget. Actions of Textual's own scroll bars alone go through.
"""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from cockpit.text import inert, visible

_LINE_BREAKS = frozenset("\n\r\t")
_SCROLL_BARS = ("grab", "release", "scroll_up", "scroll_down")
"""What Textual's scroll bars do when they are clicked."""


def literal(*lines: str) -> Content:
    """These lines, to be shown as they are, with whatever acts made visible; newlines within a line too."""
    return Content("\n".join(visible(line) for line in lines))


class OnlyText(LineFilter):
    """Shows what acts in a line of any widget, in the cells that the line has; takes links and actions out of it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Textual's hook: every line of every widget, once for each time it is made."""
        if all(_is_fine(segment) for segment in segments):
            return segments
        return [segment if _is_fine(segment) else _made_fine(segment) for segment in segments]


def _is_fine(segment: Segment) -> bool:
    text, style, control = segment
    if style is not None and (style._link is not None or style._meta is not None) and _acts(style):
        return False
    return control is None and ((text.isascii() and text.isprintable()) or _only_shows(text))


@lru_cache(maxsize=4096)
def _only_shows(text: str) -> bool:
    """Character by character: a segment may be cut from its line between a letter and its mark."""
    return inert(text) == text and _LINE_BREAKS.isdisjoint(text)


def _acts(style: Style) -> bool:
    """Whether a click on it would do something; `meta` also holds where text can be marked."""
    actions = (does for name, does in style.meta.items() if name.startswith("@"))
    return style._link is not None or any(does not in _SCROLL_BARS for does in actions)


def _made_fine(segment: Segment) -> Segment:
    text, style, _ = segment
    if style is not None and _acts(style):
        style = style.clear_meta_and_links()
    return Segment(set_cell_size(visible(text), cell_len(text)), style)
