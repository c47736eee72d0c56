"""Numbers in prose: durations, thresholds, times of day."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

Operator = Literal["<", "<=", ">", ">=", "==", "!="]

_UNITS_S = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hr": 3600, "hour": 3600}
_UNITS_S |= {"d": 86400, "day": 86400, "w": 604800, "week": 604800, "month": 2592000}
_DURATION = re.compile(
    r"(\d+(?:\.\d+)?)(?:\s*(?:-|–|to)\s*(\d+(?:\.\d+)?))?[\s-]*(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|months?)\b",
    re.IGNORECASE,
)
_THRESHOLD = re.compile(
    r"^(?P<metric>.*?\S)\s*(?P<op><=|>=|==|!=|<|>|≤|≥)\s*(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>%|[a-zA-Z/]*)"
)
_OPERATORS: dict[str, Operator] = {"≤": "<=", "≥": ">="}


class Threshold(Struct, frozen=True, kw_only=True):
    """A bound that a text sets on something that is measured."""

    metric: str
    """In the text's words: `API response times`."""
    operator: Operator
    value: float
    unit: str
    """As written: `%`, `seconds`, `ms`, `/hour`; empty: none."""


def duration_s(text: str) -> float | None:
    """The first duration in a text, in seconds; of a range (`2-3 hours`) the longer one. None: there is none."""
    found = _DURATION.search(text)
    if found is None:
        return None
    unit = found[3].lower()
    seconds = _UNITS_S.get(unit) or _UNITS_S[unit.rstrip("s")]
    return float(found[2] or found[1]) * seconds


def thresholds(text: str) -> tuple[Threshold, ...]:
    """Every bound that a text (plain) sets, in order."""
    found = _THRESHOLD.match(text)
    if found is None:
        return ()
    sign = found["op"]
    return (
        Threshold(
            metric=found["metric"].rstrip(" :("),
            operator=_OPERATORS.get(sign, sign),  # type: ignore[arg-type]  # the pattern has no others
            value=float(found["value"]),
            unit=found["unit"],
        ),
    )
