"""What a section of a runbook is for, told by its heading, in the words that people use."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from cockpit.importing.meaning_words import WORDS, Meaning

__all__ = ["Meaning", "folded", "meaning_of"]

_LONGEST = 120
"""Characters of a heading that are looked at: what is longer is a sentence."""
_PATTERNS = tuple((meaning, re.compile(rf"\b(?:{words})\b")) for meaning, words in WORDS)
_JOINED = re.compile(r"\s+(?:and|und|et|y|or|oder|ou|o)\s+|\s*[&/,+;]\s*", re.IGNORECASE)
_JOINING = re.compile(
    r"go\s*/\s*no|roles (?:and|&)|risks and|back-?ups? (?:and|&)|monitoring (?:and|&)|^(?:if|when) ", re.IGNORECASE
)
_ASIDES: tuple[Meaning, ...] = ("unknown", "reference", "schedule", "environment")
"""What does not win over another part of a heading that names two things."""


@lru_cache(maxsize=4096)
def meaning_of(title: str) -> Meaning:
    """What a section under this heading (plain text, without numbering) is for; `unknown` if its words do not say.

    Of two things that are joined ("Validation and Sign-off") the first counts.
    """
    title = title[:_LONGEST]
    parts = [] if _JOINING.search(title) else [part for part in _JOINED.split(title) if part.strip()]
    if len(parts) < 2:
        return _of(title)
    meanings = [_of(part) for part in parts]
    if "rollback" in meanings or ("triggers" in meanings and "walk" in meanings):
        return "rollback" if meanings[0] in ("rollback", "triggers", *_ASIDES) else meanings[0]
    whole = _of(title)
    return next((each for each in meanings if each not in _ASIDES), whole)


def folded(text: str) -> str:
    """Lower case without accents; every run of characters that are neither letters nor digits is one space."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    return " ".join(
        "".join(char if char.isalnum() else " " for char in plain if not unicodedata.combining(char)).split()
    )


def _of(title: str) -> Meaning:
    words = folded(title)
    return next((meaning for meaning, pattern in _PATTERNS if pattern.search(words)), "unknown")
