"""Comments of a profile by the part that they belong to: the importer's own, and people's.

Invariant: a comment that the importer did not write is a person's, and is never changed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping

from cockpit.importing.parts import Key, Part
from cockpit.importing.segments import joined, keyed, segments
from cockpit.importing.toml_text import comments


def leads(toml: str, parts: Mapping[Key, Part]) -> dict[Key, str]:
    """The comment lines right above the header of each part, where there are any."""
    found: dict[Key, str] = {}
    for key, piece in keyed(segments(toml), dict(parts)):
        if key is not None and piece.lead:
            found.setdefault(key, piece.lead)
    return found


def remarked(toml: str, parts: Mapping[Key, Part]) -> dict[Key, Counter[str]]:
    """The comments of each part: above its header, among its keys, behind them."""
    pieces = keyed(segments(toml), dict(parts))
    starts, at = [], 0
    for _, piece in pieces:
        starts.append(at)
        at += len(piece.text.encode())
    found: dict[Key, Counter[str]] = {}
    for offset, said in comments(toml):
        index = bisect_right(starts, offset) - 1
        key, piece = pieces[index]
        within = offset - starts[index] < len((piece.lead + piece.body).encode())
        if key is not None and within:
            found.setdefault(key, Counter())[said] += 1
    return found


def with_leads(toml: str, parts: Mapping[Key, Part], before: Mapping[Key, str], now: Mapping[Key, str]) -> str:
    """The text with what the importer said above a part replaced by what it says now."""
    pieces = []
    for key, piece in keyed(segments(toml), dict(parts)):
        old, new = (before.get(key, ""), now.get(key, "")) if key is not None else ("", "")
        if old and old != new and old in piece.lead:
            piece = type(piece)(owner=piece.owner, lead=piece.lead.replace(old, new, 1), body=piece.body, gap=piece.gap)
        pieces.append(piece)
    return joined(pieces)
