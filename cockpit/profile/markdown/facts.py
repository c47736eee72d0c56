"""Labelled facts: `- **Owner:** Database administrator`, several values as a list below the label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from cockpit.profile.markdown.book import Book
from cockpit.profile.markdown.escaping import code, fence, indented

_BLOCK = re.compile(r"[-+*>#|<~=]|```|\d{1,9}[.)]|\[")
"""What may begin a block of its own."""
_SHORT = 120


class Fact(Struct, frozen=True):
    """A label with what is said under it: values of one line each, or else blocks of Markdown."""

    label: str
    values: tuple[str, ...] = ()
    """Markdown, each of one line."""
    blocks: tuple[str, ...] = ()
    """Pieces of Markdown of any number of lines."""


def told(book: Book, named: Iterable[tuple[str, Sequence[str]]]) -> list[Fact]:
    """Conditions by their labels; labels without conditions say nothing."""
    return [Fact(label, tuple(book.condition(each) for each in some)) for label, some in named if some]


def short_or_long(label: str, blocks: Sequence[str]) -> Fact:
    """Markdown under a label: beside it if it is one line that can stand there."""
    text = "\n".join(blocks)
    if "\n" in text or text != text.strip() or _BLOCK.match(text):
        return Fact(label, blocks=tuple(blocks))
    return Fact(label, (text,))


def listing(label: str, text: str, language: str) -> Fact:
    """Code under a label; one line of it stands beside the label."""
    if "\n" not in text.strip() and len(text) <= _SHORT:
        return Fact(label, (code(text),))
    return Fact(label, blocks=tuple(fence(text, language)))


def bullets(facts: Sequence[Fact]) -> list[str]:
    """The facts as a list."""
    lines: list[str] = []
    for each in facts:
        if len(each.values) == 1:
            lines.append(f"- **{each.label}:** {each.values[0]}")
        elif each.values:
            lines += [f"- **{each.label}:**", *(f"  - {value}" for value in each.values)]
        else:
            lines += [f"- **{each.label}:**", "", *indented(list(each.blocks)), ""]
    return lines[:-1] if lines and not lines[-1] else lines


def paragraphs(facts: Sequence[Fact]) -> list[str]:
    """The facts as paragraphs, each followed by a blank line."""
    lines: list[str] = []
    for each in facts:
        if len(each.values) == 1:
            lines += [f"**{each.label}:** {each.values[0]}", ""]
        else:
            lines += [f"**{each.label}:**", "", *(f"- {value}" for value in each.values), *each.blocks, ""]
    return lines
