"""A runbook that `cockpit show --format md` printed, read back part by part, also after people edited it.

Its headings and labels say what everything is, so nothing is guessed as in other runbooks. What does not look as it is
printed, a section or box that somebody added, is read as in any runbook.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy

from cockpit.importing.asking import ask_all
from cockpit.importing.blocks import Block, Document, Item, Paragraph, Section
from cockpit.importing.draft import Draft
from cockpit.importing.grouping import section_last
from cockpit.importing.naming import slug
from cockpit.importing.parsing import plain
from cockpit.importing.printed_around import read_tasks, read_templates, read_triggers
from cockpit.importing.printed_phases import PHASE, PLAN, described, named_by, read_phase, read_plan
from cockpit.importing.printed_steps import is_printed, last_of, title_of
from cockpit.importing.printed_tables import contacts, probes, roles, variables, window
from cockpit.importing.printed_text import Known, spans, without_estimate
from cockpit.profile.markdown.words import PRINTED
from cockpit.profile.sources import LIMIT_BYTES

_TABLES: dict[str, Callable[[Section, Draft, Known], None]] = {
    "Roles": roles,
    "Variables": variables,
    "Probes": probes,
}


def read_printed(document: Document, draft: Draft, other: Callable[[Draft], Callable[[Section], None]]) -> bool:
    """Read such a document into a draft; `other` reads a section that is none of those that are printed.

    False, and the draft is as it was: it is none, or people made something of it that `check` would not take.
    """
    if not _is_printed(document) or sum(map(len, draft.ledger.source.lines)) > LIMIT_BYTES:
        return False
    before = deepcopy(vars(draft))
    if _Reading(document, draft, other(draft)).read():
        return True
    vars(draft).update(before)
    return False


def _is_printed(document: Document) -> bool:
    """It says that it was printed, in the first paragraph below its one title."""
    tops = document.root.sections
    blocks = tops[0].blocks if len(tops) == 1 and not document.root.blocks else ()
    return bool(blocks) and isinstance(blocks[0], Paragraph) and PRINTED in blocks[0].text


class _Reading:
    """One such document being read into a draft."""

    def __init__(self, document: Document, draft: Draft, other: Callable[[Section], None]) -> None:
        self._document = document
        self._draft = draft
        self._other = other
        self._known = Known(draft)

    def read(self) -> bool:
        """Read all of it: first what is defined, then what refers to it. Whether `check` would take the result."""
        draft, known = self._draft, self._known
        ask_all(self._document.root, draft.ledger)
        top = self._document.root.sections[0]
        assert top.heading is not None
        self._define(top)
        system, title = _system(top.blocks[0]), plain(top.heading.text)
        draft.system = draft.system or slug(system)
        draft.title = draft.title or ("" if title == system else known.text(title))
        draft.ledger.give(top.heading.first, top.blocks[0].last, "title")
        if said := described(top.blocks[1:], "description", draft, known):
            draft.description.append(said)
        for section in top.sections:
            self._section(section)
        known.declare()
        return known.passes(draft.built("a", "e", production=False))

    def _define(self, top: Section) -> None:
        """Window, tables and everything that can be named, in the order in which ids are given."""
        draft, known = self._draft, self._known
        for section in top.sections:
            named = named_by(section)
            if named == "Maintenance window":
                window(section, draft, known)
            elif named == "Reference":
                tables = {named_by(each): each for each in section.sections}
                for name, read in _TABLES.items():
                    if name in tables:
                        read(tables[name], draft, known)
                known.keep_sound()
                known.watch()
            elif found := PLAN.fullmatch(named):
                known.plans.setdefault(found[1], self._take(section, draft.take_id("rollbacks", found[1], "rollback")))
            elif named == "Message templates":
                for each in section.sections:
                    template_id = self._take(each, draft.take_id("templates", named_by(each), "template"))
                    known.templates.setdefault(named_by(each), template_id)
        for section in (*top.sections, *(inner for each in top.sections for inner in each.sections)):
            if (phase := PHASE.fullmatch(named_by(section))) is not None:
                self._define_phase(section, phase)

    def _define_phase(self, section: Section, named: re.Match[str]) -> None:
        draft, known = self._draft, self._known
        known.numbers.setdefault(
            named[1], self._take(section, draft.step_ids.take(without_estimate(named[2])[0], "phase"))
        )
        for block in section.blocks:
            if isinstance(block, Item) and is_printed(block):
                number, title = title_of(block)
                known.ids[block.first] = draft.step_ids.take(title, "step")
                known.numbers.setdefault(number, known.ids[block.first])
                if not named[1].startswith("R"):
                    known.walked.append(known.ids[block.first])

    def _take(self, section: Section, part_id: str) -> str:
        assert section.heading is not None
        self._known.ids[section.heading.first] = part_id
        return part_id

    def _section(self, section: Section) -> None:
        draft, known, named = self._draft, self._known, named_by(section)
        heading = section.heading
        assert heading is not None
        if PHASE.fullmatch(named):
            draft.phases.append(read_phase(section, draft, known, self._other))
        elif PLAN.fullmatch(named):
            draft.plans.append(read_plan(section, draft, known, self._other))
        elif named == "Contents":
            draft.ledger.lay(heading.first, section_last(section), "table of contents")
        elif named in ("Maintenance window", "Reference"):
            self._told(section, "window" if named != "Reference" else "reference")
        elif named == "Contacts":
            contacts(section, draft, known)
            draft.ledger.give(heading.first, heading.last, "contacts")
        elif named == "Rollback triggers":
            read_triggers(section, draft, known)
        elif named == "Message templates":
            read_templates(section, draft, known)
        elif named == "Follow-up tasks":
            read_tasks(section, draft, known)
        else:
            self._other(section)

    def _told(self, section: Section, became: str) -> None:
        """What was taken up while it was defined; the rest of it says nothing that a profile is made of."""
        assert section.heading is not None
        self._draft.ledger.give(section.heading.first, section.heading.last, became)
        for block in section.blocks:
            self._draft.ledger.give(block.first, last_of(block), became)
        for each in section.sections:
            if named_by(each) in _TABLES:
                assert each.heading is not None
                self._draft.ledger.give(each.heading.first, each.heading.last, became)
            else:
                self._draft.ledger.leave(
                    each.heading.first if each.heading else 0, section_last(each), "an import takes over none of them"
                )


def _system(block: Block) -> str:
    """The system that the paragraph below the title names, behind its environment."""
    said = block.text.partition(PRINTED)[0] if isinstance(block, Paragraph) else ""
    return next(iter(spans(said)[1:]), "")
