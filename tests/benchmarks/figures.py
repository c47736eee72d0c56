"""What a benchmark reports: a figure beside the limit it must keep."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One figure."""

    name: str
    measured: float
    limit: float
    """The most it may be."""
    unit: str
    """`x` for a ratio."""
    detail: str = ""
    """What was compared with what, and how often."""

    @property
    def ok(self) -> bool:
        """Whether it keeps its limit."""
        return self.measured <= self.limit


def paired_ratios(subject: Callable[[], float], peer: Callable[[], float], pairs: int) -> list[float]:
    """Measure both in turn, `pairs` times, and return subject/peer of each pair.

    The order alternates, so that whatever drifts on the machine meets both alike. Both return seconds.
    """
    ratios = []
    for index in range(pairs):
        if index % 2:
            below = peer()
            above = subject()
        else:
            above = subject()
            below = peer()
        ratios.append(above / below)
    return ratios


def spread(ratios: Sequence[float]) -> str:
    """The median's neighbourhood, as text: least, quartiles and most."""
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
    return f"{min(ratios):.2f} [{low:.2f} {middle:.2f} {high:.2f}] {max(ratios):.2f}, {len(ratios)} pairs"
