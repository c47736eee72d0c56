"""Secrets taken out of texts: the ones that were told by name, in every form, and those that show by their shape.

Invariant: masking what is masked changes nothing. Whoever cuts a text masks it first; the beginning of a secret that a
`…` ends is masked all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from cockpit.masking.known import Known
from cockpit.masking.shapes import shapes
from cockpit.masking.spans import joined, replaced

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
        if data.endswith(_CUT):
            whole = data.removesuffix(_CUT)
            end = self._known.cut_off(whole)
            if end is not None:
                data = replaced(whole, [end])
        return data

    def value(self, value: object) -> object:
        """The same of JSON: of all texts in it, names and numbers too; the same one if it held none."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.value(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(map(self.value, value)) if type(value) in (list, tuple) else value
        if isinstance(value, int | float) and not isinstance(value, bool):
            said = str(value)
            return value if len(said) < 8 or (now := self.text(said)) == said else now
        return value


BY_SHAPE = Mask({})
"""Where no secret is known: for what people type, for errors that nobody foresaw."""
