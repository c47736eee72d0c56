"""Private keys in bytes, each as a whole: its armour, its body, its end.

PEM (RFC 7468) of any sort, OpenSSH's (PROTOCOL.key), OpenPGP's (RFC 9580, 6.2), SSH2's (RFC 4716), PuTTY's (`.ppk`),
with line breaks or with `\\n` for them, indented or not; and PEM in base64, as kubeconfigs have it. Where the end is
missing, what can be a body counts to where it cannot be one any more, so that what follows a cut key stays readable.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Iterator

from cockpit.masking.automaton import compiled
from cockpit.masking.spans import Span, by_shape

HELD_BYTES = 32768
"""From its beginning, in which the end of a key is waited for; RSA with 16,384 bits takes 13 kB."""

_SHOWN = by_shape("a private key")
BEGIN = (
    rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|---- BEGIN SSH2 [A-Z ]{0,20}PRIVATE KEY ----"
    rb"|PuTTY-User-Key-File-\d"
)
_END = (
    rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|---- END SSH2 [A-Z ]{0,20}PRIVATE KEY ----"
    rb"|Private-MAC:[ \t]*[0-9a-fA-F]*"
)
_TYPES = ("", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ", "ANY ")
_ARMOURED = b"|".join(
    re.escape(base64.b64encode(f"-----BEGIN {kind}PRIVATE KEY-----".encode())[: (len(kind) + 22) * 8 // 6 // 4 * 4])
    for kind in _TYPES
)
ARMOURED = rb"(?:" + _ARMOURED + rb")"
"""The beginning of a PEM file in base64."""

_BEGINS = compiled(BEGIN)
_ENDS = compiled(_END)
_IN_BASE64 = compiled(ARMOURED + rb"[A-Za-z0-9+/=_-]*(?:(?:\r?\n|\\n)[ \t]*[A-Za-z0-9+/=_-]{40,})*")
_LINE = re.compile(
    # What stands before a line (a break, indentation, marks of quotations, differences and YAML); a header of the
    # armour, or base64; what ends a line.
    rb"(?:\r?\n|\\+r\\+n|\\+n)?[ \t>+|#*\"',-]{0,40}"
    rb"(?:(?:Proc-Type|DEK-Info|Comment|Version|Hash|Charset|Subject|Encryption|Public-Lines|Private-Lines|Key-Derivation"
    rb"|Argon2-[A-Za-z]{1,12}): ?[^\r\n\\]{0,200}|(?P<body>[A-Za-z0-9+/=]{1,20000}))"
    rb"[ \t\"',]{0,8}(?=[\r\n\\]|\Z)|(?:\r?\n|\\+r\\+n|\\+n| )(?P<long>[A-Za-z0-9+/=]{40,20000})"
)
_ARMOUR_BYTES = 80
_FULL_LINE = 40
"""Characters: a shorter line of base64 is the last one."""


def keys(data: bytes) -> Iterator[Span]:
    """Every private key, in order."""
    begins = [match.span() for match in _BEGINS.finditer(data)]
    starts = [start for start, _ in begins]
    ends = [match.end() for match in _ENDS.finditer(data)] if begins else []
    done = 0
    for (start, begun), following in zip(begins, [*starts[1:], len(data)], strict=False):
        if start >= done:
            at = bisect_right(ends, begun)
            has_end = at < len(ends) and ends[at] <= min(following, begun + HELD_BYTES)
            done = ends[at] if has_end else _end_of_body(data, begun)
            yield Span(start, done, _SHOWN)
    for match in _IN_BASE64.finditer(data):
        yield Span(match.start(), match.end(), _SHOWN)


def open_key(data: bytes) -> int:
    """Where the last key begins, if its end may still come; the data's length if it does not, or there is none."""
    first = max(0, len(data) - HELD_BYTES - _ARMOUR_BYTES)
    begins = [match.span() for match in _BEGINS.finditer(data[first:])]
    if not begins or _ENDS.search(data, first + begins[-1][1]) is not None:
        return len(data)
    return first + int(begins[-1][0])


def without_ends(data: bytes) -> bytes:
    """The data with dashes for the words by which keys end."""
    for match in _ENDS.finditer(data):
        start, end = match.span()
        data = data[:start] + b"-" * (end - start) + data[end:]
    return data


def _end_of_body(data: bytes, begun: int) -> int:
    """How far what follows the armour can be the key."""
    at = begun
    while (line := _LINE.match(data, at)) is not None and line.end() > at:
        at = line.end()
        if line["body"] is not None and len(line["body"]) < _FULL_LINE:
            break
    return at
