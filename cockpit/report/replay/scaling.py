"""From a timeline's axis to places side by side: in proportion, but for long idle stretches, which are cut short.

Pure. A checkpoint 24 h later must not squeeze the night into one cell: a gap that would take more than `SHARE` of what
is shown becomes a break of a few cells that says how long it was. Invariant: a later place is never left of an earlier
one, and every place is within the width.
"""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct

from cockpit.report.replay.timeline import GAP_S, Gap, Timeline

SHARE = 1 / 4
"""A gap that takes less of what is shown stands in proportion."""
_BREAKS = 2 / 5
"""Of the width, at most, are breaks: where all cannot say how long they were, each is one cell."""


class Break(Struct, frozen=True):
    """Cells that stand for an idle stretch, out of proportion."""

    first: int
    """Its first cell."""
    cells: int
    says: str
    """How long it was: `20h`, `3d`, two cells less than it takes; empty where there are too many of them."""


class Scale(Struct, frozen=True):
    """Where each place of an axis stands, in so many cells."""

    width: int
    places: tuple[float, ...]
    """Bends of the scale: seconds on the axis, ascending, from 0."""
    cells: tuple[float, ...]
    """Of each bend, from 0 to the width."""
    breaks: tuple[Break, ...] = ()

    def cell(self, place_s: float) -> int:
        """The cell of a place, from 0 to the width - 1; what lies beyond an end stands at that end."""
        at = bisect_right(self.places, place_s) - 1
        if at < 0 or len(self.places) == 1:
            return 0
        if at >= len(self.places) - 1:
            return self.width - 1
        left_s, right_s, left, right = self.places[at], self.places[at + 1], self.cells[at], self.cells[at + 1]
        return min(self.width - 1, int(left + (right - left) * (place_s - left_s) / (right_s - left_s)))

    def place(self, cell: int) -> float:
        """The place on the axis at the beginning of a cell."""
        at = max(0, bisect_right(self.cells, cell) - 1)
        if at >= len(self.cells) - 1:
            return self.places[-1]
        left_s, right_s, left, right = self.places[at], self.places[at + 1], self.cells[at], self.cells[at + 1]
        return left_s + (right_s - left_s) * (cell - left) / (right - left)


def scale(timeline: Timeline, width: int, until_s: float = 0.0) -> Scale:
    """The scale of a timeline for a width of at least one cell, up to its end, or to `until_s` if that is later."""
    whole_s = max(timeline.length_s, until_s)
    if whole_s <= 0:
        return Scale(max(1, width), (0.0,), (0.0,))
    cut = _cut(timeline, width, whole_s)
    labels = [_length(gap.end_s - gap.start_s) for gap in cut]
    if sum(len(label) + 2 for label in labels) > _BREAKS * width:
        labels = [""] * len(cut)
    sizes = [len(label) + 2 if label else 1 for label in labels]
    linear_s = whole_s - sum(gap.end_s - gap.start_s for gap in cut)
    a_second = (width - sum(sizes)) / linear_s if linear_s > 0 else 0.0
    places, cells, breaks = [0.0], [0.0], []
    shown_s = taken = 0.0
    for gap, label, size in zip(cut, labels, sizes, strict=True):
        shown_s += gap.start_s - places[-1]
        first = round(shown_s * a_second) + taken  # a break has whole cells
        taken += size
        if gap.start_s > places[-1]:
            places.append(gap.start_s)
            cells.append(first)
        places.append(gap.end_s)
        cells.append(first + size)
        breaks.append(Break(int(first), size, label))
    if places[-1] < whole_s:
        places.append(whole_s)
        cells.append(float(width))
    return Scale(width, tuple(places), tuple(cells), tuple(breaks))


def _cut(timeline: Timeline, width: int, whole_s: float) -> list[Gap]:
    """The gaps that become breaks, in the order of the axis."""
    gaps = list(timeline.gaps)
    if whole_s - timeline.active_s >= GAP_S:
        gaps.append(Gap(timeline.active_s, whole_s))
    linear_s, cut = whole_s, []
    for gap in sorted(gaps, key=lambda each: each.start_s - each.end_s)[: int(_BREAKS * width)]:
        length_s = gap.end_s - gap.start_s
        # Many gaps of one length are idle as much as a single one that is as long as all of them.
        alike_s = sum(each.end_s - each.start_s for each in gaps if 2 * (each.end_s - each.start_s) > length_s)
        if min(alike_s, linear_s) <= SHARE * linear_s or linear_s - length_s < 1.0:  # something is left to be shown
            break
        cut.append(gap)
        gaps.remove(gap)
        linear_s -= length_s
    return sorted(cut, key=lambda each: each.start_s)


def _length(seconds: float) -> str:
    """`90m`, `20h`, `3d`: at most four cells, for years."""
    if seconds < 7200:
        return f"{seconds / 60:.0f}m"
    return f"{seconds / 3600:.0f}h" if seconds < 172_800 else f"{seconds / 86_400:.0f}d"
