"""What the panes of a preview show: pure functions of where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from cockpit.importing.account_text import told
from cockpit.importing.accounting import LineCounts
from cockpit.importing.linking import Key
from cockpit.profile.model import Profile
from cockpit.text import shortened, visible
from cockpit.tui.importing.moving import Place, Side
from cockpit.tui.importing.sheets import SourceRows
from cockpit.tui.lines import EMPTY, Line, fitted, padded, spread, wrapped

READING = (40, 10)
"""Columns and rows below which a sentence stands in place of the sides."""
BESIDE = 100
"""Columns from which on both sides stand beside each other."""
STACKED = 16
"""Rows from which on both stand one above the other; below, one is shown at a time."""
_MOST = 20_000
"""Characters of a line or table that can be read whole; of what is longer, the beginning."""
Shape = Literal["beside", "stacked", "one"]


class Box(Struct, frozen=True):
    """A pane's outer rectangle, in cells from the top left."""

    x: int
    y: int
    width: int
    height: int


def shape(width: int, height: int) -> Shape:
    """How the sides stand at this size."""
    return "beside" if width >= BESIDE else "stacked" if height >= STACKED else "one"


def boxes(width: int, height: int, side: Side) -> dict[str, Box]:
    """The panes that are shown, by name: one line on top, the sides, two lines that say what one is at, the keys."""
    says = 2 if height >= STACKED else 1
    top, rows = 1, height - 2 - says
    found = {
        "top": Box(0, 0, width, 1),
        "says": Box(0, height - 1 - says, width, says),
        "keys": Box(0, height - 1, width, 1),
    }
    match shape(width, height):
        case "beside":
            left = width // 2
            found["source"] = Box(0, top, left, rows)
            found["profile"] = Box(left, top, width - left, rows)
        case "stacked":
            upper = rows // 2
            found["source"] = Box(0, top, width, upper)
            found["profile"] = Box(0, top + upper, width, rows - upper)
        case "one":
            found[side] = Box(0, top, width, rows)
    return found


def top(profile: Profile, counts: LineCounts, width: int) -> Line:
    """Which environment it will be for, which system, and how much of the source is in it."""
    label = f"▌{shortened(profile.environment, 24).upper()}▐"
    left: Line = (
        (label, "production" if profile.production else "elsewhere"),
        (f" {shortened(profile.id, 40)}", "bold"),
    )
    missed = f", {counts.not_mapped} not" if counts.not_mapped else ""
    mapped = f"{counts.mapped} of {counts.actionable} mapped{missed}"
    right: Line = (("IMPORT PREVIEW  ", "warn"), (mapped, "bad" if counts.not_mapped else "good"))
    return spread(left, right if width >= 72 else right[1:], width)


def title(place: Place, rows: SourceRows, side: Side, *, is_walk: bool, alone: bool) -> str:
    """What stands in a side's border: which it is, where one is in it, and how to come to what is not shown."""
    here = "▶ " if side == place.side else ""
    if side == "source":
        name, entry = rows.names[place.rows["source"]], rows.entries[place.rows["source"]]
        said = f"{shortened(name, 40)}" + (f" line {entry.line}" if entry else "")
    else:
        said = "the walk, t: TOML" if is_walk else "the profile, t: as a walk"
    return f"{here}{said}" + (f"  (Tab: the {place.other})" if alone else "")


def lines(place: Place, side: Side, width: int, height: int) -> list[Line]:
    """The rows in sight: `▌` before those that belong together; where one is stands out."""
    marked, sheet = place.marked(side), place.sheets[side]
    shown: list[Line] = []
    for row in place.window(side, height):
        line = fitted((("▌", "accent") if row in marked else (" ", "plain"), *sheet.draw(row)), width)
        if side == place.side and row == place.rows[side]:
            line = ((padded("".join(part for part, _ in line), width), "here"),)
        shown.append(line)
    return shown


def says(place: Place, rows: SourceRows, width: int, height: int) -> list[Line]:
    """What the line under the cursor became, or where the table comes from; in as many lines as there are."""
    text, ink = about(place, rows)
    found = wrapped(text, max(10, width - 1))
    if len(found) > height:
        found = [*found[: height - 1], shortened(" ".join(found[height - 1 :]), max(10, width - 2))]
    return [((f" {each}", ink),) for each in found]


def about(place: Place, rows: SourceRows) -> tuple[str, Literal["plain", "warn", "dim"]]:
    """One sentence on where one is."""
    if place.side == "profile":
        keys = place.sheet.keys[place.row] if len(place.sheet) else ()
        if not keys:
            return "nothing of its own", "dim"
        return f"{_called(keys[0])} ← {_from(place.sheets['source'].of(keys), rows)}", "plain"
    entry = rows.entries[place.row]
    if entry is None:
        return f"{visible(rows.names[place.row])} begins here", "dim"
    notes = "".join(f"; ! {visible(note)}" for note in rows.notes.get(place.row, ()))
    match entry.fate:
        case "mapped":
            return f"line {entry.line} → {visible(told(entry))}{notes}", "plain"
        case "layout":
            return f"line {entry.line}: layout, {visible(entry.why)}{notes}", "dim"
        case _:
            asks = "it asks for something, and is " if entry.actionable else ""
            return f"line {entry.line}: {asks}not mapped: {visible(entry.why)}{notes}", "warn"


def whole(place: Place, rows: SourceRows, width: int) -> list[Line]:
    """What one is at, broken at the width: the line, or all of the table."""
    keys = place.sheet.keys[place.row] if len(place.sheet) else ()
    shown = place.sheet.of(keys[:1]) if place.side == "profile" else [place.row]
    told, ink = about(place, rows)
    lines: list[Line] = [((each, ink),) for each in wrapped(told, width)] + [EMPTY]
    room = _MOST
    for row in shown:
        text = place.sheet.text(row)
        indent = len(text) - len(text.lstrip(" "))
        broken = wrapped(text[indent:room], max(10, width - min(indent, width // 2)))
        lines += [((" " * min(indent, width // 2) + each, "plain"),) for each in broken]
        room -= len(text)
        if room <= 0:
            return [*lines, ((f"… that is not all: here stand its first {_MOST:,} characters", "warn"),)]
    return lines


def _called(key: Key) -> str:
    return {"top": "the top of the profile", "window": "the window"}.get(key[0], f"{key[0]} {visible(key[1])}")


def _from(found: Sequence[int], rows: SourceRows) -> str:
    """`lines 57-61, 80 of SHOP.md`; what nothing of the source became was added by the import."""
    if not found:
        return "no line: the import added it"
    told: list[str] = []
    for name in dict.fromkeys(rows.names[row] for row in found):
        numbers = [entry.line for row in found if rows.names[row] == name and (entry := rows.entries[row])]
        spans = ", ".join(f"{a}-{b}" if b > a else f"{a}" for a, b in stretches(sorted(numbers)))
        told.append(f"line{'s' * (len(numbers) > 1)} {spans} of {visible(name)}")
    return "; ".join(told)


def stretches(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers in order as first and last of those that follow one another."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number <= found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found
