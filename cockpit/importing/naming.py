"""Titles and ids: what a heading or item is called once its numbering, symbols and asides are taken off."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from cockpit.errors import ImportRefused
from cockpit.importing.parsing import plain
from cockpit.importing.quantities import duration_s
from cockpit.profile.model import Level

Numbered = Literal["phase", "step", ""]

_PHASE = re.compile(r"(?:phase|stage|part|stufe|etapa)\s+(?:\d+|[ivx]+|[a-z])\b\s*[:.)\-–—]*\s*", re.IGNORECASE)
_STEP = re.compile(r"step\s+(?:\d+(?:\.\d+)*|[a-z])\b\s*[:.)\-–—]*\s*", re.IGNORECASE)
_NUMBER = re.compile(r"(?:\(?(?:\d+(?:\.\d+)*|[a-zA-Z]|[ivxIVX]+)[.)]\s+|\d+(?:\.\d+)+\s+)")
_ASIDE = re.compile(r"\(([^()]*)\)")
_LEVELS: dict[str, Level] = {"optional": "optional", "if applicable": "optional", "recommended": "recommended"}
_LONGEST_ID = 40
_LONGEST_READ = 1000
"""Characters that an id is made after."""
MOST_IDS = 5000
"""Parts of one kind that an import makes: phases and steps together, probes, contacts …"""


class Title(Struct, frozen=True, kw_only=True):
    """What a heading or item says, taken apart."""

    text: str
    """Without numbering and symbols; asides that were understood are gone."""
    numbered: Numbered = ""
    """It called itself a phase or a step."""
    estimate_s: float = 0.0
    level: Level = "required"


def read_title(written: str) -> Title:
    """Take a heading's or item's text (Markdown) apart. The text is never empty unless it was."""
    text = undecorated(plain(written))
    numbered: Numbered = ""
    for pattern, kind in ((_PHASE, "phase"), (_STEP, "step"), (_NUMBER, "")):
        if (found := pattern.match(text)) and found.end() < len(text):
            text, numbered = text[found.end() :], kind  # type: ignore[assignment]  # the kinds above
            break
    estimate_s = 0.0
    level: Level = "required"
    for aside in _ASIDE.findall(text):
        said = aside.strip().lower()
        if known := next((value for word, value in _LEVELS.items() if word in said), None):
            level = known
            if said in _LEVELS:
                text = text.replace(f"({aside})", "")
        elif re.fullmatch(r"(?:about |approx\.? |~|est\.? )?[\d.\-– ]+\s*\w+(?: total)?", said) and (
            found_s := duration_s(said)
        ):
            estimate_s = found_s
            text = text.replace(f"({aside})", "")
    text = " ".join(text.split()).rstrip(" :") or undecorated(plain(written))
    return Title(text=text, numbered=numbered, estimate_s=estimate_s, level=level)


def undecorated(text: str) -> str:
    """The text without symbols that decorate it (emoji, ticks, arrows) at its edges or between words."""
    kept = (" " if unicodedata.category(char) in ("So", "Sk", "Cf", "Co", "Cn") else char for char in text)
    return " ".join("".join(kept).replace("\ufe0f", "").split())


class Ids:
    """Gives out ids that match `[a-z][a-z0-9_]*`, each once.

    `renamed`: what parts are called that would get the ids it maps from; no two of them alike.
    """

    def __init__(self, reserved: Iterable[str] = (), renamed: Mapping[str, str] | None = None) -> None:
        self._taken = set(reserved)
        self._renamed = renamed or {}
        self._counted: dict[str, int] = {}
        self._given = 0

    def take(self, text: str, fallback: str) -> str:
        """An id after `text`'s words; `fallback` where it has none; `_2`, `_3` … if it is taken.

        Raises ImportRefused beyond MOST_IDS.
        """
        self._given += 1
        if self._given > MOST_IDS:
            raise ImportRefused(f"it holds more than {MOST_IDS:,} parts of one kind", hint="give it in parts")
        wanted = slug(text) or fallback
        given, count = wanted, self._counted.get(wanted, 1)
        while given in self._taken:
            count += 1
            given = f"{wanted}_{count}"
        self._counted[wanted] = count
        self._taken.add(given)
        return self._renamed.get(given, given)


def slug(text: str) -> str:
    """Lower-case words joined by `_`, cut after a word; empty if nothing is left."""
    folded = unicodedata.normalize("NFKD", text[:_LONGEST_READ]).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", folded.lower().replace("'", ""))
    words = words[next((index for index, word in enumerate(words) if word[0].isalpha()), len(words)) :]
    said = ""
    for word in words:
        if said and len(said) + 1 + len(word) > _LONGEST_ID:
            break
        said = f"{said}_{word}" if said else word[:_LONGEST_ID]
    return said
