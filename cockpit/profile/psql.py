"""Finding `psql -f` without `ON_ERROR_STOP=1` in shell text: it runs the rest of a script after a failed statement.

Source: psql(1), `-f`, `-v` and the variable ON_ERROR_STOP. This reads text that people paste, not a shell's grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cockpit.patterns import late

_COMMAND = late(r"(?<![\w./-])(?:[\w./-]*/)?psql\b(?P<words>(?:\\\n|[^\n;|&])*)")
_STOPS = late(r"ON_ERROR_STOP\s*=\s*['\"]?(?:1|on|true|yes)\b", re.IGNORECASE)
_WITH_ARGUMENT = frozenset("cdfvoFPRTUhpL")


def careless_psql(text: str) -> Iterator[tuple[int, int]]:
    """Yield line and column (from 1) of every careless `psql`."""
    for match in _COMMAND.finditer(text):
        words = match["words"]
        if _reads_file(words) and not _STOPS.search(words):
            before = text[: match.start()]
            yield before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _reads_file(words: str) -> bool:
    return any(word.startswith("--file") or _has_short_f(word) for word in words.split())


def _has_short_f(word: str) -> bool:
    """Whether `-f` is among the letters of a word such as `-Xqf`."""
    if not word.startswith("-") or word.startswith("--"):
        return False
    for letter in word[1:]:
        if letter == "f":
            return True
        if letter in _WITH_ARGUMENT:
            return False
    return False
