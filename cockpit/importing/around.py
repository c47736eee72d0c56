"""What stands around the walk: triggers, and tasks of later days."""

from __future__ import annotations

import re

from cockpit.importing.blocks import Item, Section
from cockpit.importing.draft import Draft
from cockpit.importing.measured import alarms
from cockpit.importing.naming import read_title
from cockpit.importing.parsing import plain
from cockpit.importing.placeholders import filled
from cockpit.profile.model import Severity, Task, Trigger

_LATER = re.compile(r"\b(day|week|month)\s+(\d+)\b", re.IGNORECASE)
_UNIT_S = {"day": 86400.0, "week": 604800.0, "month": 2592000.0}


def read_triggers(section: Section, draft: Draft, severity: Severity = "consider") -> None:
    """Each item a trigger; without a threshold a person raises it."""
    _heading(section, draft, "triggers")
    if section.heading and "immediate" in section.heading.text.lower():
        severity = "immediate"
    for block in section.blocks:
        if not isinstance(block, Item):
            continue
        said = plain(block.text)
        when, for_s = alarms(said, draft, block.first)
        trigger = Trigger(
            id=draft.take_id("triggers", said, "trigger"), title=said, when=when, for_s=for_s, severity=severity
        )
        draft.triggers.append(trigger)
        draft.ledger.give(block.first, block.last, f"trigger {trigger.id}")
    for each in section.sections:
        read_triggers(each, draft)


def read_tasks(section: Section, draft: Draft) -> bool:
    """Items of later days or weeks as tasks. False if neither headings nor items say when: then they are steps."""
    parts = (section, *section.sections)
    items = [block for part in parts for block in part.blocks if isinstance(block, Item)]
    headed = any(part.heading and _LATER.search(part.heading.text) for part in parts)
    if not headed and not (items and all(_LATER.match(plain(item.text)) for item in items)):
        return False
    for part in parts:
        _heading(part, draft, "tasks")
        heading = part.heading.text if part.heading is not None else ""
        for block in part.blocks:
            if isinstance(block, Item):
                _task(block, _due_s(heading), read_title(heading).text, draft)
    return True


def _task(item: Item, due_s: float, group: str, draft: Draft) -> None:
    """One task; what is nested in it are tasks as well."""
    text = plain(item.text)
    if own := _LATER.match(text):
        due_s, text = _due_s(text), text[own.end() :].lstrip(" :-–—") or text
    title = filled(read_title(text).text, draft)
    task = Task(id=draft.take_id("tasks", title, "task"), title=title, due_s=due_s, group=group)
    draft.tasks.append(task)
    draft.ledger.give(item.first, item.last, f"task {task.id}")
    for block in item.blocks:
        if isinstance(block, Item):
            _task(block, due_s, group, draft)


def _due_s(text: str) -> float:
    """When a heading or item says that it is due, after the run's end; 0: it does not."""
    found = _LATER.search(text)
    return _UNIT_S[found[1].lower()] * int(found[2]) if found else 0.0


def _heading(section: Section, draft: Draft, became: str) -> None:
    if section.heading is not None:
        draft.ledger.give(section.heading.first, section.heading.last, became)
