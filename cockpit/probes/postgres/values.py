"""Values of a database as conditions take them."""

from __future__ import annotations

import math
from decimal import Decimal
from uuid import UUID

MAX_CHARACTERS = 65536
"""Of one text."""
MAX_ITEMS = 100_000
"""Of one array, or one list or map in JSON."""


def plain(value: object) -> object:
    """A value as CEL takes it: numbers, texts, truth values, lists and maps. Raises ValueError for too many items."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else _double(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else float(value)
    if isinstance(value, str):
        return value[:MAX_CHARACTERS]
    if isinstance(value, list | tuple | dict) and len(value) > MAX_ITEMS:
        raise ValueError(f"a list or map of {len(value)} items, more than {MAX_ITEMS}; ask for less")
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return f"{len(value)} bytes"
    return str(value)


def _double(value: int) -> float:
    try:
        return float(value)
    except OverflowError:  # as `numeric` of that size is
        return math.inf if value > 0 else -math.inf
