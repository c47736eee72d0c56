"""The one place that compiles patterns for RE2, over bytes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2  # what Python's own patterns are not: linear in the data, whatever the pattern is

_MEMORY_BYTES = 256 << 20
"""At most, of one automaton; it takes what it needs."""


def compiled(pattern: bytes, *, longest: bool = False, captures: bool = True) -> Any:
    """A pattern over bytes, as RE2's `search` and `finditer` have it. `longest`: of what begins at one place.

    `captures`: whether its groups are asked for, which costs RE2 many times the search itself.
    """
    options = _options()
    options.longest_match = longest
    options.never_capture = not captures
    return re2.compile(pattern, options)


@lru_cache(maxsize=16)  # as re2 keeps patterns: the masks of one process mostly know the same secrets
def compiled_set(patterns: tuple[bytes, ...]) -> Any:
    """Patterns over bytes of which `Match` tells the indices of those that match a whole text."""
    found = re2.Set.FullMatchSet(_options())
    for pattern in patterns:
        found.Add(pattern)
    found.Compile()
    return found


def _options() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = _MEMORY_BYTES
    options.log_errors = False
    return options
