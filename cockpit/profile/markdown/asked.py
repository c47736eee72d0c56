"""What a step asks of a person, or waits for, as facts: by how the walk treats it, whatever its kind.

Settings are read as they are written, for those of a base may be incomplete.
"""

from __future__ import annotations

import re

from cockpit.profile import durations
from cockpit.profile.markdown import labels as say
from cockpit.profile.markdown.book import Book
from cockpit.profile.markdown.escaping import code, line
from cockpit.profile.markdown.facts import Fact, told
from cockpit.profile.markdown.words import lasting, spelled
from cockpit.profile.model import Step
from cockpit.profile.steps import (
    DecisionSettings,
    RecordSettings,
    record_name,
    settings_of,
)

_DUE = re.compile(r"(start|end)(?:([+-])(.{1,60}))?")


def asked(book: Book, step: Step) -> list[Fact]:
    """The facts, in the order in which they are read."""
    match step.behaviour:
        case "wait":
            return _wait(book, step)
        case "message":
            return _message(book, step)
        case "signoff":
            return _signoff(book, step)
        case "decision":
            return _decision(book, step)
        case "record":
            return _record(book, step)
        case "checkpoint":
            return _checkpoint(book, step)
        case "confirm" | "action":
            return []


def _wait(book: Book, step: Step) -> list[Fact]:
    facts = [Fact(say.WAIT, (_time(step.settings.get("duration")),))]
    if healthy := _texts(step.settings.get("healthy")):
        facts += told(book, ((say.HEALTHY, healthy),))
        breach = say.STOP if step.settings.get("on_breach") == "stop" else say.RESTART
        facts.append(Fact(say.ON_BREACH, (breach,)))
    return facts


def _message(book: Book, step: Step) -> list[Fact]:
    template, due = str(step.settings.get("template", "")), str(step.settings.get("due", ""))
    facts = [Fact(say.SEND, (f"“{line(spelled(template))}”",))]
    return [*facts, Fact(say.DUE, (due_said(due),))] if due else facts


def due_said(due: str) -> str:
    """When a message is due: `48 hours before the start of the window`; Markdown."""
    found = _DUE.fullmatch(due)
    if found is None:
        return code(due)
    if not found[2]:
        return f"at the {found[1]} of the window"
    return f"{_time(found[3])} {'after' if found[2] == '+' else 'before'} the {found[1]} of the window"


def _signoff(book: Book, step: Step) -> list[Fact]:
    facts = [Fact(say.SIGNOFF, (book.role(str(step.settings.get("role", ""))),))]
    if step.settings.get("four_eyes"):
        facts.append(Fact(say.FOUR_EYES, (say.NOBODY,)))
    if not_by := _texts(step.settings.get("not_by")):
        named = [book.called(each) if each in book.numbers else book.role(each) for each in not_by]
        facts.append(Fact(say.NOT_BY, ("; ".join(named),)))
    return facts


def _decision(book: Book, step: Step) -> list[Fact]:
    settings = settings_of(step, DecisionSettings)
    choices = []
    for each in settings.choices:
        notes = [say.HOLDS] if each.stop else []
        notes += [f"{say.LEADS} “{book.plan(each.rollback)}”"] if each.rollback else []
        said = f"{code(each.id)} {book.text(each.title or spelled(each.id))}"
        choices.append(said + (f" ({', '.join(notes)})" if notes else ""))
    by = book.role(settings.role) if settings.role else say.ANYBODY
    return [Fact(say.DECISION, (by,)), Fact(say.CHOICES, tuple(choices))]


def _record(book: Book, step: Step) -> list[Fact]:
    settings = settings_of(step, RecordSettings)
    facts = [Fact(say.RECORD, (code(record_name(step)),))]
    if settings.prompt:
        facts.append(Fact(say.QUESTION, (book.text(settings.prompt),)))
    if settings.type == "number":
        facts.append(Fact(say.NUMBER, (line(f"in {settings.unit}" if settings.unit else "without a unit"),)))
    if settings.pattern:
        facts.append(Fact(say.PATTERN, (code(settings.pattern),)))
    return facts


def _checkpoint(book: Book, step: Step) -> list[Fact]:
    since_id = str(step.settings.get("since", "start"))
    since = {"start": say.OF_RUN, "window": say.OF_WINDOW}.get(since_id) or book.called(since_id)
    facts = [Fact(say.LOOK, (f"{_time(step.settings.get('delay'))} after {since}",))]
    if "interval" in step.settings:
        facts.append(Fact(say.EVERY, (_time(step.settings["interval"]),)))
    return facts


def _time(written: object) -> str:
    seconds = durations.seconds(written)
    return lasting(seconds) if seconds is not None else code(str(written))


def _texts(written: object) -> tuple[str, ...]:
    if isinstance(written, str):
        return (written,)
    return tuple(str(each) for each in written) if isinstance(written, list | tuple) else ()
