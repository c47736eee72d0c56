"""Patterns of `re` that are compiled when they are first used.

A module's patterns, compiled as it is imported, are a tenth of what the start of a process costs, and most processes
need few of them. Invariant: a pattern that was compiled is as quick as one of `re` itself.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, Generic, cast


def late(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """A pattern as `re.compile` makes it, at its first use; one that is wrong raises `re.error` only then."""
    return cast("re.Pattern[AnyStr]", _Late(pattern, flags))


class _Late(Generic[AnyStr]):
    def __init__(self, pattern: AnyStr, flags: int) -> None:
        self._given: tuple[AnyStr, int] = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        """Of a method's first use: it is kept, so that nothing stands before the next."""
        method = getattr(re.compile(*self._given), name)  # which `re` keeps, should the next method be another
        setattr(self, name, method)
        return method
