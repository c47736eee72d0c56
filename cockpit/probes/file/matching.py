"""Which lines a pattern finds, in time linear in their length: RE2 has no patterns that take for ever.

Python's own `re` has, and it holds the interpreter while it searches: one careless pattern would stop every probe.
"""

from __future__ import annotations

from cockpit.patterns import late
from cockpit.profile.conditions import compile_value

_SEARCH = compile_value("text.matches(pattern)", {"text": "string", "pattern": "string"})
_LINE = 2000
"""Characters of a line that are searched."""
_TIED_TO_THE_TEXT = late(r"\\[AzQ]|\(\?[a-zA-Z]*-[a-zA-Z]*m")
"""Patterns that may find something in a line and nothing in the text around it."""


def matching(pattern: str, lines: list[str]) -> list[str]:
    """Return the lines in which the pattern is found, in order.

    An evaluation costs some microseconds, so halves in which nothing is found are left as a whole.
    """
    cut = [line[:_LINE] for line in lines]
    if _TIED_TO_THE_TEXT.search(pattern):
        return [line for line, text in zip(lines, cut, strict=True) if _found(pattern, text)]
    in_any_line = f"(?m:{pattern})"
    kept: list[str] = []
    halves = [(0, len(lines))]
    while halves:
        start, end = halves.pop()
        if end - start == 1:
            if _found(pattern, cut[start]):
                kept.append(lines[start])
        elif end > start and _found(in_any_line, "\n".join(cut[start:end])):
            middle = (start + end) // 2
            halves += [(middle, end), (start, middle)]
    return kept


def _found(pattern: str, text: str) -> bool:
    return _SEARCH.evaluate({"text": text, "pattern": pattern})[0] is True
