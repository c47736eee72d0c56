"""Secrets taken out of texts: the ones that were told by name, in every form, and those that show by their shape.

Invariant: masking what is masked changes nothing. Whoever cuts a text masks it first; the beginning of a secret that a
`…` ends is masked all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from cockpit.masking.keys import open_key
from cockpit.masking.known import LOOKED_BACK, Known
from cockpit.masking.shapes import shapes
from cockpit.masking.short import KNOWN_FROM
from cockpit.masking.spans import Span, joined, replaced

_Value = TypeVar("_Value")
_CUT = "…".encode()


class Mask:
    """Knows the secrets of one run, by name."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._known = Known(secrets)

    def text(self, text: str) -> str:
        """The text without secrets; the same one if it held none."""
        data = text.encode("utf-8", "surrogatepass")
        now = self.data(data)
        return text if now is data else now.decode("utf-8", "surrogatepass")

    def data(self, data: bytes) -> bytes:
        """The same of bytes; the same ones if they held none."""
        if spans := self._known.spans(data):
            data = replaced(data, joined(spans))
        if spans := shapes(data):
            data = replaced(data, joined(spans))
        if _CUT in data and (spans := list(self._cut_off(data))):
            data = replaced(data, spans)
        return data

    def _cut_off(self, data: bytes) -> Iterator[Span]:
        """The beginnings of secrets behind which somebody cut."""
        done = 0
        while (end := data.find(_CUT, done)) >= 0:
            if end - done >= KNOWN_FROM and (span := self._known.cut_off(data[max(done, end - LOOKED_BACK) : end])):
                yield Span(span.start + end - (span.end), end, span.shown)
            done = end + len(_CUT)

    def ends_in_key(self, text: str) -> bool:
        """Whether the end of a private key may still come: what stands behind it is no more to be shown than it is."""
        data = text.encode("utf-8", "surrogatepass")
        return open_key(data) < len(data)

    def lines(self, texts: Sequence[str]) -> list[str]:
        """The same of texts that stand one below the other, also of a secret over several of them: a key in rows."""
        if len(texts) > 1:
            for find in (self._known.spans, shapes):
                lines = [text.encode("utf-8", "surrogatepass") for text in texts]
                spans = joined(find(b"\n".join(lines)))
                if spans:
                    texts = [line.decode("utf-8", "surrogatepass") for line in _each(lines, spans)]
        return [self.text(text) for text in texts]

    def value(self, value: object) -> object:
        """The same of JSON: of all texts in it, names and numbers too; the same one if it held none."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return next(self._rows([value]))
        if isinstance(value, list | tuple) and type(value) in (list, tuple):
            return self._values(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            said = str(value)
            return value if len(said) < 8 or (now := self.text(said)) == said else now
        return value

    def _values(self, values: list[object] | tuple[object, ...]) -> object:
        """The texts in a list are lines, and so are those of one name in a list of rows."""
        texts = iter(self.lines([value for value in values if isinstance(value, str)]))
        rows = self._rows([value for value in values if isinstance(value, dict)])
        return type(values)(
            next(texts) if isinstance(value, str) else next(rows) if isinstance(value, dict) else self.value(value)
            for value in values
        )

    def _rows(self, rows: list[dict[object, object]]) -> Iterator[dict[object, object]]:
        columns: dict[object, list[str]] = {}
        for row in rows:
            for name, value in row.items():
                if isinstance(value, str):
                    columns.setdefault(name, []).append(value)
        cleaned = {name: iter(self.lines(texts)) for name, texts in columns.items()}
        for row in rows:
            yield {
                self.value(name): next(cleaned[name]) if isinstance(value, str) else self.value(value)
                for name, value in row.items()
            }


def _each(lines: Sequence[bytes], spans: Sequence[Span]) -> Iterator[bytes]:
    """Every line without its part of the spans, which are places in all of them with a newline between two."""
    start = first = 0
    for line in lines:
        end = start + len(line)
        while first < len(spans) and spans[first].end <= start:
            first += 1
        here: list[Span] = []
        for at in range(first, len(spans)):
            if spans[at].start >= end:
                break
            here.append(Span(max(spans[at].start, start) - start, min(spans[at].end, end) - start, spans[at].shown))
        yield replaced(line, here)
        start = end + 1


BY_SHAPE = Mask({})
"""Where no secret is known: for what people type, for errors that nobody foresaw."""
