"""Durations as people write them: `"90s"`, `"20m"`, `"1h30m"`, `"500ms"`, `"2d"`, `"2w"`, or a plain number of seconds.

Invariant: `seconds(written(s)) == s` for every finite `s` that is not negative.
"""

from __future__ import annotations

import math

from cockpit.patterns import late

_UNITS = {"w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_WHOLE = late("".join(rf"(?:([0-9]+(?:\.[0-9]+)?){unit})?" for unit in _UNITS))
EXPECTED = 'a duration such as "90s", "20m", "1h30m", "500ms" or "2d", or a number of seconds'
LONGEST_S = 366 * 86_400.0
"""No duration in a profile is longer than a year."""


def seconds(written: object) -> float | None:
    """Return the seconds, or `None` if `written` is no duration, negative, or longer than a year."""
    if isinstance(written, bool):
        return None
    if isinstance(written, int | float):
        return float(written) if math.isfinite(written) and 0 <= written <= LONGEST_S else None
    if not isinstance(written, str) or not written or len(written) > 60:
        return None
    match = _WHOLE.fullmatch(written.replace(" ", ""))
    if match is None or not any(match.groups()):
        return None
    total = sum(float(number) * unit for number, unit in zip(match.groups(), _UNITS.values(), strict=True) if number)
    return total if total <= LONGEST_S else None


def written(duration_s: float) -> str | float:
    """Return the duration as it would be written, or the plain number where units would lose digits."""
    whole_ms = round(duration_s * 1000)
    parts, left = "", whole_ms
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, size)
        if count:
            parts += f"{count}{unit}"
    text = parts or "0s"
    return text if seconds(text) == duration_s else duration_s
