"""What was read: one runbook, as text in lines that keep their numbers.

    bytes ─▶ decoding ─▶ repairing ─▶ taking_out ─▶ hiding ─▶ lines ─▶ forms, plain_lists (as Markdown)

Invariant: `lines[n - 1]` is what the ledger calls line `n`, as an editor counts them in the file: repairs never change
how many lines there are.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import BinaryIO

from msgspec import Struct

from cockpit.errors import ImportRefused
from cockpit.importing.decoding import decoded
from cockpit.importing.forms import form
from cockpit.importing.hiding import SecretNames, hidden
from cockpit.importing.lines import Laid
from cockpit.importing.notes import Note as Note
from cockpit.importing.notes import NoteKind as NoteKind
from cockpit.importing.notes import counted
from cockpit.importing.plain_lists import as_markdown
from cockpit.importing.repairing import repaired
from cockpit.importing.taking_out import taken_out
from cockpit.text import visible

LARGEST_BYTES = 4 << 20
"""Of one runbook; what is larger is a log or a database, not a checklist."""
MOST_LINES = 100_000
_HINT = "name a runbook in Markdown"


class Source(Struct, frozen=True, kw_only=True):
    """One runbook after reading and repair."""

    name: str
    """As the person named it (`docs/RUNBOOK.md`), `-` for standard input; shown, and kept by each step."""
    lines: tuple[str, ...]
    """Without line ends."""
    notes: tuple[Note, ...] = ()
    """What was repaired or replaced while reading."""
    secrets: tuple[str, ...] = ()
    """Variables of the environment that stand in the lines where secrets stood, in capitals."""

    read_as: tuple[str, ...] = ()
    """The same lines as Markdown, number by number, if they are of another form; empty: they are Markdown."""
    laid: tuple[Laid, ...] = ()
    """What says nothing by itself in that other form."""

    @property
    def short_name(self) -> str:
        """How the profile names it: as the person did, a path of this machine cut to the file's name; visible."""
        return visible(self.name.rpartition("/")[2] if self.name.startswith("/") else self.name)

    @property
    def text(self) -> str:
        """All lines as Markdown, each ended by a newline."""
        return "".join(f"{line}\n" for line in self.read_as or self.lines)


def read_file(name: str) -> bytes:
    """A runbook's bytes, at most one more than LARGEST_BYTES. Raises ImportRefused for what is no readable file."""
    shown = visible(name)
    try:
        # A FIFO without a writer must not hold the import up; the file's kind is looked at before it is read.
        handle = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "its name holds a NUL"
        raise ImportRefused(f"{shown} cannot be read: {why}", hint=_HINT) from error
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise ImportRefused(f"{shown} is a folder", hint="name the runbooks in it")
        if not stat.S_ISREG(mode):
            raise ImportRefused(f"{shown} is no file", hint="give what a program writes by standard input, as `-`")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise ImportRefused(f"{shown} cannot be read: {error.strerror}", hint=_HINT) from error
    finally:
        os.close(handle)


def read_stdin(stream: BinaryIO | None = None) -> bytes:
    """What standard input gives, at most one byte more than LARGEST_BYTES."""
    if stream is None and sys.stdin is None:
        raise ImportRefused("there is no standard input", hint=_HINT)
    try:
        return (stream or sys.stdin.buffer).read(LARGEST_BYTES + 1)
    except OSError as error:
        raise ImportRefused(f"standard input cannot be read: {error.strerror}", hint=_HINT) from error


def read_source(content: bytes, name: str, names: SecretNames | None = None) -> Source:
    """Decode and repair a runbook, and take its secrets out.

    `names`: those of the secrets of runbooks that are read together. Raises ImportRefused for what is too large or
    long, empty or no text.
    """
    shown = "standard input" if name == "-" else visible(name)
    if len(content) > LARGEST_BYTES:
        raise ImportRefused(
            f"{shown} is larger than {LARGEST_BYTES >> 20} MiB",
            hint="no runbook is so long; give the part that is one",
        )
    read = decoded(content, shown)
    text = read.text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise ImportRefused(f"{shown} is empty", hint=_HINT)
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    if len(lines) > MOST_LINES:
        raise ImportRefused(f"{shown} has more than {MOST_LINES:,} lines", hint="give the part that is a runbook")
    notes = []
    if read.said:
        at = 1 + read.text[: read.at].replace("\r\n", "\n").replace("\r", "\n").count("\n")
        notes.append(Note(line=at, text=read.said, kind="repaired"))
    repair = repaired(tuple(lines))
    notes += _said(repair.repaired, repair.lost)
    kept, taken = taken_out(repair.lines)
    bare = hidden(kept, names or SecretNames())
    markdown = form(bare.lines) or as_markdown(bare.lines)
    return Source(
        name=name,
        lines=bare.lines,
        notes=(*notes, *taken, *bare.notes, *markdown.notes),
        secrets=bare.names,
        read_as=markdown.lines if markdown.lines != bare.lines else (),
        laid=markdown.laid,
    )


def _said(changed: tuple[int, ...], lost: tuple[int, ...]) -> list[Note]:
    notes = []
    if changed:
        notes.append(counted(changed, "text that had been decoded wrongly was repaired", "repaired"))
    if lost:
        notes.append(counted(lost, "a character was lost before; � stands for it", "repaired"))
    return notes
