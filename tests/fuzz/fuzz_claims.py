"""What must hold whatever comes in: said by every target in the same few words.

Each raises `Broken` with a sentence. An error of cockpit's own is an answer, and is held to be one: a sentence that a
terminal can be shown.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable
from typing import TypeVar

from cockpit.errors import CockpitError
from cockpit.text import visible

T = TypeVar("T")


class Broken(AssertionError):
    """A claim that does not hold."""


def claim(holds: object, sentence: str) -> None:
    """It holds, or Broken says what does not."""
    if not holds:
        raise Broken(sentence)


def shown(*texts: str, lines: bool = False) -> None:
    """Nothing in these texts acts on a terminal; only whole texts may have `lines`."""
    for text in texts:
        if visible(text, multiline=lines) != text:
            raise Broken(f"this acts on a terminal: {text[:300]!r}")


def answered(ask: Callable[[], T], *refusals: type[Exception]) -> T | None:
    """What is answered; None where it is refused by an error of ours, or one of `refusals`, which then is visible."""
    try:
        return ask()
    except CockpitError as error:
        shown(str(error), lines=True)
        claim(str(error), f"{type(error).__name__} says nothing")
    except refusals as error:
        shown(str(error), lines=True)
    return None


def same(ask: Callable[[], T], *refusals: type[Exception], when: bool = True) -> T | None:
    """What is answered, twice (`when`): a second look sees the same."""
    first = answered(ask, *refusals)
    second = answered(ask, *refusals) if when else first
    claim(first == second, f"a second look sees another thing: {str(first)[:300]} and {str(second)[:300]}")
    return first


def twice(data: bytes) -> bool:
    """Whether this input is looked at a second time: one of eight, always the same. The others make room for more."""
    return zlib.crc32(data) % 8 == 0


def as_json(text: str | bytes) -> object:
    """Parsed strictly: no NaN, no half of a surrogate pair."""
    found = json.loads(text, parse_constant=_no_constant)
    json.dumps(found, ensure_ascii=False).encode()
    return found


def _no_constant(name: str) -> object:
    raise Broken(f"{name} is no JSON")


def at_most(texts: Iterable[str], characters: int) -> None:
    """None of them is longer."""
    for text in texts:
        claim(len(text) <= characters, f"{len(text)} characters where {characters} are promised: {text[:100]!r}")
