"""Triggers, texts to people and later tasks of a printed document."""

from __future__ import annotations

import re
from typing import Any

from cockpit.importing.blocks import Fence, Item, Paragraph, Section
from cockpit.importing.draft import Draft
from cockpit.importing.parsing import plain
from cockpit.importing.printed_steps import facts_of, last_of
from cockpit.importing.printed_text import Known, bold, labelled, quoted
from cockpit.profile.markdown import labels as say
from cockpit.profile.markdown.around import IMMEDIATE
from cockpit.profile.markdown.words import lasted
from cockpit.profile.model import Severity, Task, Template, Trigger

_DUE = re.compile(
    r"(?:(?P<group>.{0,200}?) \(due |Due )(?:(?P<after>[\d.]{1,20} [a-z]{1,10}) after the end|at the end)\)?"
)
_OWNER = re.compile(r"\(owner: (.{1,200})\)")


def read_triggers(section: Section, draft: Draft, known: Known) -> None:
    """Each item a trigger; what of it cannot be said here stands above it as a comment."""
    _heading(section, draft, "triggers")
    immediate = section.heading is not None and plain(section.heading.text) == IMMEDIATE
    for block in section.blocks:
        if not isinstance(block, Item):
            draft.ledger.leave(block.first, block.last, "prose between triggers")
            continue
        found = bold(block.text)
        title = known.text(found[0] if found is not None else plain(block.text))
        trigger_id = draft.take_id("triggers", title, "trigger")
        parts: dict[str, Any] = {}
        for fact in facts_of(block):
            value = fact.values[0] if fact.values else ""
            follows = fact.label in (say.FOR, say.CLEARS, say.CLEAR_FOR)
            taken = None if follows and "when" not in parts else _fact(fact.label, fact.values, value, known)
            parts |= taken or {}
            if taken is None:
                draft.comment("triggers", trigger_id, plain(" ".join([fact.item.text, *fact.values[: not value]])))
        severity: Severity = "immediate" if immediate else "consider"
        draft.triggers.append(Trigger(id=trigger_id, title=title, severity=severity, **parts))
        draft.ledger.give(block.first, last_of(block), f"trigger {trigger_id}")
    for each in section.sections:
        read_triggers(each, draft, known)


def _fact(label: str, values: list[str], value: str, known: Known) -> dict[str, Any] | None:
    if label in (say.TRIGGER, say.CLEARS):
        if label == say.TRIGGER and plain(value) == say.BY_PERSON:
            return {}
        conditions = known.conditions(values)
        return {"when" if label == say.TRIGGER else "clear_when": conditions} if conditions else None
    if label in (say.FOR, say.CLEAR_FOR):
        held_s = lasted(plain(value))
        return None if held_s is None else {"for_s" if label == say.FOR else "clear_for_s": held_s}
    if label == say.SUGGESTS:
        return {"plan": plan} if (plan := known.plans.get(quoted(value), "")) else None
    if label in (say.ARMED, say.SUSPENDED):
        during = known.steps(value)
        return {"armed" if label == say.ARMED else "suspended": during} if during else None
    return None


def read_templates(section: Section, draft: Draft, known: Known) -> None:
    """Each heading a template, with its text in a fence."""
    _heading(section, draft, "templates")
    for each in section.sections:
        assert each.heading is not None
        template_id = known.ids[each.heading.first]
        to, title, body = "", "", ""
        for block in each.blocks:
            if isinstance(block, Paragraph) and (said := labelled(block.text)) is not None and said[0] == say.TO:
                to = known.text(plain(said[1]))
            elif isinstance(block, Paragraph):
                draft.comment("templates", template_id, plain(block.text))
            elif isinstance(block, Fence) and not body:
                title, body = _text(block.body)
        template = Template(id=template_id, title=known.text(title), body=known.text(body), to=to)
        if body:
            draft.templates.append(template)
            last = max(last_of(block) for block in each.blocks)
            draft.ledger.give(each.heading.first, last, f"template {template_id}")


def _text(body: str) -> tuple[str, str]:
    first, _, rest = body.partition("\n")
    if first.startswith(f"{say.SUBJECT}: "):
        return first.removeprefix(f"{say.SUBJECT}: ").strip(), rest.strip("\n")
    return "", body.strip("\n")


def read_tasks(section: Section, draft: Draft, known: Known) -> None:
    """Each box a task; its heading says when it is due."""
    _heading(section, draft, "tasks")
    for each in section.sections:
        _heading(each, draft, "tasks")
        heading = plain(each.heading.text) if each.heading is not None else ""
        due = _DUE.fullmatch(heading)
        for block in each.blocks:
            if not isinstance(block, Item):
                draft.ledger.leave(block.first, block.last, "prose between tasks")
                continue
            title, rest = bold(block.text) or (plain(block.text), "")
            owner = _OWNER.fullmatch(rest.strip())
            task = Task(
                id=draft.take_id("tasks", title, "task"),
                title=known.text(title),
                due_s=(lasted(due["after"]) or 0.0) if due is not None and due["after"] else 0.0,
                owner=known.role(owner[1]) if owner is not None else "",
                group=known.text((due["group"] or "") if due is not None else heading),
            )
            draft.tasks.append(task)
            draft.ledger.give(block.first, last_of(block), f"task {task.id}")


def _heading(section: Section, draft: Draft, became: str) -> None:
    if section.heading is not None:
        draft.ledger.give(section.heading.first, section.heading.last, became)
