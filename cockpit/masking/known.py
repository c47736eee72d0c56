"""Finding secrets that were told, in bytes.

All forms of all secrets are one pattern for RE2: its automaton goes over data without any at hundreds of megabytes a
second, however many there are, and in linear time over anything. Which of them it was is asked apart, of what was
found alone: that costs RE2 more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from cockpit.masking.automaton import compiled
from cockpit.masking.forms import (
    BEGUN,
    BREAKS,
    URL_ALPHABET,
    broken,
    chain,
    escaped,
    escaped_beginning,
    escaped_end,
    literal,
    literal_beginning,
    spelled,
    spelled_pattern,
    squeezed,
)
from cockpit.masking.parts import LONGEST_PART, least_cut, parts
from cockpit.masking.short import KNOWN_FROM
from cockpit.masking.spans import Span, by_name

_WIDEST = 8
"""Bytes that one byte of a secret takes at most, escaped: more is not held back."""
LOOKED_BACK = LONGEST_PART * 4 * _WIDEST
"""Bytes at the end of data that may be the beginning of a secret: the most that is ever held back for one."""
_MOST_SEEN = 1000


class Known:
    """The secrets of one run, by name."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        named = {part: name for name, secret in sorted(secrets.items()) for part in parts(secret)}
        # The longest first: one secret may be a part of another.
        ordered = sorted(named.items(), key=lambda pair: (-len(pair[0]), pair))
        self._plain = _Forms(_written(ordered), begun=BEGUN)
        texts = [(text, by_name(name)) for part, name in ordered for text in squeezed(part)]
        self._squeezed = _Forms([_Form(literal(text), literal_beginning(text), shown) for text, shown in texts])
        self._texts = [text for text, _ in texts]
        self._broken: dict[int, Any] = {}

    def __bool__(self) -> bool:
        return bool(self._texts)

    def spans(self, data: bytes) -> list[Span]:
        """Every place of a secret, in order of their kinds; they may overlap."""
        if not self._texts:
            return []
        found = list(self._plain.spans(data))
        for index in dict.fromkeys(index for index, _, _ in self._squeezed.places(_flat(data))):
            if index not in self._broken:
                self._broken[index] = compiled(broken(self._texts[index]))
            shown = self._squeezed.forms[index].shown
            found += [Span(match.start(), match.end(), shown) for match in self._broken[index].finditer(data)]
        return found

    def beginning(self, data: bytes) -> int:
        """Where a secret may begin that goes on behind the data's end; the data's length if none does."""
        if not self._texts or not data:
            return len(data)
        first = max(0, len(data) - LOOKED_BACK)
        tail = data[first:]
        flat = _flat(tail)
        in_flat = self._squeezed.open(flat)
        return first + min(self._plain.open(tail), len(tail) if in_flat == len(flat) else _unflat(tail, in_flat))

    def cut_off(self, data: bytes) -> Span | None:
        """The beginning of a secret with which the data ends, if it is long enough to be one."""
        if not self._texts or self.beginning(data) == len(data):
            return None
        first = max(0, len(data) - LOOKED_BACK)
        tail = data[first:]
        sure: list[tuple[int, bytes]] = []
        start, shown, length = self._plain.begun(tail)
        if length >= KNOWN_FROM:
            sure.append((first + start, shown))
        start, shown, length = self._squeezed.begun(_flat(tail))
        if length >= KNOWN_FROM:
            sure.append((first + _unflat(tail, start), shown))
        return Span(min(sure)[0], len(data), min(sure)[1]) if sure else None


class _Form(Struct, frozen=True):
    """One form of one secret, as patterns."""

    whole: bytes
    begins: bytes
    """In one group; empty: none is waited for."""
    shown: bytes


def _written(ordered: list[tuple[str, str]]) -> list[_Form]:
    """Of parts and their names, those forms that are looked for in the data as it is."""
    cuts = {part: least_cut(part) for part, _ in ordered}
    forms = [_Form(escaped(part, cuts[part][0]), escaped_beginning(part), by_name(name)) for part, name in ordered]
    for part, name in ordered:
        if len(part) < LONGEST_PART:  # of a long one this would be the most of it all, and nobody writes it so
            forms += [
                _Form(spelled_pattern(units, cuts[part][0]), chain(units), by_name(name)) for units in spelled(part)
            ]
    # After all others: where one is there as a whole, its end is no news.
    return forms + [
        _Form(escaped_end(part, cuts[part][1]), b"", by_name(name)) for part, name in ordered if cuts[part][1]
    ]


class _Forms:
    """Patterns that are looked for together."""

    def __init__(self, forms: list[_Form], begun: bytes = b"") -> None:
        """`begun`: may follow the beginning of any, and stand for one."""
        self.forms = forms
        # Of secrets that begin alike (two JWTs) the one that goes on longest is there.
        self._any = compiled(b"|".join(form.whole for form in forms), longest=True)
        begins = b"|".join(form.begins for form in forms if form.begins)
        self._tail = begun + rb")\z"
        self._open = compiled(b"(?i:(?:" + begins + b")?" + self._tail)
        self._named: Any = None
        self._named_begins: Any = None
        self._seen: dict[bytes, int] = {}

    def places(self, data: bytes) -> Iterable[tuple[int, int, int]]:
        """Which of the forms stands where."""
        match = self._any.search(data)
        done = 0
        while match is not None:
            start, end = match.span()
            if end > done:
                yield self._which(data[start:end]), start, end
                done = end
            # One secret may begin in the midst of another.
            match = self._any.search(data, start + 1 if len(self.forms) > 1 else end)

    def spans(self, data: bytes) -> Iterable[Span]:
        for index, start, end in self.places(data):
            yield Span(start, end, self.forms[index].shown)

    def open(self, data: bytes) -> int:
        """Where something begins that may become one; the data's length if nothing does."""
        match = self._open.search(data)
        return len(data) if match is None else int(match.start())

    def begun(self, data: bytes) -> tuple[int, bytes, int]:
        """Where one begins with which the data ends, which, and how many bytes of it stand there for sure."""
        if self._named_begins is None:
            begins = b"|".join(form.begins for form in self.forms if form.begins)
            self._named_begins = compiled(b"(?i:(?:" + begins + b")" + self._tail)
        match = self._named_begins.search(data)
        if match is None:
            return len(data), b"", 0
        index = match.lastindex
        return match.start(), self.forms[index - 1].shown, match.end(index) - match.start(index)

    def _which(self, found: bytes) -> int:
        if found not in self._seen:
            if self._named is None:
                self._named = compiled(b"|".join(b"(" + form.whole + b")" for form in self.forms), longest=True)
            match = self._named.search(found)
            if len(self._seen) > _MOST_SEEN:
                self._seen.clear()
            self._seen[found] = match.lastindex - 1 if match is not None else 0
        return self._seen[found]


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
