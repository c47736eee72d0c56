"""How many columns a visible text takes on paper and in plain output, and texts cut and filled by that.

Screens measure by Textual's own tables, which plain commands do not load. Ambiguous characters take one column, as in
nearly every terminal; a picture's skin takes two, since pictures stand beside each other (see `visible`).
"""

from __future__ import annotations

import unicodedata

from cockpit.text import visible


def cells(text: str) -> int:
    """How many columns a visible text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def fitted(text: str, columns: int) -> str:
    """One visible line of at most `columns`, ending in `…` where something was cut off."""
    line = visible(text)
    if cells(line) <= columns:
        return line
    end, left = 0, columns - 1
    while left >= 0 and end < len(line) and (left := left - _width(line[end])) >= 0:
        end += 1
    return f"{line[:end]}…" if columns > 0 else ""


def filled(text: str, columns: int, *, right: bool = False) -> str:
    """With spaces up to `columns`, behind it, or before it if it stands to the right."""
    spaces = " " * (columns - cells(text))
    return spaces + text if right else text + spaces


def _width(character: str) -> int:
    if character.isascii():
        return 1
    code = ord(character)
    if unicodedata.category(character) in ("Mn", "Me") or 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF:
        return 0  # marks, and the later letters of a Korean syllable
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
