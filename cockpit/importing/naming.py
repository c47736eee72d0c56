"""Titles and ids: what a heading or item is called once its numbering, symbols and asides are taken off."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping

from msgspec import Struct

from cockpit.errors import ImportRefused
from cockpit.importing.parsing import plain
from cockpit.importing.title_parts import Aside, Numbered, countdown, undecorated, unnumbered, without_asides
from cockpit.profile.model import Level

__all__ = ["Ids", "Title", "read_title", "slug", "undecorated"]

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
    """How long it takes; 0: it does not say."""
    after_s: float = 0.0
    """How long after the deployment it is done: of "First 4 hours" and "24-Hour Monitoring"; 0: it does not say."""
    before_s: float = 0.0
    """How long before the window: of "T-24h" and of a notice "(24 hours)"; 0: it does not say."""
    level: Level = "required"
    owner: str = ""
    """Who does it, as written, without what introduces it: `@ana`, `DBA`."""


def read_title(written: str) -> Title:
    """Take a heading's or item's text (Markdown) apart. The text is never empty unless it was."""
    whole = plain(written)
    aside = Aside()
    text, numbered = unnumbered(countdown(undecorated(whole), aside))
    text = without_asides(countdown(text, aside), aside, is_phase=numbered == "phase")
    text, again = unnumbered(undecorated(text))
    text = " ".join(text.split()).rstrip(" :|–—") or undecorated(whole) or whole
    return Title(
        text=text,
        numbered=numbered or again,
        estimate_s=aside.estimate_s,
        after_s=aside.after_s,
        before_s=aside.before_s,
        level=aside.level,
        owner=aside.owner,
    )


class Ids:
    """Gives out ids that match `[a-z][a-z0-9_]*`, each once.

    `renamed`: what parts are called that would get the ids it maps from; no two of them alike.
    """

    def __init__(self, reserved: Iterable[str] = (), renamed: Mapping[str, str] | None = None) -> None:
        self._reserved = frozenset(reserved)
        self._taken = set(self._reserved)
        self._renamed = renamed or {}
        self._counted: dict[str, int] = {}
        self._given = 0

    def take(self, text: str, fallback: str) -> str:
        """An id after `text`'s words; `_2`, `_3` … if it is taken.

        Of a text without Latin, Greek or Cyrillic letters: `fallback` and a mark that is always the same for that text.

        Raises ImportRefused beyond MOST_IDS.
        """
        self._given += 1
        if self._given > MOST_IDS:
            raise ImportRefused(f"it holds more than {MOST_IDS:,} parts of one kind", hint="give it in parts")
        wanted = slug(text) or (f"{fallback}_{_marked(text)}" if text.strip() else fallback)
        if wanted in self._reserved:
            wanted = f"{fallback}_{wanted}"
        given, count = wanted, self._counted.get(wanted, 1)
        while given in self._taken:
            count += 1
            given = f"{wanted}_{count}"
        self._counted[wanted] = count
        self._taken.add(given)
        return self._renamed.get(given, given)


def slug(text: str) -> str:
    """Lower-case words joined by `_`, cut after a word; empty if nothing is left."""
    lower = text[:_LONGEST_READ].lower().translate(_SPELLED)
    folded = unicodedata.normalize("NFKD", lower).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", folded.replace("'", ""))
    if words and re.match(r"\d[a-z]{2,}", words[0]):  # 2FA
        words = [_DIGITS[int(words[0][0])], words[0][1:], *words[1:]]
    words = words[next((index for index, word in enumerate(words) if word[0].isalpha()), len(words)) :]
    said = ""
    for word in words:
        if said and len(said) + 1 + len(word) > _LONGEST_ID:
            break
        said = f"{said}_{word}" if said else word[:_LONGEST_ID]
    return said


def _marked(text: str) -> str:
    return f"{zlib.crc32(' '.join(text.split()).encode('utf-8', 'replace')) & 0xFFFFFF:06x}"


_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_CYRILLIC = ("абвгдезийклмнопрстуфхцъыьэіїєґ", "a b v g d e z i y k l m n o p r s t u f h ts  y  e i yi ye g")
_GREEK = ("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o")
_SPELLED = str.maketrans(
    {
        **dict(zip(_CYRILLIC[0], _CYRILLIC[1].split(" "), strict=True)),
        **dict(zip(_GREEK[0], _GREEK[1].split(" "), strict=True)),
        "ж": "zh",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ю": "yu",
        "я": "ya",
        "ё": "e",
        "ß": "ss",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "ł": "l",
        "đ": "d",
        "ı": "i",
        "þ": "th",
        "’": "'",
        "ά": "a",
        "έ": "e",
        "ή": "i",
        "ί": "i",
        "ό": "o",
        "ύ": "y",
        "ώ": "o",
    }
)
"""Letters that no accent makes of Latin ones, as they are usually spelled in Latin."""
