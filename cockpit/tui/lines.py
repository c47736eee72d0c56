"""Lines of text with inks: what panes return and what one widget draws.

A line is a tuple of `(text, ink)` spans. Everything here measures in terminal cells, so that wide characters keep
columns straight. Text in spans is already visible text; a span never holds markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.cells import cell_len, set_cell_size

from cockpit.patterns import late
from cockpit.run.elapsed import duration as duration
from cockpit.tui.ink import Ink

Span = tuple[str, Ink]
Line = tuple[Span, ...]

EMPTY: Line = ()

_FAR_S = 43_200.0
"""From so far off on a time of day is mistaken for another day's."""
_DAYS_S = 5 * 86_400.0
"""From so far off on a weekday is too."""


def width_of(line: Line) -> int:
    """Cells of a line."""
    return sum(cell_len(text) for text, _ in line)


def cut(text: str, width: int) -> str:
    """Return `text` in at most `width` cells, ending in `…` where something was left out."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip() + "…" if width > 0 else ""


def fitted(line: Line, width: int) -> Line:
    """Return the line in at most `width` cells, ending in `…` where something was left out."""
    if width_of(line) <= width:
        return line
    kept: list[Span] = []
    left = width
    for text, ink in line:
        size = cell_len(text)
        if size < left:
            kept.append((text, ink))
            left -= size
            continue
        kept.append((cut(text + " " if size == left else text, left), ink))
        break
    return tuple(kept)


def spread(left: Line, right: Line, width: int) -> Line:
    """Return one line with `left` at the left and `right` at the right; where both do not fit, `left` is cut."""
    room = width - width_of(right)
    if room < 8:
        return fitted((*left, (" ", "plain"), *right), width)
    left = fitted(left, room - 1)
    return (*left, (" " * (room - width_of(left)), "plain"), *right)


def in_two_lines(line: Line, width: int) -> list[Line]:
    """Return one line, or two broken between spans or at a space; the second is cut with `…` if it must be."""
    if width_of(line) <= width:
        return [line]
    first: list[Span] = []
    left = width
    for number, (text, ink) in enumerate(line):
        if cell_len(text) <= left:
            first.append((text, ink))
            left -= cell_len(text)
            continue
        space = text[: len(text) - len(text.lstrip())]
        head, *rest = wrapped(text.lstrip(), left - len(space))
        if len(line) > 1 and number and cell_len(text) > width // 2 and head and left > width // 4:
            first.append((space + head, ink))
            text = " ".join(rest)
        second = ((text.lstrip(), ink), *line[number + 1 :])
        return [tuple(first), fitted((("  ", "plain"), *second), width)]
    return [line]


def flowed(parts: Sequence[Line], width: int) -> list[Line]:
    """Return the parts side by side, two cells apart, on as many lines as they need; a part is never broken."""
    lines: list[Line] = []
    for part in parts:
        if lines and width_of(lines[-1]) + 2 + width_of(part) <= width:
            lines[-1] = (*lines[-1], ("  ", "plain"), *part)
        else:
            lines.append(part)
    return lines


def padded(text: str, width: int) -> str:
    """Return `text` in exactly `width` cells, cut with `…` or filled with spaces."""
    text = cut(text, width)
    return text + " " * (width - cell_len(text))


def wrapped(text: str, width: int) -> list[str]:
    """Break one line of text at spaces into lines of at most `width` cells; words that are too long are broken."""
    width = max(1, width)
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        candidate = f"{current} {word}" if current else word
        if cell_len(candidate) <= width:
            current = candidate
            continue
        if current:
            lines.append(current)
        while cell_len(word) > width:
            head = set_cell_size(word, width).rstrip() or word[0]
            lines.append(head)
            word = word[len(head) :]
        current = word
    return [*lines, current] if current or not lines else lines


def hour(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return a time of day in the zone: `01:21`; with its day if it is further than 12 hours from now: `Mon 01:21`."""
    far_s = abs((at - now).total_seconds())
    form = "%H:%M" if far_s < _FAR_S else "%a %H:%M" if far_s < _DAYS_S else "%a %d %b %H:%M"
    return at.astimezone(zone).strftime(form)


_FOLDERS = late(r"/\S*/(?=audit\.jsonl)")


def without_folders(told: str) -> str:
    """What is told of a log, without the folders it is in: they are long, and come before the point."""
    return _FOLDERS.sub("", told)
