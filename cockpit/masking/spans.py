"""Places in bytes that are masked, and what is put there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """One place."""

    start: int
    end: int
    shown: bytes
    """What stands there instead."""


def by_name(name: str) -> bytes:
    """Instead of a secret that was told."""
    return f"‹secret {name}›".encode()


def by_shape(what: str) -> bytes:
    """Instead of one that was found: `a GitHub token`."""
    bare = what.removeprefix("an ").removeprefix("a ")
    return f"‹secret: {bare}›".encode()


def joined(spans: Iterable[Span]) -> list[Span]:
    """In order, none in another; of what overlaps, the first says what it is."""
    whole: list[Span] = []
    for each in sorted(spans, key=lambda span: (span.start, -span.end)):
        if whole and each.start < whole[-1].end:
            whole[-1] = whole[-1]._replace(end=max(whole[-1].end, each.end))
        elif whole and each.start == whole[-1].end and each.shown == whole[-1].shown:
            whole[-1] = whole[-1]._replace(end=each.end)
        else:
            whole.append(each)
    return whole


def replaced(data: bytes, spans: Iterable[Span]) -> bytes:
    """The data with its `joined` spans taken out."""
    kept: list[bytes] = []
    at = 0
    for start, end, shown in spans:
        kept += [data[at:start], shown]
        at = end
    kept.append(data[at:])
    return b"".join(kept)
