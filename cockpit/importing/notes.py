"""What an import says to a person, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

NoteKind = Literal["look", "repaired", "secret"]
"""`look`: a person has something to do or to decide. `repaired`: the text was damaged. `secret`: one was replaced."""
_MOST_NAMED = 8


class Note(Struct, frozen=True, kw_only=True):
    """Something a person should know about the import. `line` counts from 1; 0: the whole source."""

    line: int
    text: str
    kind: NoteKind = "look"
    source: str = ""
    """The source's name, which `imported` fills in."""


def counted(numbers: Sequence[int], said: str, kind: NoteKind) -> Note:
    """One note for many lines: where the first is, and how many there are."""
    if len(numbers) == 1:
        return Note(line=numbers[0], text=said, kind=kind)
    runs = _ranges(numbers)
    named = ", ".join(runs[:_MOST_NAMED]) + (" …" if len(runs) > _MOST_NAMED else "")
    return Note(line=numbers[0], text=f"{said} ({len(numbers):,} lines: {named})", kind=kind)


def _ranges(numbers: Sequence[int]) -> list[str]:
    """`3`, `5-7`: runs of numbers, which come in order."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return [f"{first}" if first == last else f"{first}-{last}" for first, last in runs]
