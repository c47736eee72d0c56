"""Phases and steps as lists with boxes: what is done, and below it who, under which conditions, and how to undo it."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.profile.markdown import labels as say
from cockpit.profile.markdown.acting import acting
from cockpit.profile.markdown.asked import asked
from cockpit.profile.markdown.book import Book
from cockpit.profile.markdown.escaping import indented, prose
from cockpit.profile.markdown.facts import Fact, bullets, paragraphs, short_or_long, told
from cockpit.profile.markdown.words import LEVELS, ORDERS, RISKS, STAGES, headed, lasting
from cockpit.profile.model import Phase, Step

AFTER_INSTRUCTIONS = "<!-- end of the instructions -->"
"""Between instructions that end with code and a step that has none."""


def phase(book: Book, declared: Phase, depth: int, *, staged: bool) -> list[str]:
    """A phase with its heading of `depth`; `staged`: it belongs to the walk, and says when."""
    title = book.text(declared.title or declared.id)
    lines = [f"{'#' * depth} {headed(book.numbers[declared.id], declared, title)}", ""]
    if description := prose(book.filled(declared.description)):
        lines += [*description, ""]
    lines += paragraphs(told(book, ((say.ENTERED, declared.gate), (say.LEFT, declared.exit))))
    # Last, for a list of conditions would be one with the list of steps.
    when = [STAGES[declared.stage] if staged else "", ORDERS[declared.order]]
    if any(when):
        lines += paragraphs([Fact(say.STAGE, (", ".join(filter(None, when)),))])
    for each in declared.steps:
        lines += [*step(book, each), ""]
    return lines


def step(book: Book, declared: Step) -> list[str]:
    """A step with its box."""
    asides = [f"({each})" for each in (LEVELS[declared.level], _estimate(declared)) if each]
    head = f"**{book.numbers[declared.id]} {book.text(declared.title or declared.id)}**"
    lines = [f"- [ ] {' '.join([head, *asides])}"]
    body: list[str] = []
    if instructions := prose(book.filled(declared.instructions)):
        body += ["", *instructions]
    done = acting(book, declared)
    if done.code:
        body += ["", *done.code]
    elif instructions and not instructions[-1].rpartition("\n")[2].strip("`~"):
        body += ["", AFTER_INSTRUCTIONS]
    if facts := [*_facts(book, declared), *asked(book, declared), *done.facts, *_afterwards(book, declared)]:
        body += ["", *bullets(facts)]
    return [*lines, *indented(body)]


def _estimate(declared: Step) -> str:
    return lasting(declared.estimate_s) if declared.estimate_s else ""


def _facts(book: Book, declared: Step) -> list[Fact]:
    facts = []
    if declared.claimed:
        facts.append(Fact(say.CLAIMED, (book.text(declared.claimed),)))
    if declared.owner:
        facts.append(Fact(say.OWNER, (book.role(declared.owner),)))
    if declared.risk != "routine":
        facts.append(Fact(say.RISK, (RISKS[declared.risk],)))
    if declared.undoes:
        facts.append(Fact(say.UNDOES, (book.each(declared.undoes),)))
    return facts + told(book, ((say.ONLY_IF, declared.only_if), (say.REQUIRES, declared.requires)))


def _afterwards(book: Book, declared: Step) -> Sequence[Fact]:
    facts = told(book, ((say.GATE, declared.gate),))
    if declared.on_failure:
        facts.append(Fact(say.ON_FAILURE, (f"roll back by “{book.plan(declared.on_failure)}”",)))
    if undo := prose(book.filled(declared.rollback)):
        facts.append(short_or_long(say.UNDO, undo))
    return facts
