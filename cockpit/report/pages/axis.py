"""The time axis that every picture of a report shares: from the first to the last thing, long idle stretches cut short.

Pure. A checkpoint a day later must not squeeze the night into a corner: an idle stretch that would take more than
`SHARE` of what is left becomes a break of fixed width. Invariant: a later time is never left of an earlier one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from math import ceil

from msgspec import Struct

from cockpit.report.pages.clocktime import duration, local

WIDTH = 1000.0
"""Of the axis, in its own units."""
SHARE = 0.35
_SHORTEST_BREAK_S = 3600.0
_BREAK_WIDTH = 0.05
_BREAKS = 4
_TICKS_S = (1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_DAY_S = 86400


class Tick(Struct, frozen=True):
    """A labelled place."""

    x: float
    label: str
    """`22:10`"""
    day: str = ""
    """`22 Nov`, where a day begins to be shown."""


class Cut(Struct, frozen=True):
    """A stretch out of proportion."""

    x: float
    x2: float
    says: str
    """How long it was: `20h`."""


class Axis(Struct, frozen=True):
    """From time to place, `0` to `WIDTH`."""

    began: datetime
    ended: datetime
    places: tuple[tuple[float, float], ...]
    """Bends: seconds since `began`, and where that is; ascending."""
    cuts: tuple[Cut, ...]
    zone: tzinfo

    def x(self, at: datetime) -> float:
        """Where a time is; one beyond an end is at that end."""
        return self._place((at - self.began).total_seconds())

    def holds(self, at: datetime) -> bool:
        """Whether a time lies on the axis."""
        return self.began <= at <= self.ended

    def _place(self, passed_s: float) -> float:
        if passed_s <= 0:
            return 0.0
        at = bisect_right(self.places, (passed_s, WIDTH + 1)) - 1
        if at >= len(self.places) - 1:
            return WIDTH
        (left_s, left), (right_s, right) = self.places[at], self.places[at + 1]
        return round(left + (right - left) * (passed_s - left_s) / (right_s - left_s), 2)

    def ticks(self, most: int) -> tuple[Tick, ...]:
        """At most about `most` labels, at round times of the zone, none within a break."""
        shown_s = sum(b[0] - a[0] for a, b in pairwise(self.places) if not self._is_cut(a[1]))
        step_s = next((each for each in _TICKS_S if shown_s / each <= most), _DAY_S * ceil(shown_s / _DAY_S / most))
        told, last_x, last_day = list[Tick](), -WIDTH, ""
        for at in self._round_times(step_s):
            x = self.x(at)
            if x - last_x < WIDTH / most / 2 or any(cut.x < x < cut.x2 for cut in self.cuts):
                continue
            here = local(at, self.zone)
            day, last_x = f"{here.day} {here:%b}", x
            label = f"{here:%H:%M:%S}" if step_s < 60 else f"{here:%H:%M}"
            told.append(Tick(x, label, day if day != last_day else ""))
            last_day = day
        return tuple(told)

    def _is_cut(self, x: float) -> bool:
        return any(cut.x == x for cut in self.cuts)

    def _round_times(self, step_s: int) -> Iterator[datetime]:
        """Round times of the zone, those within breaks left out in strides."""
        offset_s = (local(self.began, self.zone).utcoffset() or timedelta()).total_seconds()
        for (left_s, left), (right_s, _) in pairwise(self.places):
            if self._is_cut(left):
                continue
            first_s = self.began.timestamp() + left_s + offset_s
            passed_s = left_s + (-first_s % step_s)
            while passed_s <= right_s:
                yield self.began + timedelta(seconds=passed_s)
                passed_s += step_s


def axis(began: datetime, ended: datetime, busy: Iterable[datetime], zone: tzinfo) -> Axis:
    """The axis from `began` to `ended`; `busy`: when something happened."""
    ended = max(ended, began + timedelta(seconds=1))
    whole_s = (ended - began).total_seconds()
    times = sorted({min(max(0.0, (at - began).total_seconds()), whole_s) for at in busy} | {0.0, whole_s})
    cut = _idle(list(pairwise(times)), whole_s)
    left_s = whole_s - sum(b - a for a, b in cut)
    unit = WIDTH * (1 - _BREAK_WIDTH * len(cut)) / left_s if left_s > 0 else 0.0
    places, cuts, x, at_s = [(0.0, 0.0)], list[Cut](), 0.0, 0.0
    for start_s, end_s in sorted(cut):
        if start_s > at_s:
            x += (start_s - at_s) * unit
            places.append((start_s, x))
        cuts.append(Cut(round(places[-1][1], 2), round(x + WIDTH * _BREAK_WIDTH, 2), duration(end_s - start_s)))
        places[-1] = (places[-1][0], cuts[-1].x)
        x = cuts[-1].x2
        places.append((end_s, x))
        at_s = end_s
    if at_s < whole_s:
        places.append((whole_s, WIDTH))
    return Axis(began, ended, tuple(places), tuple(cuts), zone)


def _idle(gaps: list[tuple[float, float]], whole_s: float) -> list[tuple[float, float]]:
    """The stretches that are cut short, the longest first."""
    cut, left_s = list[tuple[float, float]](), whole_s
    for start_s, end_s in sorted(gaps, key=lambda gap: gap[0] - gap[1])[:_BREAKS]:
        length_s = end_s - start_s
        if length_s < _SHORTEST_BREAK_S or length_s < SHARE * left_s:
            break
        cut.append((start_s, end_s))
        left_s -= length_s
    return cut
