"""When it is done: the agreed window, and who is told when."""

from __future__ import annotations

import re

from cockpit.importing.blocks import Block, Item, Paragraph, Section, Table
from cockpit.importing.draft import Draft, DraftPhase
from cockpit.importing.items import Where, read_item
from cockpit.importing.notices import is_told_afterwards
from cockpit.importing.parsing import plain
from cockpit.importing.quantities import duration_s
from cockpit.profile.model import Window

_TIME = r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)?"
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = dict(zip(_WEEK, _WEEK, strict=True))
for _others in (
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "lunes martes miércoles jueves viernes sábado domingo",
):
    _DAYS |= dict(zip(_others.split(), _WEEK, strict=True))
_SPAN = re.compile(
    rf"\b{_TIME}\s*(?:-|–|—|to|until|bis|à|a)\s*(?:(?:{'|'.join(_DAYS)}),?\s+)?{_TIME}(?:\s*\(?(UTC|GMT)\b)?",
    re.IGNORECASE,
)
_DAY = re.compile(rf"\b({'|'.join(_DAYS)})s?\b", re.IGNORECASE)
_LABEL = re.compile(
    r"\b(time|window|when|day|date|timing|start|schedule[d]?|maintenance|zeitfenster|wann|ventana)\b", re.IGNORECASE
)
_CALLED = re.compile(r"\b(window|zeitfenster|wartungsfenster|fenêtre|ventana)\b", re.IGNORECASE)
_ESTIMATE = re.compile(r"\b(estimated?|duration|total time|downtime)\b", re.IGNORECASE)
_LONGEST = 200


def window_of(text: str) -> tuple[str, str] | None:
    """The times of day in a text, `22:00` and `02:00`; None: it names none that can be told from other numbers."""
    found = _SPAN.search(text[:_LONGEST])
    if found is None or not ((found[2] and found[5]) or found[3] or found[6]):
        return None
    start, end = _clock(found[1], found[2], found[3] or found[6]), _clock(found[4], found[5], found[6])
    return (start, end) if start and end and start != end else None


def find_window(section: Section, draft: Draft) -> None:
    """Look through a schedule for the window, before anything else is read: texts may name its times."""
    for block in section.blocks:
        for line, text in _lines(block):
            _look(text, line, draft)
    for each in section.sections:
        find_window(each, draft)


def find_labelled(blocks: tuple[Block, ...], draft: Draft) -> None:
    """Look through what stands above all sections for a line that calls itself a window."""
    for block in blocks:
        for line, text in _lines(block):
            if _CALLED.search(text) and draft.window is None:
                _look(text[_CALLED.search(text).start() :], line, draft)  # type: ignore[union-attr]  # it was found


def read_schedule(section: Section, draft: Draft, phase: DraftPhase, end: DraftPhase) -> None:
    """What else it says: an estimate is told; what is due once all is over is a step of `end`, the rest of `phase`."""
    assert section.heading is not None
    draft.ledger.give(section.heading.first, section.heading.last, "window")
    for block in section.blocks:
        if isinstance(block, Item) and not _is_told(block, draft):
            read_item(block, Where(phase=end if is_told_afterwards(plain(block.text)) else phase), draft)
        elif isinstance(block, Paragraph | Table):
            for line, text in _lines(block):
                draft.description.append(plain(text))
                draft.ledger.give(line, line, "description")
    for each in section.sections:
        read_schedule(each, draft, phase, end)


def _is_told(item: Item, draft: Draft) -> bool:
    """It is the window's, or goes into the description: nothing to be done."""
    text = plain(item.text)
    label = text.partition(":")[0]
    if _ESTIMATE.search(label) and duration_s(text) is not None:
        draft.description.append(text)
        draft.ledger.give(item.first, item.last, "description")
        return True
    if draft.window is None:
        return False
    days = bool(_DAY.search(text)) and bool(_LABEL.search(label))
    if days or (window_of(text) is not None and _LABEL.search(label)):
        draft.ledger.give(item.first, item.last, "window")
        return True
    return False


def _look(text: str, line: int, draft: Draft) -> None:
    days = tuple(dict.fromkeys(_DAYS[day.lower()] for day in _DAY.findall(text)))
    span = window_of(text) if draft.window is None else None
    if span is not None and len(days) == 2 and span[1] < span[0]:
        days = days[:1]  # the second is that of the end, on the day after
    if span is not None:
        draft.window = Window(start=span[0], end=span[1], days=tuple(draft.window_days) or days)
        zone = _SPAN.search(text[:_LONGEST])
        if zone is None or not zone[7]:
            draft.note(line, "the window's time zone is not said: it is taken as UTC; set `timezone`")
    elif days and _LABEL.search(text.partition(":")[0]):
        draft.window_days += days
        if draft.window is not None and not draft.window.days:
            draft.window = Window(start=draft.window.start, end=draft.window.end, days=days)


def _lines(block: Block) -> list[tuple[int, str]]:
    match block:
        case Item():
            return [(block.first, plain(block.text))]
        case Paragraph():
            return [(block.first + row, plain(text)) for row, text in enumerate(block.text.split("\n"))]
        case Table():
            return [(row.line, plain(": ".join(cell for cell in row.cells if cell))) for row in block.rows]
        case _:
            return []


def _clock(hour: str, minute: str | None, half: str | None) -> str:
    hours = int(hour)
    if half is not None:
        if not 1 <= hours <= 12:
            return ""
        hours = hours % 12 + (12 if half.lower().startswith("p") else 0)
    if hours > 23 or int(minute or 0) > 59:
        return ""
    return f"{hours:02}:{int(minute or 0):02}"
