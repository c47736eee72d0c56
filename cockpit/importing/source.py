"""What was read: one runbook, as text in lines that keep their numbers.

Invariant: `lines[n - 1]` is what the ledger calls line `n`, as an editor counts them in the file: repairs never change
how many lines there are.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cockpit.errors import ImportRefused

LARGEST_BYTES = 4 << 20
"""Of one runbook; what is larger is a log or a database, not a checklist."""


NoteKind = Literal["look", "repaired", "secret"]
"""`look`: a person has something to do or to decide. `repaired`: the text was damaged. `secret`: one was replaced."""


class Note(Struct, frozen=True, kw_only=True):
    """Something a person should know about the import. `line` counts from 1; 0: the whole source."""

    line: int
    text: str
    kind: NoteKind = "look"
    source: str = ""
    """The source's name, which `imported` fills in."""


class Source(Struct, frozen=True, kw_only=True):
    """One runbook after reading and repair."""

    name: str
    """As the person named it (`docs/RUNBOOK.md`), `-` for standard input; shown, and kept by each step."""
    lines: tuple[str, ...]
    """Without line ends."""
    notes: tuple[Note, ...] = ()
    """What was repaired or replaced while reading."""

    @property
    def short_name(self) -> str:
        """How the profile names it: as the person did, a path of this machine cut to the file's name."""
        return self.name.rpartition("/")[2] if self.name.startswith("/") else self.name

    @property
    def text(self) -> str:
        """All lines, each ended by a newline."""
        return "".join(f"{line}\n" for line in self.lines)


def read_source(content: bytes, name: str) -> Source:
    """Decode and repair a runbook. Raises ImportRefused for what is too large or no text."""
    if len(content) > LARGEST_BYTES:
        raise ImportRefused(
            f"{name} is larger than {LARGEST_BYTES >> 20} MiB",
            hint="no runbook is so long; give the part that is one",
        )
    text = content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return Source(name=name, lines=tuple(lines))
