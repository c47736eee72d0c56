"""What Textual writes to the terminal for a partial update, cut to the cells that changed.

Textual 8.2.8 cuts a dirty region at its right end only: one changed number repaints its whole pane from the left edge,
and every segment sets all its colours anew. Measured: 30 live probes cost 7 kB/s that way, and a cursor move 7 kB. And
whatever changed, it asks every widget for all its lines.
Invariant: the same cells get the same text and style as Textual would give them; only fewer bytes are written.
It rests on names that Textual keeps to itself, which is why Textual is pinned exactly.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len, split_graphemes
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip

_RESET = "\x1b[0m"
_ON_OFF = (
    ("1", "22"), ("2", "22"), ("3", "23"), ("4", "24"), ("5", "25"), ("6", "25"), ("7", "27"), ("8", "28"), ("9", "29"),
)  # fmt: skip
"""What sets and ends each attribute, in Rich's order: bold, faint, italic, underline, blink, fast, reverse, hidden,
struck."""


class FrugalCompositor(Compositor):
    """Textual's compositor, with updates that ask for less and write less."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted: tuple[Region, ...] | None = None
        """What a partial update is about; None: the whole screen is drawn."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """The update for all dirty regions, or None if there are none."""
        self._wanted = tuple(self._dirty_regions)
        try:
            update = super().render_partial_update()
        finally:
            self._wanted = None
        return FrugalUpdate(update.chops, update.spans, update.chop_ends) if update is not None else None

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        """As Textual's, front to back; in a partial update, of widgets that lie there the rows that lie there."""
        if self._wanted is None:
            yield from super()._get_renders(crop)
            return
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip)
            hit = [seen.intersection(each) for each in self._wanted if seen.overlaps(each)]
            if not hit:
                continue
            top, bottom = min(each.y for each in hit), max(each.bottom for each in hit)
            rows = Region(seen.x, top, seen.width, bottom - top)
            yield rows, rows, widget.render_lines(rows.translate((-region.x, -region.y)))


class FrugalUpdate(ChopsUpdate):
    """Spans of changed cells, each cut at both ends; a style is written only where it differs from the one before."""

    def render_segments(self, console: Console) -> str:
        """The bytes that bring the terminal up to date."""
        pen = _Pen(console)
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= x2 or end <= x1:
                    continue
                first = x + _beginning(strip, x1 - x)
                pen.write(first, y, strip.crop(first - x, min(end, x2) - x))
        return pen.finish()


class _Pen:
    """Where the terminal's cursor and style stand, so that neither is said twice."""

    def __init__(self, console: Console) -> None:
        self._system = console._color_system
        self._parts: list[str] = []
        self._at: tuple[int, int] | None = None
        self._style: Style | None = None

    def write(self, x: int, y: int, strip: Strip) -> None:
        """Write a strip at a place."""
        if self._at != (x, y):
            self._parts.append(f"\x1b[{y + 1};{x + 1}H")
        for text, style, _ in strip:
            self._restyle(style or Style.null())
            self._parts.append(text)
        self._at = (x + strip.cell_length, y)

    def _restyle(self, style: Style) -> None:
        before, self._style = self._style, style
        if self._system is None or before is style or before == style:
            return
        codes = _change(before, style, self._system) if before is not None else None
        if codes is None:
            codes = ["0", *filter(None, [Strip.render_ansi(style, self._system)])]
        if codes:
            self._parts.append(f"\x1b[{';'.join(codes)}m")

    def finish(self) -> str:
        """Everything written, with the style put back."""
        return "".join((*self._parts, _RESET)) if self._parts else ""


def _beginning(strip: Strip, x: int) -> int:
    """Where the character begins that covers cell `x`, at least 0: half a wide character cannot be written."""
    at = 0
    for text, _, _ in strip:
        size = cell_len(text)
        if at + size <= x:
            at += size
            continue
        if text.isascii():
            break
        for _, _, cells in split_graphemes(text)[0]:
            if at + cells > x:
                return at
            at += cells
    return max(0, x)


def _change(before: Style, after: Style, system: ColorSystem) -> list[str] | None:
    """The SGR codes (ECMA-48, 8.3.117) that make one style of another; None where only a reset does."""
    was, is_ = (style._attributes & style._set_attributes for style in (before, after))
    if (was | is_) >> len(_ON_OFF):
        return None
    codes: list[str] = []
    for bit, (_, off) in enumerate(_ON_OFF):
        if was & ~is_ & (1 << bit) and off not in codes:
            codes.append(off)
    # Bold and faint end together.
    again = 0b11 if "22" in codes else 0
    codes += [on for bit, (on, _) in enumerate(_ON_OFF) if is_ & (again | ~was) & (1 << bit)]
    for old, new, is_foreground in ((before.color, after.color, True), (before.bgcolor, after.bgcolor, False)):
        if old != new:
            default = "39" if is_foreground else "49"
            codes += new.downgrade(system).get_ansi_codes(is_foreground) if new is not None else [default]
    return codes
