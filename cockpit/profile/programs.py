"""The words of a command that may be files beside the profile: programs, and scripts that a program is given.

Invariant: from what is written alone. No file is opened and no value is known, so the same settings always give the
same names, in the same order.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

from msgspec import Struct

from cockpit.patterns import late
from cockpit.profile.executing import texts_in

_WORD = late(r"[^\s'\"`$(){}<>|;&=,*?\[\]\\!#~]+")
_MOST_WORDS = 5000
_MOST_FOLDERS = 8


class Word(Struct, frozen=True):
    """One word of a command."""

    name: str
    """As the file would be named from the profile's folder."""
    is_program: bool
    """It stands where a program does, with a slash in it."""


def words_of(settings: Mapping[str, object]) -> Iterator[Word]:
    """Those of `argv`, `script` and `dry_run` of a step or probe that hold no reference."""
    cwd = settings.get("cwd", "")
    folder = cwd if isinstance(cwd, str) and "${" not in cwd else ""
    for key in ("argv", "script", "dry_run"):
        what = settings.get(key)
        words = _words(what) if isinstance(what, str) else [each for each in texts_in(what) if "${" not in each]
        folders = (folder, *_entered(words, folder))
        for place, word in enumerate(words):
            for each in folders if word else ():
                name = os.path.normpath(os.path.join(each, word))
                if _is_beside(name):
                    yield Word(name, is_program=place == 0 and "/" in word)


def fixed_in(settings: Mapping[str, object], fixed: Collection[str]) -> tuple[str, ...]:
    """Those that were fixed when the run began, each once."""
    return tuple(dict.fromkeys(word.name for word in words_of(settings) if word.name in fixed))


def _entered(words: list[str], folder: str) -> list[str]:
    """The folders that a script changes into, one after the other: what it starts there is named from there."""
    found: list[str] = []
    for before, word in pairwise(words):
        if before in ("cd", "pushd") and word != "-" and len(found) < _MOST_FOLDERS:
            folder = os.path.normpath(os.path.join(folder, word))
            found.append(folder)
    return found


def _words(script: str) -> list[str]:
    return [match[0] for _, match in zip(range(_MOST_WORDS), _WORD.finditer(script), strict=False)]


def _is_beside(name: str) -> bool:
    """Whether it lies in a folder of the profile's."""
    return not (os.path.isabs(name) or name == ".." or name.startswith("../") or "\0" in name or len(name) > 1000)
