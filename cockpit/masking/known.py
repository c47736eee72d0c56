"""Finding secrets that were told, in bytes.

All forms of all secrets are one pattern for RE2: its automaton goes over data without any at hundreds of megabytes a
second, however many there are, and in linear time over anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cockpit.masking.automaton import compiled
from cockpit.masking.forms import (
    BEGUN,
    BREAKS,
    URL_ALPHABET,
    broken,
    escaped,
    escaped_beginning,
    escaped_end,
    literal,
    literal_beginning,
    spelled,
    squeezed,
)
from cockpit.masking.parts import LONGEST_PART, least_cut, parts
from cockpit.masking.short import KNOWN_FROM
from cockpit.masking.spans import Span, by_name

_WIDEST = 8
"""Bytes that one byte of a secret takes at most, escaped: more is not held back."""
LOOKED_BACK = LONGEST_PART * 4 * _WIDEST
"""Bytes at the end of data that may be the beginning of a secret: the most that is ever held back for one."""


class Known:
    """The secrets of one run, by name."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        named = {part: name for name, secret in sorted(secrets.items()) for part in parts(secret)}
        # The longest first: one secret may be a part of another.
        ordered = sorted(named.items(), key=lambda pair: (-len(pair[0]), pair))
        written = [
            (escaped(part, least_cut(part)[0]), escaped_beginning(part), by_name(name)) for part, name in ordered
        ]
        written += [
            (literal(text), literal_beginning(text), by_name(name))
            for part, name in ordered
            if len(part) < LONGEST_PART  # of a long one this would be the most of it all, and nobody writes it so
            for text in spelled(part)
        ]
        # After all others: where one is there as a whole, its end is no news.
        written += [
            (escaped_end(part, last), b"", by_name(name)) for part, name in ordered if (last := least_cut(part)[1])
        ]
        self._plain = _Forms(written, begun=BEGUN)
        texts = [(text, by_name(name)) for part, name in ordered for text in squeezed(part)]
        self._squeezed = _Forms([(literal(text), literal_beginning(text), shown) for text, shown in texts])
        self._texts = [text for text, _ in texts]
        self._broken: dict[int, Any] = {}

    def __bool__(self) -> bool:
        return bool(self._texts)

    def spans(self, data: bytes) -> list[Span]:
        """Every place of a secret, in order of their kinds; they may overlap."""
        if not self._texts:
            return []
        found = list(self._plain.spans(data))
        flat = _flat(data)
        for index in dict.fromkeys(index for index, _, _ in self._squeezed.places(flat)):
            if index not in self._broken:
                self._broken[index] = compiled(broken(self._texts[index]))
            shown = self._squeezed.shown[index]
            found += [Span(match.start(), match.end(), shown) for match in self._broken[index].finditer(data)]
        return found

    def beginning(self, data: bytes) -> int:
        """Where a secret may begin that goes on behind the data's end; the data's length if none does."""
        return min((start for start, _, _ in self._beginnings(data)), default=len(data))

    def cut_off(self, data: bytes) -> Span | None:
        """The beginning of a secret with which the data ends, if it is long enough to be one."""
        sure = [(start, shown) for start, shown, length in self._beginnings(data) if length >= KNOWN_FROM]
        if not sure:
            return None
        start, shown = min(sure)
        return Span(start, len(data), shown)

    def _beginnings(self, data: bytes) -> Iterable[tuple[int, bytes, int]]:
        if not self._texts or not data:
            return
        first = max(0, len(data) - LOOKED_BACK)
        tail = data[first:]
        if (found := self._plain.beginning(tail)) is not None:
            yield first + found[0], found[1], found[2]
        if (found := self._squeezed.beginning(_flat(tail))) is not None:
            yield first + _unflat(tail, found[0]), found[1], found[2]


class _Forms:
    """Patterns, each with what is shown in its place."""

    def __init__(self, written: list[tuple[bytes, bytes, bytes]], begun: bytes = b"") -> None:
        """`written`: each form, its beginnings, and what is shown for it; `begun`: may be the beginning of any."""
        self.shown = [*(shown for _, _, shown in written), b""]
        self._any = compiled(b"|".join(b"(" + form + b")" for form, _, _ in written))
        self._begins = compiled(
            b"(?:" + b"|".join([*(begins for _, begins, _ in written if begins), b"()" + begun]) + rb")\z"
        )

    def places(self, data: bytes) -> Iterable[tuple[int, int, int]]:
        """Which of the forms stands where."""
        match = self._any.search(data)
        while match is not None:
            index = match.lastindex - 1
            yield index, match.start(), match.end()
            # One secret may begin in the midst of another.
            match = self._any.search(data, match.start() + 1 if len(self.shown) > 2 else match.end())

    def spans(self, data: bytes) -> Iterable[Span]:
        for index, start, end in self.places(data):
            yield Span(start, end, self.shown[index])

    def beginning(self, data: bytes) -> tuple[int, bytes, int] | None:
        """Where one begins at the data's end, which, and how many bytes of it stand there for sure."""
        match = self._begins.search(data)
        if match is None:
            return None
        index = match.lastindex
        return match.start(), self.shown[index - 1], match.end(index) - match.start(index)


def _flat(data: bytes) -> bytes:
    """Without breaks, in one alphabet."""
    if b"\\" in data:
        data = data.replace(b"\\r", b"\r").replace(b"\\n", b"\n").replace(b"\\\n", b"\n")
    return data.translate(URL_ALPHABET, BREAKS)


def _unflat(data: bytes, place: int) -> int:
    """Where the byte stands in `data` that stands at `place` in it flat; at the latest, if breaks are escaped."""
    count = len(_flat(data)) - place
    at = len(data)
    while count and at:
        at -= 1
        count -= data[at] not in BREAKS
    return at
