"""The whole document, in the order in which it is reviewed: what and when, who, what is done, what if it goes wrong."""

from __future__ import annotations

import re

from cockpit.profile.markdown import around
from cockpit.profile.markdown.book import Book
from cockpit.profile.markdown.escaping import anchor, code, joined, prose
from cockpit.profile.markdown.reference import reference
from cockpit.profile.markdown.steps import phase
from cockpit.profile.markdown.words import PRINTED
from cockpit.profile.model import Profile

_LONG_STEPS = 15
_HEADING = re.compile(r"#{1,6} ")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def markdown(profile: Profile, *, partial: bool = False) -> str:
    """The profile as a runbook, in CommonMark with GitHub's tables and boxes; ends with one newline.

    A `partial` one says that it is a base. Equal profiles give equal texts.
    """
    book = Book(profile)
    lines = [
        f"# {book.text(profile.title or profile.id or 'A base of profiles')}",
        "",
        _about(profile, partial=partial),
        "",
    ]
    if description := prose(book.filled(profile.description)):
        lines += [*description, ""]
    body = _body(book)
    if len(profile.every_step()) > _LONG_STEPS:
        lines += ["## Contents", "", *_contents(body), ""]
    return joined(lines + body)


def _about(profile: Profile, *, partial: bool) -> str:
    named = code(profile.environment) or "not said here"
    where = f"environment {named} of system {code(profile.id) or 'not said here'}"
    said = f"**PRODUCTION**: {where}." if profile.production else f"{where[0].upper()}{where[1:]}."
    base = " **A base: what its heirs add is missing, and it is never run.**" if partial else ""
    return f"{said}{base} {PRINTED}"


def _body(book: Book) -> list[str]:
    profile = book.profile
    lines = around.window(book, profile.window) if profile.window is not None else []
    lines += around.contacts(book)
    for each in profile.phases:
        lines += phase(book, each, 2, staged=True)
    lines += around.triggers(book)
    for number, plan in enumerate(profile.rollbacks, 1):
        lines += around.plan(book, number, plan)
    return [*lines, *around.templates(book), *around.tasks(book), *reference(book)]


def _contents(body: list[str]) -> list[str]:
    """Links to the headings of the second level."""
    seen: dict[str, int] = {}
    links = []
    for each in body:
        if not _HEADING.match(each):
            continue
        text = each.lstrip("#").strip()
        name = anchor(_ESCAPED.sub(r"\1", text.replace("`", "")))
        count = seen[name] = seen.get(name, -1) + 1
        if each.startswith("## "):
            links.append(f"- [{text}](#{name}{f'-{count}' if count else ''})")
    return links
