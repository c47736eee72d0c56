"""Which lines of a text are worth a closer look: patterns are slow, finding a word is not."""

from __future__ import annotations

from collections.abc import Iterable

_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def lowered(text: str) -> str:
    """The text in lower case, character by character: as long as it was."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text.translate(_ASCII_LOWER)


def lines_with(text: str, needles: Iterable[str]) -> list[tuple[int, int]]:
    """Where the lines begin and end that hold any of some words, in order, each once."""
    found: set[tuple[int, int]] = set()
    for needle in needles:
        at = text.find(needle)
        while at >= 0:
            start = text.rfind("\n", 0, at) + 1
            end = text.find("\n", at + len(needle))
            end = end if end >= 0 else len(text)
            found.add((start, end))
            at = text.find(needle, end)
    return sorted(found)
