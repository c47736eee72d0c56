"""What a look came to: what was looked at, what was found, why it matters, and what mends it.

Invariant: what could not be looked at is `unknown`, never `ok`; whatever stands in a finding is visible text, and a
line of a cure can be pasted into a shell as it is: it is a command, or begins with `#` and says in words what to do.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path

import msgspec
from msgspec import Struct

from cockpit.text import shortened, visible

_LONGEST = 300
"""Characters of one part of a finding. What is looked at may be as long as somebody likes."""


class Level(IntEnum):
    """How much it matters, the gravest first."""

    ERROR = 0
    """A secret lies open, somebody else can change what is run, or something will not work tonight."""
    WARNING = 1
    """Mend it before the window, or know why not."""
    UNKNOWN = 2
    """It could not be looked at: no ok."""
    ADVICE = 3
    """It would be better otherwise."""
    OK = 4

    @property
    def word(self) -> str:
        """As it is printed."""
        return self.name.lower()


class Finding(Struct, frozen=True):
    """One thing that was looked at. Make it with `finding`, or one of its kind below."""

    level: Level
    id: str
    """`area.what`, the same in every version: for who compares hosts."""
    what: str
    """What was looked at: `~/.pgpass`, `ssh agent`."""
    found: str
    why: str = ""
    """Why it matters, in one clause; empty if all is well."""
    cure: tuple[str, ...] = ()
    """Lines for a shell; one for people alone begins with `#`."""

    @property
    def area(self) -> str:
        """Under which heading it stands."""
        return self.id.partition(".")[0]


def finding(level: Level, id_: str, what: str, found: str, why: str = "", *cure: str) -> Finding:
    """A finding of visible text."""
    what, found, why = (shortened(text, _LONGEST) for text in (what, found, why))
    return Finding(level, id_, what, found, why, tuple(visible(line) for line in cure))


def ok(id_: str, what: str, found: str) -> Finding:
    """All is well with it."""
    return finding(Level.OK, id_, what, found)


def unknown(id_: str, what: str, found: str, why: str = "", *cure: str) -> Finding:
    """It could not be looked at; `cure` says how to make sure."""
    return finding(Level.UNKNOWN, id_, what, found, why, *cure)


def advice(id_: str, what: str, found: str, why: str = "", *cure: str) -> Finding:
    """It would be better otherwise."""
    return finding(Level.ADVICE, id_, what, found, why, *cure)


def warning(id_: str, what: str, found: str, why: str, *cure: str) -> Finding:
    """To be mended before the window."""
    return finding(Level.WARNING, id_, what, found, why, *cure)


def error(id_: str, what: str, found: str, why: str, *cure: str) -> Finding:
    """It will not work, or is open to others."""
    return finding(Level.ERROR, id_, what, found, why, *cure)


def unseen(path: str, why: OSError) -> str:
    """What to say of a path that may not be looked at."""
    return f"{at_home(path)} cannot be looked at ({why.strerror})"


def at_home(path: str | Path) -> str:
    """A path for people: what is below the home folder begins with `~`."""
    text, home = os.fspath(path), os.environ.get("HOME", "")
    if home not in ("", "/") and (text == home or text.startswith(home.rstrip("/") + "/")):
        return "~" + text[len(home.rstrip("/")) :]
    return text


def quoted(path: str | Path) -> str:
    """A path as one word of a command for a shell."""
    return shlex.quote(os.fspath(path))


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Each once; in the order of the areas as they came, the gravest first in each."""
    each = list(dict.fromkeys(findings))
    areas = list(dict.fromkeys(one.area for one in each))
    return sorted(each, key=lambda one: (areas.index(one.area), one.level))


def as_json(findings: Iterable[Finding]) -> bytes:
    """A list of objects; the level by its word."""
    told = [{**msgspec.structs.asdict(one), "level": one.level.word} for one in findings]
    return msgspec.json.format(msgspec.json.encode(told), indent=2)
