"""Lines of another form as lines of Markdown: as many, each on its own number."""

from __future__ import annotations

from msgspec import Struct

from cockpit.importing.notes import Note


class Laid(Struct, frozen=True, kw_only=True):
    """Lines that say nothing by themselves, counted from 1, and what they are."""

    first: int
    last: int
    what: str


class MarkdownLines(Struct, frozen=True, kw_only=True):
    """A runbook as Markdown, line for line."""

    lines: tuple[str, ...]
    laid: tuple[Laid, ...] = ()
    """What is empty in `lines` and was not in the source."""
    notes: tuple[Note, ...] = ()
    """What a person should know about how it was read."""
