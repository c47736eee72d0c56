"""Finding secrets that were told, in bytes.

All forms of all secrets are one pattern for RE2: its automaton goes over data without any at hundreds of megabytes a
second, however many there are, and in linear time over anything. Which of them it was is asked apart, of what was
found alone: that costs RE2 more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cockpit.masking.automaton import compiled, compiled_set
from cockpit.masking.forms import (
    BEGUN,
    BETWEEN,
    TABLE_BREAK,
    broken,
    escaped,
    escaped_beginning,
    escaped_end,
    flat,
    literal,
    literal_beginning,
    spelled,
    spelled_beginning,
    spelled_pattern,
    squeezed,
)
from cockpit.masking.parts import LONGEST_PART, least_cut, parts
from cockpit.masking.short import KNOWN_FROM
from cockpit.masking.spans import Span, by_name
from cockpit.masking.views import View, is_coloured, uncoloured, unfinished

_WIDEST = 8
"""Bytes that one byte of a secret takes at most, escaped: more is not held back."""
LOOKED_BACK = LONGEST_PART * 4 * _WIDEST
"""Bytes at the end of data that may be the beginning of a secret: the most that is ever held back for one."""
_MOST_SEEN = 1000
_FEW = 4
"""Bytes: where output comes letter by letter, the same ones come again and again."""


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
        self._alike: dict[bytes, list[int]] = {}
        """By how they begin: of those that begin alike each is looked for, and the longest is there."""
        for index, text in enumerate(self._texts):
            self._alike.setdefault(literal(text), []).append(index)
        self._broken: dict[int, Any] = {}
        self._of_few: dict[bytes, int] = {}

    def __bool__(self) -> bool:
        return bool(self._texts)

    def spans(self, data: bytes) -> list[Span]:
        """Every place of a secret, in order of their kinds; they may overlap."""
        if not self._texts:
            return []
        found = self._spans(data)
        if is_coloured(data):
            view = uncoloured(data)
            found += view.spans(self._spans(view.data))
        return found

    def beginning(self, data: bytes) -> int:
        """Where a secret may begin that goes on behind the data's end; the data's length if none does."""
        if not self._texts or not data:
            return len(data)
        if len(data) > _FEW:
            return self._begun_at(data)
        if data not in self._of_few:
            if len(self._of_few) > _MOST_SEEN:
                self._of_few.clear()
            self._of_few[data] = self._begun_at(data)
        return self._of_few[data]

    def cut_off(self, data: bytes) -> Span | None:
        """The beginning of a secret with which the data ends, if it is long enough to be one."""
        if not self._texts or self.beginning(data) == len(data):
            return None
        first = max(0, len(data) - LOOKED_BACK)
        tail = data[first:]
        sure = self._cut_off(tail)
        if is_coloured(tail):
            view = uncoloured(tail[: unfinished(tail)])
            sure += [(view.place(start), shown) for start, shown in self._cut_off(view.data)]
        return Span(first + min(sure)[0], len(data), min(sure)[1]) if sure else None

    def _begun_at(self, data: bytes) -> int:
        first = max(0, len(data) - LOOKED_BACK)
        tail = data[first:]
        at = self._beginning(tail)
        if is_coloured(tail):
            view = uncoloured(tail[: unfinished(tail)])
            at = min(at, view.place(self._beginning(view.data)))
        return first + at

    def _spans(self, data: bytes) -> list[Span]:
        found = list(self._plain.spans(data))
        indices = dict.fromkeys(index for index, _, _ in self._squeezed.places(flat(data)))
        if b"+" in data and TABLE_BREAK.search(data):
            indices |= dict.fromkeys(i for i, _, _ in self._squeezed.places(flat(TABLE_BREAK.sub(b"", data))))
        for begins in dict.fromkeys(literal(self._texts[index]) for index in indices):
            for index in self._alike[begins]:
                shown = self._squeezed.forms[index].shown
                found += [Span(match.start(), match.end(), shown) for match in self._broken_at(index).finditer(data)]
        return found

    def _broken_at(self, index: int) -> Any:
        if index not in self._broken:
            self._broken[index] = compiled(broken(self._texts[index]))
        return self._broken[index]

    def _beginning(self, tail: bytes) -> int:
        at = min(self._plain.open(tail), self._squeezed_beginning(tail))
        if b"+" in tail and TABLE_BREAK.search(tail):
            table = View(tail, TABLE_BREAK)
            at = min(at, table.place(self._squeezed_beginning(table.data)))
        return at

    def _squeezed_beginning(self, tail: bytes) -> int:
        bare = flat(tail)
        at = self._squeezed.open(bare)
        return len(tail) if at == len(bare) else View(tail, BETWEEN).place(at)

    def _cut_off(self, tail: bytes) -> list[tuple[int, bytes]]:
        sure: list[tuple[int, bytes]] = []
        start, shown, length = self._plain.begun(tail)
        if length >= KNOWN_FROM:
            sure.append((start, shown))
        start, shown, length = self._squeezed.begun(flat(tail))
        if length >= KNOWN_FROM:
            sure.append((View(tail, BETWEEN).place(start), shown))
        return sure


class _Form(NamedTuple):
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
                _Form(spelled_pattern(units, cuts[part][0]), spelled_beginning(part, units), by_name(name))
                for units in spelled(part)
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
        self._any = compiled(b"|".join(form.whole for form in forms), longest=True, captures=False)
        # Each with its own end: one that all have in common takes RE2 a second to compile (`Prog::MarkDominator`).
        begins = b"|".join(form.begins + (b"" if begun else rb"\z") for form in forms if form.begins)
        self._tail = begun + rb")\z"
        self._open = compiled(b"(?i:(?:" + begins + b")?" + self._tail, captures=False)
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
            match = self._any.search(data, start + self._next(data[start:end]))

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

    def _next(self, found: bytes) -> int:
        """Where in what was found another may begin: one secret may begin in the midst of another."""
        return 1 + self.open(found[1:]) if len(self.forms) > 1 else len(found)

    def _which(self, found: bytes) -> int:
        if found not in self._seen:
            if self._named is None:
                self._named = compiled_set(tuple(form.whole for form in self.forms))
            which = self._named.Match(found)
            if len(self._seen) > _MOST_SEEN:
                self._seen.clear()
            self._seen[found] = min(which) if which else 0
        return self._seen[found]
