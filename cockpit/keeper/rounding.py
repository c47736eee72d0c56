"""What a person can read of a number: three digits. What is rounded here is written and compared; gates judge the rest.

Invariant: rounding is idempotent, so that what was written once and comes again unchanged is recognised.
"""

from __future__ import annotations

import math

from cockpit.run.readings import Reading, Scalar
from cockpit.text import shortened

DIGITS = 3
TEXT_LIMIT = 200
"""Characters of a text value or a detail."""
LATENCY_STEP = 0.25
"""By what part a latency has to differ to be worth a line of its own."""


def rounded(value: Scalar) -> Scalar:
    """`value` to three digits; whole numbers of any size stay as they are, texts are cut to one visible line."""
    if isinstance(value, str):
        return shortened(value, TEXT_LIMIT)
    if isinstance(value, bool) or not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return str(value)  # JSON has no such numbers
    if value == 0 or abs(value) >= 10**DIGITS:
        return float(round(value))
    return round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))


def written(reading: Reading) -> Reading:
    """The reading as the log keeps it: without its times, which the ages of a sample tell for a third of the bytes."""
    return Reading(
        probe=reading.probe,
        status=reading.status,
        value=rounded(reading.value),
        unit=shortened(reading.unit, 20),
        latency_ms=_number(reading.latency_ms),
        detail=shortened(reading.detail, TEXT_LIMIT),
        parts=tuple((shortened(name, 20), _number(ms) or 0.0) for name, ms in reading.parts),
    )


def says_the_same(one: Reading, other: Reading) -> bool:
    """Whether a person would see no difference between two written readings."""
    if (one.status, one.value, one.unit, one.detail) != (other.status, other.value, other.unit, other.detail):
        return False
    first, second = one.latency_ms, other.latency_ms
    if first is None or second is None:
        return first is second
    return abs(first - second) <= LATENCY_STEP * max(first, second)


def _number(value: float | None) -> float | None:
    found = rounded(value)
    return found if isinstance(found, float) else None
