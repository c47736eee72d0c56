"""Ids of events and runs: ULIDs, 26 characters of Crockford base 32 that sort by time.

Invariant: ids made by one process are strictly increasing, whatever the wall clock does and whichever thread asks.
"""

from __future__ import annotations

import os
import secrets
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80


class _Sequence:
    """The last id given out, as a number of 128 bits: 48 of milliseconds, 80 of chance."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def following(self, now_ms: int) -> int:
        fresh = now_ms << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        with self._lock:
            # The same millisecond, or a clock that was set back: count up from the last one.
            is_later = now_ms > self._last >> _RANDOM_BITS
            self._last = fresh if is_later else self._last + 1
            return self._last

    def forget(self) -> None:
        """In a forked child: two processes must not count up from the same number."""
        self._lock = threading.Lock()
        self._last = 0


_sequence = _Sequence()
os.register_at_fork(after_in_child=_sequence.forget)


def new_id() -> str:
    """Return a new ULID (https://github.com/ulid/spec): 26 characters, greater than all before it in this process."""
    number = _sequence.following(time.time_ns() // 1_000_000)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
