"""Secrets taken out of a stream of bytes, however it is cut into pieces.

Invariant: what leaves `feed` and `end`, put together, is what `Mask` would make of the whole, within these bounds. What
may be the beginning of a secret that was told is held back: at most 2 KiB. Of an unfinished line, what stands behind
the first word that a secret may follow: at most 16 KiB. A private key, until it ends: at most 32 KiB. What is longer
is masked from its beginning on until it can be none any more; a line without such words is never waited for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cockpit.masking.keys import HELD_BYTES, open_key, without_ends
from cockpit.masking.known import Known
from cockpit.masking.places import OPEN_WORD
from cockpit.masking.shapes import open_shape, shapes
from cockpit.masking.short import KNOWN_FROM
from cockpit.masking.spans import joined, replaced
from cockpit.masking.views import is_coloured, uncoloured, unfinished

_LINE_BYTES = 16384
_LEAST_SHAPE = 4
"""Bytes: what a secret has at least behind the word for which it is held back, and that word was the last to come."""
_CONTEXT_BYTES = 256
"""Of what was let go of the unfinished line: a token's first letters may be among it."""
_GOES_ON = {False: re.compile(rb"[^\s\"'<>]*"), True: re.compile(rb"(?:[A-Za-z0-9+/=\r\n \t]|\\n)*")}
"""By whether it is a key: what belongs to a secret that was too long to be held back as a whole."""
_MARK = "‹secret".encode()
_MARKS = re.compile("‹secret[^›\r\n]{0,120}›".encode())
"""What stands for a secret holds such words itself, and is none of them."""
_OPEN_WORD = re.compile(OPEN_WORD.encode())
_ENDS_BEGIN = re.compile(rb"[-0-9]")
"""With which the words end by which a key begins."""
_MAY_END_KEY = re.compile(rb"[-:\x1b]")
_MAY_END_LINE = re.compile(rb"[\r\n\x1b]")
_MAY_END_SHAPE = re.compile(rb"[^A-Za-z0-9+=_]")
"""What has to come before something that is held back is looked at again; else every byte costs all that is held."""


class Masker:
    """One stream's mask."""

    def __init__(self, secrets: Mapping[str, str] | Known) -> None:
        """`secrets` by name; or as another mask knows them already."""
        self._known = secrets if isinstance(secrets, Known) else Known(secrets)
        self._held_for_known = b""
        self._held_for_shapes = b""
        self._may_end: re.Pattern[bytes] | None = None
        """While nothing of this comes, what is held for shapes stays held."""
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
        spans = joined(self._known.spans(data)) if cut and len(data) >= KNOWN_FROM else []
        for span in spans:
            if span.start < cut < span.end:
                cut = span.start  # it may be the beginning of a longer one
        self._held_for_known = data[cut:]
        return replaced(data[:cut], [span for span in spans if span.end <= cut]) if spans else data[:cut]

    # ---- secrets that are told by their shape ----------------------------------------------------------------------

    def _shaped(self, data: bytes, *, is_over: bool) -> bytes:
        held = self._held_for_shapes
        if not is_over and self._goes_on_waiting(data):
            self._held_for_shapes += data
            return b""
        data = held + data
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
        self._hold(data[cut:], is_key=is_key)
        if not held and cut < _LEAST_SHAPE:  # and so is its context, of which nothing was held
            self._context = _last_line(self._context + data[:cut])[-_CONTEXT_BYTES:]
            return data[:cut]
        return self._masked(data[:cut], is_key=is_key, is_too_long=is_too_long) if cut else b""

    def _goes_on_waiting(self, data: bytes) -> bool:
        if self._may_end is None or len(self._held_for_shapes) + len(data) >= _LINE_BYTES:
            return False
        return self._may_end.search(data) is None

    def _hold(self, data: bytes, *, is_key: bool) -> None:
        self._held_for_shapes = data
        if not data:
            self._may_end = None
        elif is_key:
            self._may_end = _MAY_END_KEY
        else:
            self._may_end = _MAY_END_LINE if _OPEN_WORD.match(data) else _MAY_END_SHAPE

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
        # With what was let go before it: a read may have ended within the words by which a secret begins.
        whole = self._context + data
        may_be_key = _ENDS_BEGIN.search(data) is not None
        if is_coloured(whole):
            view = uncoloured(whole[: unfinished(whole)])
            at, is_key = _open(view.data, may_be_key=may_be_key)
            at = view.place(at)
        else:
            at, is_key = _open(whole, may_be_key=may_be_key)
        return max(0, at - len(self._context)), is_key

    def _end_of_too_long(self, data: bytes) -> int:
        assert self._too_long is not None
        match = self._too_long.match(data)
        end = match.end() if match is not None else 0
        if end < len(data):
            self._too_long = None
        return end


def _open(data: bytes, *, may_be_key: bool) -> tuple[int, bool]:
    """Where something begins that may go on; and whether it is a key."""
    key = open_key(data) if may_be_key else len(data)
    line = _last_line(data)[-2 * _LINE_BYTES :]
    if _MARK in line:
        line = _MARKS.sub(lambda mark: b"-" * len(mark[0]), line)
    if may_be_key:
        line = without_ends(line)  # the words by which a key ends are none behind which a secret stands
    shape = len(data) - len(line) + open_shape(line)
    return (key, True) if key < shape else (shape, False)


def _last_line(data: bytes) -> bytes:
    """What stands behind the last break."""
    return data[max(data.rfind(b"\n"), data.rfind(b"\r")) + 1 :]
