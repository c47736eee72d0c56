"""Plain lines of at most 80 cells: sentences are wrapped, code is broken where it has to be and says so.

Invariant: everything that is put on a page is visible text; nothing of it is cut off.
"""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.patterns import late
from cockpit.text import visible
from cockpit.text.cells import cells

WIDTH = 80
GOES_ON = "+ "
"""Before a line of code that goes on with the line above it."""
CODE = "| "
_NEAR_END = 30
"""So far from the end of a line of code a space is looked for to break at: it stands at the next line's beginning."""
_LEAST = 16
"""Cells that a line has at least, however deep it stands."""
_BLOCK = late(r"\s*([-*+>#|]|[0-9]+[.)])\s|\s{4}|\t")
"""How a line begins that goes on with none before it."""
_ALONE = late(r"\s*(```|#|\|)")
"""How a line begins that no other goes on with."""


class Page:
    """Lines, in order."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def __str__(self) -> str:
        """Every line, each ending in a newline."""
        return "".join(f"{line.rstrip(' ')}\n" for line in self._lines)

    def gap(self) -> None:
        """An empty line, never two."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def heading(self, title: str) -> None:
        """A section."""
        self.gap()
        self._lines += ["=" * WIDTH, *_wrapped(visible(title), WIDTH), "=" * WIDTH, ""]

    def says(self, text: str, indent: int = 0, first: str = "") -> None:
        """A text, wrapped between words; `first` stands before it, and then it may be of several lines, as far in.

        Without that it is one: else a line within a title would pass for a line of ours.
        """
        self._wraps(visible(text, multiline=bool(first)), indent, first)

    def _wraps(self, text: str, indent: int, first: str = "") -> None:
        start = " " * indent + visible(first)
        rest = " " * cells(start)
        for line in text.strip("\n").split("\n"):
            deeper = len(line) - len(line.lstrip(" "))
            room = max(_LEAST, WIDTH - cells(start) - deeper)
            for part in _wrapped(line.strip(), room):
                self._lines.append(f"{start}{' ' * deeper}{part}")
                start = rest

    def prose(self, markdown: str, indent: int = 0) -> None:
        """Markdown as it is written, its paragraphs wrapped anew: a line break within one is only the file's."""
        paragraphs: list[str] = []
        is_fenced = False
        for line in visible(markdown, multiline=True).strip("\n").split("\n"):
            is_fence = line.lstrip().startswith("```")
            before = paragraphs[-1] if paragraphs else ""
            joins = before.strip() and line.strip() and not (is_fenced or is_fence or _BLOCK.match(line))
            if joins and not _ALONE.match(before):
                paragraphs[-1] = f"{before.rstrip()} {line.strip()}"
            else:
                paragraphs.append(line)
            is_fenced ^= is_fence
        self._wraps("\n".join(paragraphs), indent)

    def fact(self, name: str, text: str, indent: int = 0) -> None:
        """A name, and what is to be said of it in a column of its own."""
        self.says(text, indent, f"{name:<14}")

    def every(self, title: str, texts: Iterable[str], indent: int) -> None:
        """A title, and texts each on a line of its own; nothing without any."""
        listed = list(texts)
        if listed:
            self.says(title, indent)
            for text in listed:
                self.says(text, indent + 2, "- ")

    def code(self, text: str, indent: int) -> None:
        """Text whose every character counts: broken only where a line does not fit, and marked there."""
        room = max(_LEAST, WIDTH - indent - len(CODE))
        for line in visible(text, multiline=True).strip("\n").split("\n"):
            mark = CODE
            for part in _broken(line, room, near_end=_NEAR_END):
                self._lines.append(f"{' ' * indent}{mark}{part}")
                mark = GOES_ON


def _wrapped(line: str, room: int) -> list[str]:
    """A line in lines of at most `room` cells, between words where there are any."""
    lines: list[str] = []
    current = ""
    for word in line.split(" "):
        joined = f"{current} {word}" if current else word
        if cells(joined) <= room:
            current = joined
            continue
        if current:
            lines.append(current)
        *whole, current = _broken(word, room)
        lines += whole
    return [*lines, current]


def _broken(text: str, room: int, near_end: int = 0) -> list[str]:
    """A text in parts that make it whole again; broken before a space, if there is one `near_end` of a part."""
    parts = list[str]()
    while cells(text) > room:
        end = width = 0
        while width + cells(text[end]) <= room:
            width += cells(text[end])
            end += 1
        space = text.rfind(" ", max(1, end - near_end), end) if near_end else -1
        # Not where only spaces stand before it: the first part would be an empty line.
        at = space if space > 0 and text[:space].strip() else max(1, end)
        parts.append(text[:at])
        text = text[at:]
    return [*parts, text]
