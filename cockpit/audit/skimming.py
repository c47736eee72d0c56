"""The facts of a log, found in its bytes at the speed at which they are read: nothing is decoded, nothing verified.

Invariant: a line that calls itself a fact as this format writes it is given, whole and once, in order. What is between
them (samples are most of a night) is not even cut apart.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from cockpit.audit.line import FIRST_LIMIT_BYTES

BEGINNING = 256
"""Bytes of a line within which its class and its type stand."""

_FACT = b'"class":"fact"'
_BLOCK_BYTES = 1 << 20


def facts_in(fd: int) -> Iterator[bytes]:
    """The whole lines of an open file that call themselves facts, without their newlines.

    Ends where a line is longer than any is: nothing behind it counts. Raises OSError.
    """
    rest, offset = b"", 0
    while block := os.pread(fd, _BLOCK_BYTES, offset):
        offset += len(block)
        block = rest + block
        end, at = block.rfind(b"\n") + 1, 0
        rest = block[end:]
        while (place := block.find(_FACT, at, end)) >= 0:
            start = max(at, block.rfind(b"\n", at, place) + 1)
            at = block.find(b"\n", place, end) + 1
            if place - start < BEGINNING:
                yield block[start : at - 1]
        if len(rest) > FIRST_LIMIT_BYTES:
            return
