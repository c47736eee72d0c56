"""Secrets taken out of a stream of bytes, however it is cut into pieces.

Invariant: no secret of four or more bytes leaves `feed` and `end`, whole, in base64 at any of its three alignments and
also wrapped into lines, quoted as in a URL or in JSON, nor by its longer lines. Bytes that may be the beginning of one
are held back until it is known, so that at the end not even four bytes of an unfinished one are let go.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_FROM = 4
"""Bytes; shorter secrets stand in ordinary words too, and masking those would tell them by their places."""
_LINE_FROM = 12
_BASE64_FROM = 5
"""Characters: what four bytes give at the least favourable alignment."""
_BREAK = rb"\r?\n?[ \t]*"
"""Between any two characters of base64: `base64` breaks lines, and YAML indents them."""
_BREAKS = b"\r\n \t"


class Masker:
    """One stream's mask."""

    def __init__(self, secrets: dict[str, str]) -> None:
        """`secrets` by name."""
        plain: dict[bytes, bytes] = {}
        wrapped: dict[bytes, bytes] = {}
        for name, secret in secrets.items():
            shown = f"‹secret {name}›".encode()
            plain.update((form, shown) for form in _plain_forms(secret) if len(form) >= _FROM)
            wrapped.update((form, shown) for form in _base64_forms(secret) if len(form) >= _BASE64_FROM)
        self._shown = plain | wrapped
        self._plain = sorted(plain, key=len, reverse=True)
        self._wrapped = sorted(wrapped, key=len, reverse=True)
        # The longest first: one secret may be a part of another.
        ordered = sorted(self._shown, key=len, reverse=True)
        self._names = {f"f{index}": form for index, form in enumerate(ordered)}
        parts = (self._pattern(name, form, form in wrapped) for name, form in self._names.items())
        self._any = re.compile(b"|".join(parts)) if ordered else None
        self._longest = max((len(form) for form in ordered), default=0)
        self._held = b""

    @staticmethod
    def _pattern(name: str, form: bytes, is_wrapped: bool) -> bytes:
        each = [re.escape(form[index : index + 1]) for index in range(len(form))]
        return b"(?P<%s>%s)" % (name.encode(), (_BREAK if is_wrapped else b"").join(each))

    def feed(self, data: bytes) -> bytes:
        """Take more of the stream; return what can be let go, masked."""
        if self._any is None:
            return data
        data = self._held + data
        cut = self._cut(data)
        if not self._may_hold_one(data):
            self._held = data[cut:]
            return data[:cut]
        for match in self._any.finditer(data):
            if match.start() < cut < match.end():
                cut = match.start()  # it may be the beginning of a longer one
        self._held = data[cut:]
        return self._any.sub(self._name, data[:cut])

    def end(self) -> bytes:
        """The stream is over: return the rest, masked, also what is only the beginning of a secret."""
        if self._any is None:
            return b""
        rest, self._held = self._any.sub(self._name, self._held), b""
        start, form = min(self._beginnings(rest), default=(len(rest), b""))
        return rest[:start] + self._shown[form] if len(rest) - start >= _FROM else rest

    def _name(self, match: re.Match[bytes]) -> bytes:
        assert match.lastgroup is not None
        return self._shown[self._names[match.lastgroup]]

    def _may_hold_one(self, data: bytes) -> bool:
        """Quick: a flood without secrets is not searched by a pattern."""
        if any(form in data for form in self._plain):
            return True
        unbroken = data.translate(None, _BREAKS)
        return any(form in unbroken for form in self._wrapped)

    def _cut(self, data: bytes) -> int:
        """Where the longest beginning of a secret starts that the data ends with; else the data's length."""
        return min((start for start, _ in self._beginnings(data)), default=len(data))

    def _beginnings(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Where the data's end begins a secret, and which form of it."""
        for form in self._plain:
            if (start := _beginning(data, form)) is not None:
                yield start, form
        if self._wrapped:
            # Bounded, so that a megabyte of spaces is not held back for one letter before it.
            places = [
                place
                for place in range(max(0, len(data) - 2 * self._longest - 256), len(data))
                if data[place] not in _BREAKS
            ]
            unbroken = bytes(data[place] for place in places)
            for form in self._wrapped:
                if (start := _beginning(unbroken, form)) is not None:
                    yield places[start], form


def _beginning(text: bytes, form: bytes) -> int | None:
    """Where the longest proper beginning of `form` starts that `text` ends with."""
    start = text.find(form[:1], max(0, len(text) - len(form) + 1))
    while start >= 0:
        if form.startswith(text[start:]):
            return start
        start = text.find(form[:1], start + 1)
    return None


def _plain_forms(secret: str) -> set[bytes]:
    texts = {secret, secret.strip(), quote(secret, safe=""), quote(secret), quote_plus(secret)}
    texts |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    texts |= {secret.replace("'", "'\\''"), secret.replace("'", "'\"'\"'")}  # as bash -x and shlex quote
    texts |= {line.strip() for line in secret.splitlines() if len(line.strip()) >= _LINE_FROM}
    return {text.encode("utf-8", "surrogateescape") for text in texts}


def _base64_forms(secret: str) -> set[bytes]:
    """The characters that depend on the secret alone, for each place that it may have within longer base64."""
    raw = secret.encode("utf-8", "surrogateescape")
    forms = set()
    for bytes_ in {raw, raw.strip()}:
        for before in range(3):
            first, last = -(-8 * before // 6), 8 * (before + len(bytes_)) // 6
            for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
                forms.add(alphabet(b"\0" * before + bytes_)[first:last])
    return forms
