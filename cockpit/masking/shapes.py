"""Secrets that nobody told, found by their shape and by where they stand, in bytes.

Owns: which of `cockpit.secret_shapes`' tokens and which `places` count in what programs print. Prose counts for nothing
here. What stands for a value (`${TOKEN}`, `<password>`, `***`, a mask) is none; a mere sample of a token is masked as a
real one would be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from cockpit.masking.automaton import compiled
from cockpit.masking.keys import ARMOURED, keys
from cockpit.masking.places import (
    ATTRIBUTES,
    CODE,
    COOKIE,
    COOKIES,
    CUT,
    OPEN,
    PLACES,
    STANDS_IN,
    TOKEN_BEGINS,
    WORTH_A_LOOK,
    Place,
)  # fmt: skip
from cockpit.masking.spans import Span, by_shape
from cockpit.masking.views import is_coloured, uncoloured
from cockpit.secret_shapes.standing_in import looks_random
from cockpit.secret_shapes.tokens import SHAPES

_MARK = "‹secret".encode()
_CUT_FROM = 16


class _Patterns(NamedTuple):
    """Compiled once a process, when the first text is masked."""

    look: Any
    open: Any
    cut: Any
    tokens: Any
    shown: tuple[bytes, ...]
    cookies: Any
    places: tuple[tuple[Place, bytes, Any], ...]


@cache
def _patterns() -> _Patterns:
    shapes = [shape for shape in SHAPES if shape.name != "AZURE_STORAGE_KEY"]  # told by what stands before it: a place
    tokens = "|".join(f"({_unbounded(shape.source)})" for shape in shapes)
    return _Patterns(
        look=compiled(rf"{TOKEN_BEGINS}|(?:{WORTH_A_LOOK})|".encode() + ARMOURED),
        open=compiled(OPEN.encode()),
        cut=compiled(CUT.encode()),
        tokens=compiled(rf"(?:^|[^A-Za-z0-9])(?:{tokens})".encode()),
        shown=tuple(by_shape(shape.what) for shape in shapes),
        cookies=compiled(COOKIES.encode()),
        places=tuple((place, by_shape(place.what), compiled(place.pattern.encode())) for place in PLACES),
    )


def _unbounded(pattern: str) -> str:
    """Without the most of a repetition: for an automaton it is only a cost, and a longer one is to be masked, too."""
    return re.sub(r"\{(\d+),\d+\}", r"{\1,}", pattern)


def shapes(data: bytes) -> list[Span]:
    """Every secret that is told by its shape or place, in no order; they may overlap. Colours are looked through."""
    if is_coloured(data):
        view = uncoloured(data)
        return view.spans(_shapes(view.data))
    return _shapes(data)


def _shapes(data: bytes) -> list[Span]:
    patterns = _patterns()
    if patterns.look.search(data) is None:
        return []
    return [
        *keys(data),
        *_tokens(data, patterns),
        *_cut_tokens(data, patterns),
        *_cookies(data, patterns),
        *_placed(data, patterns),
    ]


def open_shape(line: bytes) -> int:
    """Where in an unfinished line a secret may stand that is not over; the line's length if there is none."""
    match = _patterns().open.search(line)
    return int(match.start()) if match is not None else len(line)


def _is_no_name(token: bytes) -> bool:
    """A pod may be called `sk-ingress-7d9f8b6c5d`: with this prefix, keys have letters of both cases and digits."""
    return not token.startswith(b"sk-") or all(re.search(each, token[3:]) for each in (b"[a-z]", b"[A-Z]", b"[0-9]"))


def _cut_tokens(data: bytes, patterns: _Patterns) -> Iterator[Span]:
    for match in patterns.cut.finditer(data):
        if _is_no_name(match[1]) and (match[2] or (len(match[1]) >= _CUT_FROM and _looks_random(match[1]))):
            yield Span(match.start(1), match.end(1), by_shape("a token"))


def _tokens(data: bytes, patterns: _Patterns) -> Iterator[Span]:
    match = patterns.tokens.search(data)
    while match is not None:
        index = match.lastindex
        start, end = match.span(index)
        if _is_no_name(data[start:end]):
            yield Span(start, end, patterns.shown[index - 1])
        match = patterns.tokens.search(data, end)


def _cookies(data: bytes, patterns: _Patterns) -> Iterator[Span]:
    for header in patterns.cookies.finditer(data):
        first = header.start(1)
        for cookie in COOKIE.finditer(header[1]):
            if cookie[1].lower() not in ATTRIBUTES and not _stands_in(cookie[2]):
                yield Span(first + cookie.start(2), first + cookie.end(2), by_shape("a cookie"))


def _placed(data: bytes, patterns: _Patterns) -> Iterator[Span]:
    for place, shown, pattern in patterns.places:
        for match in pattern.finditer(data):
            start, end = match.span(match.lastindex)
            value = data[start:end]
            if len(value) < place.least or _stands_in(value) or (place.random and not _looks_random(value)):
                continue
            if place.what == "a password in a URL" and (b"'," in value or b"':" in value):
                continue  # the URL ended before: a list of texts as Python shows it
            yield Span(start, end, shown)


def _stands_in(value: bytes) -> bool:
    return value.startswith(_MARK) or bool(STANDS_IN.fullmatch(value)) or bool(CODE.fullmatch(value))


def _looks_random(value: bytes) -> bool:
    return looks_random(value.decode("utf-8", "replace").rstrip(".,;:)"))
