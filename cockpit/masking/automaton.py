"""The one place that compiles patterns for RE2, over bytes."""

from __future__ import annotations

from typing import Any

import re2  # what Python's own patterns are not: linear in the data, whatever the pattern is

_MEMORY_BYTES = 256 << 20
"""At most, of one automaton; it takes what it needs."""


def compiled(pattern: bytes, *, longest: bool = False) -> Any:
    """A pattern over bytes, as RE2's `search` and `finditer` have it. `longest`: of what begins at one place."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = _MEMORY_BYTES
    options.log_errors = False
    options.longest_match = longest
    return re2.compile(pattern, options)
