"""What stands around the walk: triggers, and tasks of later days."""

from __future__ import annotations

import re

from cockpit.importing.blocks import Item, Section
from cockpit.importing.draft import Draft
from cockpit.importing.measured import alarms
from cockpit.importing.naming import read_title
from cockpit.importing.parsing import plain
from cockpit.importing.placeholders import filled
from cockpit.importing.quantities import duration_s
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
    """Items of later days or weeks as tasks. False if no heading says when: then they are steps."""
    timed = [each for each in (section, *section.sections) if each.heading and _LATER.search(each.heading.text)]
    if not timed:
        return False
    _heading(section, draft, "tasks")
    for each in timed:
        assert each.heading is not None
        _heading(each, draft, "tasks")
        found = _LATER.search(each.heading.text)
        due_s = _UNIT_S[found[1].lower()] * int(found[2]) if found else duration_s(each.heading.text) or 0.0
        for block in each.blocks:
            if isinstance(block, Item):
                title = filled(read_title(block.text).text, draft)
                task = Task(
                    id=draft.take_id("tasks", title, "task"),
                    title=title,
                    due_s=due_s,
                    group=read_title(each.heading.text).text,
                )
                draft.tasks.append(task)
                draft.ledger.give(block.first, block.last, f"task {task.id}")
    return True


def _heading(section: Section, draft: Draft, became: str) -> None:
    if section.heading is not None:
        draft.ledger.give(section.heading.first, section.heading.last, became)
