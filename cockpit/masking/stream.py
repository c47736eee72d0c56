"""Secrets taken out of a stream of bytes, however it is cut into pieces.

Invariant: what leaves `feed` and `end`, put together, is what `Mask` would make of the whole, within these bounds. What
may be the beginning of a secret that was told is held back: at most 2 KiB. Of an unfinished line, what stands behind
the first word that a secret may follow: at most 16 KiB. A private key, until it ends: at most 32 KiB. What is longer
is masked from its beginning on until it can be none any more; a line without such words is never waited for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cockpit.masking.keys import HELD_BYTES, open_key
from cockpit.masking.known import Known
from cockpit.masking.shapes import open_shape, shapes
from cockpit.masking.spans import joined, replaced

_LINE_BYTES = 16384
_CONTEXT_BYTES = 256
"""Of what was let go of the unfinished line: a token's first letters may be among it."""
_GOES_ON = {False: re.compile(rb"[^\s\"'<>]*"), True: re.compile(rb"(?:[A-Za-z0-9+/=\r\n \t]|\\n)*")}
"""By whether it is a key: what belongs to a secret that was too long to be held back as a whole."""


class Masker:
    """One stream's mask."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """`secrets` by name."""
        self._known = Known(secrets)
        self._held_for_known = b""
        self._held_for_shapes = b""
        self._context = b""
        self._too_long: re.Pattern[bytes] | None = None
        """What still belongs to a secret of which the beginning was masked."""

    def feed(self, data: bytes) -> bytes:
        """Take more of the stream; return what can be let go, masked."""
        return self._shaped(self._without_known(data), is_over=False)

    def end(self) -> bytes:
        """The stream is over: return the rest, masked, also what is only the beginning of a secret."""
        rest, self._held_for_known = self._held_for_known, b""
        rest = replaced(rest, joined(self._known.spans(rest)))
        cut_off = self._known.cut_off(rest)
        return self._shaped(rest if cut_off is None else replaced(rest, [cut_off]), is_over=True)

    # ---- secrets that were told ------------------------------------------------------------------------------------

    def _without_known(self, data: bytes) -> bytes:
        if not self._known:
            return data
        data = self._held_for_known + data
        cut = self._known.beginning(data)
        spans = joined(self._known.spans(data))
        for span in spans:
            if span.start < cut < span.end:
                cut = span.start  # it may be the beginning of a longer one
        self._held_for_known = data[cut:]
        return replaced(data[:cut], [span for span in spans if span.end <= cut]) if spans else data[:cut]

    # ---- secrets that are told by their shape ----------------------------------------------------------------------

    def _shaped(self, data: bytes, *, is_over: bool) -> bytes:
        data = self._held_for_shapes + data
        self._held_for_shapes = b""
        if self._too_long is not None:
            data = data[self._end_of_too_long(data) :]
        if not data:
            return b""
        cut, is_key = (len(data), False) if is_over else self._cut(data)
        longest = HELD_BYTES if is_key else _LINE_BYTES
        is_too_long = len(data) - cut > longest
        if is_too_long:
            cut = len(data)
        self._held_for_shapes = data[cut:]
        return self._masked(data[:cut], is_key=is_key, is_too_long=is_too_long)

    def _masked(self, data: bytes, *, is_key: bool, is_too_long: bool) -> bytes:
        """What is let go, by what stood before it, too."""
        known = len(self._context)
        whole = self._context + data
        spans = joined(span for span in shapes(whole) if span.end > known)
        if is_too_long and spans and spans[-1].end == len(whole):
            self._too_long = _GOES_ON[is_key]
        self._context = _last_line(whole)[-_CONTEXT_BYTES:] if not self._too_long else b""
        if not spans:
            return data
        return replaced(whole, [span._replace(start=max(span.start, known)) for span in spans])[known:]

    def _cut(self, data: bytes) -> tuple[int, bool]:
        """Up to where nothing more can come to what is there; and whether it is a key that is waited for."""
        # With what was let go before it: a read may have ended within the words by which a key begins.
        key = max(0, open_key(self._context + data) - len(self._context))
        line = _last_line(data)
        before = self._context if len(line) == len(data) else b""
        tail = line[-2 * _LINE_BYTES :]
        is_whole = len(tail) == len(line)
        start = open_shape(before + tail if is_whole else tail) - (len(before) if is_whole else 0)
        shape = len(data) - len(tail) + max(0, start)
        return (key, True) if key < shape else (shape, False)

    def _end_of_too_long(self, data: bytes) -> int:
        assert self._too_long is not None
        match = self._too_long.match(data)
        end = match.end() if match is not None else 0
        if end < len(data):
            self._too_long = None
        return end


def _last_line(data: bytes) -> bytes:
    """What stands behind the last break."""
    return data[max(data.rfind(b"\n"), data.rfind(b"\r")) + 1 :]
