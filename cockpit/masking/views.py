"""Bytes without what programs put between their letters: colours, moves of the cursor, breaks of lines.

A secret in whose midst `grep --color`, `jq -C` or `base64` wrote something of its own is found in a view. Invariant:
every place in a view is a place in the bytes themselves, so that what is taken out there is taken out here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from cockpit.masking.spans import Span

_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,4}[@-~]|[()][0-9A-Za-z])")
"""ECMA-48, 5.4: control sequences, of which colours are some; and ISO 2022's choice of letters (`tput sgr0`)."""
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,4}|[()])?\Z")


class View:
    """The bytes without what a pattern matches."""

    def __init__(self, raw: bytes, without: re.Pattern[bytes]) -> None:
        self._raw = raw
        kept: list[bytes] = []
        self._starts: list[int] = []
        """Of what is kept, in the view; and then in the bytes."""
        self._raw_starts: list[int] = []
        at = size = 0
        for match in without.finditer(raw):
            if match.start() > at:
                size += self._keep(kept, size, at, match.start())
            at = match.end()
        if at < len(raw):
            self._keep(kept, size, at, len(raw))
        self.data = b"".join(kept)

    def _keep(self, kept: list[bytes], size: int, start: int, end: int) -> int:
        kept.append(self._raw[start:end])
        self._starts.append(size)
        self._raw_starts.append(start)
        return end - start

    def place(self, at: int) -> int:
        """Where the byte at `at` of the view stands; the end of all, if it is the view's."""
        if at >= len(self.data):
            return len(self._raw)
        index = bisect_right(self._starts, at) - 1
        return self._raw_starts[index] + at - self._starts[index]

    def spans(self, found: Iterable[Span]) -> list[Span]:
        """Where what was found in the view stands."""
        places = ((self.place(start), self.place(end - 1) + 1, shown) for start, end, shown in found if end > start)
        return [Span(start, end, shown + _sequences(self._raw[start:end])) for start, end, shown in places]


def _sequences(data: bytes) -> bytes:
    """These alone: what stands after a secret is to look as it was meant to."""
    return b"".join(_SEQUENCE.findall(data)) if is_coloured(data) else b""


def is_coloured(data: bytes) -> bool:
    """Whether there is a sequence of a terminal in it, or the beginning of one."""
    return b"\x1b" in data


def uncoloured(data: bytes) -> View:
    """Without the sequences of a terminal."""
    return View(data, _SEQUENCE)


def unfinished(data: bytes) -> int:
    """Where a sequence begins that is not over; the data's length if none does."""
    match = _UNFINISHED.search(data, max(0, len(data) - 80))
    return len(data) if match is None else match.start()
