"""Which kind of step some facts tell of, and its settings: waits, messages, sign-offs, decisions, records, looks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cockpit.importing.parsing import plain
from cockpit.importing.printed_text import Known, quoted, spans
from cockpit.profile.durations import written
from cockpit.profile.markdown import labels as say
from cockpit.profile.markdown.words import lasted
from cockpit.profile.model import Behaviour

Facts = Mapping[str, list[str]]
"""Values (Markdown) by label."""
_DUE = re.compile(r"(?:at|(.{1,60}) (before|after)) the (start|end) of the window")
_NOTES = re.compile(rf"({say.HOLDS})?(?:, )?(?:{say.LEADS} “(.{{1,200}})”)?")


def kind_of(facts: Facts, known: Known) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields of the step's kind, and the labels that were understood; nothing if it is one to be confirmed."""
    for label, read in _READERS:
        if label in facts and (found := read(facts, known)) is not None:
            kind, settings, labels = found
            return {"kind": kind, "behaviour": kind, "settings": settings}, labels
    return {}, ()


Found = tuple[Behaviour, dict[str, object], tuple[str, ...]]


def _first(facts: Facts, label: str) -> str:
    return next(iter(facts.get(label, ())), "")


def _wait(facts: Facts, known: Known) -> Found | None:
    duration_s = lasted(plain(_first(facts, say.WAIT)))
    if duration_s is None:
        return None
    settings: dict[str, object] = {"duration": duration_s}
    healthy = known.conditions(facts.get(say.HEALTHY, []))
    if not healthy:
        return "wait", settings, (say.WAIT,)
    settings["healthy"] = list(healthy)
    if plain(_first(facts, say.ON_BREACH)) == say.STOP:
        settings["on_breach"] = "stop"
    return "wait", settings, (say.WAIT, say.HEALTHY, say.ON_BREACH)


def _message(facts: Facts, known: Known) -> Found | None:
    template = known.templates.get(quoted(_first(facts, say.SEND)))
    if template is None:
        return None
    due = _due(plain(_first(facts, say.DUE)))
    settings: dict[str, object] = {"template": template, **({"due": due} if due else {})}
    return "message", settings, (say.SEND, say.DUE) if due else (say.SEND,)


def _due(said: str) -> str:
    found = _DUE.fullmatch(said)
    if found is None:
        return ""
    if not found[1]:
        return found[3]
    offset_s = lasted(found[1])
    return "" if offset_s is None else f"{found[3]}{'+' if found[2] == 'after' else '-'}{written(offset_s)}"


def _signoff(facts: Facts, known: Known) -> Found | None:
    role = known.role(_first(facts, say.SIGNOFF))
    if role not in known.roles.values():
        return None
    settings: dict[str, object] = {"role": role}
    labels = [say.SIGNOFF, say.FOUR_EYES]
    if say.FOUR_EYES in facts:
        settings["four_eyes"] = True
    named = plain(_first(facts, say.NOT_BY)).split("; ") if say.NOT_BY in facts else []
    barred = [known.step(each) or known.roles.get(each, "") for each in named]
    if barred and all(barred):
        settings["not_by"] = barred
        labels.append(say.NOT_BY)
    return "signoff", settings, tuple(labels)


def _decision(facts: Facts, known: Known) -> Found | None:
    choices = [_choice(each, known) for each in facts.get(say.CHOICES, ())]
    if len(choices) < 2 or None in choices:
        return None
    settings: dict[str, object] = {"choices": choices}
    by = plain(_first(facts, say.DECISION))
    if by != say.ANYBODY:
        role = known.role(by)
        if role not in known.roles.values():
            return None
        settings["role"] = role
    return "decision", settings, (say.DECISION, say.CHOICES)


def _choice(said: str, known: Known) -> dict[str, object] | None:
    name = next(iter(spans(said)), "")
    title = plain(said).removeprefix(name).strip()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return None
    choice: dict[str, object] = {"id": name}
    before, opened, aside = title.rpartition(" (")
    notes = _NOTES.fullmatch(aside.removesuffix(")")) if opened and aside.endswith(")") else None
    if notes is not None and aside != ")":
        title = before
        if notes[1]:
            choice["stop"] = True
        if notes[2]:
            plan = known.plans.get(notes[2])
            if plan is None:
                return None
            choice["rollback"] = plan
    return {**choice, "title": known.text(title)} if title else choice


def _record(facts: Facts, known: Known) -> Found | None:
    name = next(iter(spans(_first(facts, say.RECORD))), "")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in known.records:
        return None
    settings: dict[str, object] = {"name": name}
    if question := known.text(plain(_first(facts, say.QUESTION))):
        settings["prompt"] = question
    if say.NUMBER in facts:
        settings["type"] = "number"
        unit = plain(_first(facts, say.NUMBER))
        if unit.startswith("in "):
            settings["unit"] = unit.removeprefix("in ")
    if pattern := next(iter(spans(_first(facts, say.PATTERN))), ""):
        settings["pattern"] = pattern
    return "record", settings, (say.RECORD, say.QUESTION, say.NUMBER, say.PATTERN)


def _look(facts: Facts, known: Known) -> Found | None:
    after, _, since = plain(_first(facts, say.LOOK)).partition(" after ")
    delay_s = lasted(after)
    event = {say.OF_RUN: "start", say.OF_WINDOW: "window"}.get(since) or known.step(since)
    if delay_s is None or not event:
        return None
    settings: dict[str, object] = {"since": event, "delay": delay_s}
    if (interval_s := lasted(plain(_first(facts, say.EVERY)))) is not None:
        settings["interval"] = interval_s
    return "checkpoint", settings, (say.LOOK, say.EVERY)


_READERS = (
    (say.WAIT, _wait),
    (say.SEND, _message),
    (say.SIGNOFF, _signoff),
    (say.DECISION, _decision),
    (say.RECORD, _record),
    (say.LOOK, _look),
)
