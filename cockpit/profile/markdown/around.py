"""What stands around the walk: contacts, triggers, ways back, texts to people, tasks of later weeks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cockpit.profile.markdown import labels as say
from cockpit.profile.markdown.book import Book
from cockpit.profile.markdown.escaping import cell, code, fence, indented, prose
from cockpit.profile.markdown.facts import Fact, bullets, paragraphs, told
from cockpit.profile.markdown.steps import phase
from cockpit.profile.markdown.words import lasting, spelled
from cockpit.profile.model import RollbackPlan, Severity, Template, Trigger, Window

CONTACTS = ("Contact", "Name", "Reach", "Group", "Order")
START, END, ZONE, DAYS = "Start", "End", "Time zone", "Days"
BACK, RESERVE, NO_RETURN = "Rolling back takes", "Kept free at the end", "Point of no return"
IMMEDIATE, CONSIDER = "Immediate", "To be considered"
_CLOCK = re.compile(r"\d\d:\d\d")
_SEVERITIES: tuple[tuple[Severity, str], ...] = (("immediate", IMMEDIATE), ("consider", CONSIDER))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Cells are Markdown. Columns in which nothing stands are left out, but the first."""
    kept = [at for at in range(len(heads)) if not at or any(row[at] for row in rows)]
    lines = [f"| {' | '.join(heads[at] for at in kept)} |", f"|{' --- |' * len(kept)}"]
    return [*lines, *(f"| {' | '.join(cell(row[at]) for at in kept)} |" for row in rows), ""]


def window(book: Book, agreed: Window) -> list[str]:
    """The agreed times."""
    days = " or ".join(day.capitalize() for day in agreed.days)
    rows = [
        (START, book.text(agreed.start)),
        (END, book.text(agreed.end)),
        (ZONE, book.text(agreed.timezone)),
        (DAYS, days),
        (BACK, lasting(agreed.rollback_estimate_s) if agreed.rollback_estimate_s else ""),
        (RESERVE, lasting(agreed.reserve_s) if agreed.reserve_s else ""),
    ]
    rows.append((NO_RETURN, _no_return(agreed)))
    return ["## Maintenance window", "", *table(("Window", "Agreed"), [row for row in rows if row[1]])]


def _no_return(agreed: Window) -> str:
    """The last moment from which rolling back still ends in the window."""
    left_s = agreed.rollback_estimate_s + agreed.reserve_s
    before = f"{lasting(left_s)} before the end" if left_s else "the end"
    if not _CLOCK.fullmatch(agreed.end):
        return before
    end_min = int(agreed.end[:2]) * 60 + int(agreed.end[3:])
    minutes = int(end_min - left_s / 60) % (24 * 60)
    return f"{minutes // 60:02}:{minutes % 60:02} ({before})"


def contacts(book: Book) -> list[str]:
    """Whom to reach."""
    rows = [
        (
            book.text(each.title),
            book.text(each.name),
            book.text(each.reach),
            book.text(each.group),
            str(each.order or ""),
        )
        for each in book.profile.contacts
    ]
    return ["## Contacts", "", *table(CONTACTS, rows)] if rows else []


def triggers(book: Book) -> list[str]:
    """What recommends a rollback."""
    lines: list[str] = []
    for severity, title in _SEVERITIES:
        if some := [each for each in book.profile.triggers if each.severity == severity]:
            lines += [f"### {title}", "", *(row for each in some for row in _trigger(book, each)), ""]
    return ["## Rollback triggers", "", *lines] if lines else []


def _trigger(book: Book, trigger: Trigger) -> list[str]:
    facts = told(book, ((say.TRIGGER, trigger.when),)) or [Fact(say.TRIGGER, (say.BY_PERSON,))]
    if trigger.for_s:
        facts.append(Fact(say.FOR, (lasting(trigger.for_s),)))
    facts += told(book, ((say.CLEARS, trigger.clear_when),))
    if trigger.clear_for_s:
        facts.append(Fact(say.CLEAR_FOR, (lasting(trigger.clear_for_s),)))
    if trigger.plan:
        facts.append(Fact(say.SUGGESTS, (f"“{book.plan(trigger.plan)}”",)))
    for label, during in ((say.ARMED, trigger.armed), (say.SUSPENDED, trigger.suspended)):
        if during:
            facts.append(Fact(label, (book.each(during),)))
    return [f"- **{book.text(trigger.title or trigger.id)}**", *indented(bullets(facts))]


def plan(book: Book, number: int, declared: RollbackPlan) -> list[str]:
    """One way back."""
    lines = [f"## Rollback plan {number}: {book.text(declared.title or declared.id)}", ""]
    if description := prose(book.filled(declared.description)):
        lines += [*description, ""]
    facts = told(book, ((say.FITS, declared.when),)) or [Fact(say.FITS, (say.ALWAYS,))]
    if loss := book.text(declared.data_loss):
        facts.append(Fact(say.LOSS, (loss,)))
    lines += paragraphs(facts)
    return lines + [row for each in declared.phases for row in phase(book, each, 3, staged=False)]


def templates(book: Book) -> list[str]:
    """Texts to people, each in a fence."""
    lines = [row for each in book.profile.templates for row in _template(book, each)]
    return ["## Message templates", "", *lines] if lines else []


def _template(book: Book, template: Template) -> list[str]:
    facts = [
        Fact(label, (value,))
        for label, value in ((say.TO, book.text(template.to)), (say.CHANNEL, code(template.channel)))
        if value
    ]
    subject = " ".join(book.filled(template.title).split())
    text = (f"{say.SUBJECT}: {subject}\n\n" if subject else "") + book.filled(template.body).strip("\n")
    return [f"### {spelled(template.id)}", "", *paragraphs(facts), *fence(text, "text"), ""]


def tasks(book: Book) -> list[str]:
    """Work of later weeks, by group and time, with boxes."""
    keys = list(dict.fromkeys((each.group, each.due_s) for each in book.profile.tasks))
    lines: list[str] = []
    for group, due_s in keys:
        due = f"due {lasting(due_s)} after the end" if due_s else "due at the end"
        lines += [f"### {book.text(group)} ({due})" if group else f"### {due.capitalize()}", ""]
        for each in book.profile.tasks:
            if (each.group, each.due_s) == (group, due_s):
                owner = f" (owner: {book.role(each.owner)})" if each.owner else ""
                lines.append(f"- [ ] **{book.text(each.title or each.id)}**{owner}")
        lines.append("")
    return ["## Follow-up tasks", "", *lines] if lines else []
