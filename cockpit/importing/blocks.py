"""A runbook's shape: sections, and the blocks in them, each with the lines it stands on.

Invariant: `first` and `last` are line numbers of the source from 1, inclusive; blocks of one section come in order.
Texts are as written, with their Markdown (`**bold**`, `` `code` ``); `parsing.plain` takes it off.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class Heading(Struct, frozen=True, kw_only=True):
    """`level` 1 to 6; `text` without its `#`s."""

    text: str
    level: int
    first: int
    last: int


class Paragraph(Struct, frozen=True, kw_only=True):
    """Also a block quote's, with `quoted` true."""

    text: str
    first: int
    last: int
    quoted: bool = False


class Fence(Struct, frozen=True, kw_only=True):
    """Code, fenced or indented. `body_first` is the line of its first line of code."""

    language: str
    """The info string's first word in lower case; empty: none was given."""
    body: str
    first: int
    last: int
    body_first: int


class Item(Struct, frozen=True, kw_only=True):
    """One item of a list."""

    text: str
    """Its own first paragraph, without the box."""
    number: str
    """As counted, `3`; empty: a bullet."""
    checked: bool | None
    """None: it has no box."""
    first: int
    last: int
    """Of its own text, without what is nested."""
    blocks: tuple[Block, ...] = ()
    """What stands in it after its text: further paragraphs, fences, nested items, tables."""


class Row(Struct, frozen=True, kw_only=True):
    """One row of a table; as many cells as the table has columns."""

    cells: tuple[str, ...]
    line: int


class Table(Struct, frozen=True, kw_only=True):
    """A table. `header` may hold empty texts."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    first: int
    last: int


class Rule(Struct, frozen=True, kw_only=True):
    """What is layout alone: a thematic break, a comment, a link definition."""

    first: int
    last: int


Block: TypeAlias = Paragraph | Fence | Item | Table | Rule


class Section(Struct, frozen=True, kw_only=True):
    """A heading with what stands under it, up to the next heading of its level or above."""

    heading: Heading | None
    """None: what stands before the first heading."""
    blocks: tuple[Block, ...]
    sections: tuple[Section, ...] = ()


class Document(Struct, frozen=True, kw_only=True):
    """One runbook."""

    root: Section
    front: dict[str, object] = {}
    """Front matter, if it was a YAML mapping."""
    front_last: int = 0
    """The front matter's last line; 0: there is none."""
