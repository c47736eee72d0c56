"""How much evaluating a condition may take, so that none stops the keeper: nothing interrupts CEL in its process.

CEL itself ends after 10,000 turns of `all`, `exists`, `map` and `filter` together, and RE2 is linear. What is left is
how large the text is that each turn goes through, and how much memory is built up: both are bounded here.

Invariant: what is too much is told as a text, before or instead of a value; nothing of it stays in memory.
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator, Mapping

from cockpit.patterns import late

TURNS = 10_000
"""Of all comprehensions of one evaluation, by CEL's own budget."""
LIMIT_CHARACTERS = 200_000_000
"""Turns times the longest text that they may go through: about a second of RE2."""
ROOM_BYTES = 128 << 20
"""What one evaluation may take of memory, beyond what the process has."""
TOO_MANY_TURNS = f"it goes through lists more than {TURNS} times: ask for less of them"
TOO_MUCH_MEMORY = f"it takes more than {ROOM_BYTES >> 20} MiB of memory: ask for less of the texts and lists"
_MACRO = late(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(")
_BUILDS = late(r"[+{\[]|\.\s*(?:map|filter)\s*\(")
_WORD = late(r"[A-Za-z_]\w*")
_DEPTH = 64


class Effort:
    """What is known of an expression from its text alone."""

    def __init__(self, text: str) -> None:
        self._macros = len(_MACRO.findall(text))
        self._words = frozenset(_WORD.findall(text))
        self._builds = _BUILDS.search(text) is not None

    def objection(self, facts: Mapping[str, object]) -> str:
        """Why it would take too long over these facts; empty: it does not."""
        if not self._macros:
            return ""
        size = _Size()
        for name, value in facts.items():
            if self._words.intersection(name.split(".")):
                size.add(value, 0)
        turns = TURNS if self._macros > 1 else min(TURNS, size.items)
        if turns * size.longest <= LIMIT_CHARACTERS:
            return ""
        return (
            f"too much to look through: a list of {size.items} with a text of {size.longest} characters; "
            "compare fewer or shorter ones, or set a smaller `max_body_bytes`"
        )

    @contextlib.contextmanager
    def bounded(self) -> Iterator[None]:
        """Evaluate within `ROOM_BYTES`; more is a MemoryError, and only of what can build anything up is it asked."""
        if not self._builds:
            yield
            return
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = _in_use_bytes() + ROOM_BYTES
        if limit == ROOM_BYTES or (soft != resource.RLIM_INFINITY and soft <= limit):
            yield  # it cannot be told here, or the host's own limit is the lower one
            return
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


class _Size:
    """How many things there are, and how long the longest text is."""

    def __init__(self) -> None:
        self.items = 0
        self.longest = 0

    def add(self, value: object, depth: int) -> None:
        if isinstance(value, str):
            self.longest = max(self.longest, len(value))
        elif depth < _DEPTH and isinstance(value, list | tuple | dict):
            self.items += len(value)
            for below in value.values() if isinstance(value, dict) else value:
                self.add(below, depth + 1)


def _in_use_bytes() -> int:
    """Address space of this process (proc(5)); 0 where that cannot be told."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0
