"""A comment that is begun and never closed: Markdown hides all that follows, and nobody meant that."""

from __future__ import annotations

from collections.abc import Collection

from cockpit.importing.notes import Note

_OPENS, _CLOSES = "<!--", "-->"


def open_comment(lines: list[str], code: Collection[int]) -> list[Note]:
    """Take the mark of such a comment away, in place, so that what follows is read; and say so."""
    begun: tuple[int, int] | None = None
    for row, line in enumerate(lines):
        if _OPENS not in line and _CLOSES not in line:
            continue
        at = 0
        while True:
            if begun is None:
                at = line.find(_OPENS, at)
                if at < 0 or row in code:
                    break
                begun, at = (row, at), at + len(_OPENS)
            else:
                at = line.find(_CLOSES, at)
                if at < 0:
                    break
                begun, at = None, at + len(_CLOSES)
    if begun is None:
        return []
    row, column = begun
    lines[row] = lines[row][:column] + lines[row][column + len(_OPENS) :]
    return [Note(line=row + 1, text="a comment begins here and never ends; what follows was read all the same")]
