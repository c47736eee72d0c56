"""A runbook that `cockpit show --format md` printed, read back part by part, also after people edited it.

Its headings and labels say what everything is, so nothing is guessed as in other runbooks. What does not look as it is
printed, a section or box that somebody added, is read as in any runbook.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from cockpit.importing.asking import ask_all
from cockpit.importing.blocks import Block, Document, Fence, Heading, Item, Paragraph, Section
from cockpit.importing.draft import Draft, DraftPhase, DraftPlan
from cockpit.importing.grouping import section_last
from cockpit.importing.items import Where, read_item
from cockpit.importing.naming import slug
from cockpit.importing.parsing import plain
from cockpit.importing.printed_around import read_tasks, read_templates, read_triggers
from cockpit.importing.printed_steps import is_printed, last_of, raw, read_step, title_of
from cockpit.importing.printed_tables import contacts, probes, roles, variables, window
from cockpit.importing.printed_text import Known, labelled, spans, without_estimate
from cockpit.profile.markdown import labels as say
from cockpit.profile.markdown.words import ORDERS, PRINTED, STAGES
from cockpit.profile.sources import LIMIT_BYTES

if TYPE_CHECKING:
    from cockpit.profile.model import PhaseOrder, Stage

_PHASE = re.compile(r"Phase (R?\d{1,5}): (.+)", re.DOTALL)
_PLAN = re.compile(r"Rollback plan \d{1,5}: (.+)", re.DOTALL)
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
    return bool(blocks) and isinstance(blocks[0], Paragraph) and blocks[0].text.endswith(PRINTED)


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
        if said := self._described(top.blocks[1:], "description"):
            draft.description.append(said)
        for section in top.sections:
            self._section(section)
        known.declare()
        return known.passes(draft.built("a", "e", production=False))

    def _define(self, top: Section) -> None:
        """Window, tables and everything that can be named, in the order in which ids are given."""
        draft, known = self._draft, self._known
        for section in top.sections:
            named = _plain(section)
            if named == "Maintenance window":
                window(section, draft, known)
            elif named == "Reference":
                tables = {_plain(each): each for each in section.sections}
                for name, read in _TABLES.items():
                    if name in tables:
                        read(tables[name], draft, known)
                known.keep_sound()
                known.watch()
            elif found := _PLAN.fullmatch(named):
                known.plans.setdefault(found[1], self._take(section, draft.take_id("rollbacks", found[1], "rollback")))
            elif named == "Message templates":
                for each in section.sections:
                    template_id = self._take(each, draft.take_id("templates", _plain(each), "template"))
                    known.templates.setdefault(_plain(each), template_id)
        for section in (*top.sections, *(inner for each in top.sections for inner in each.sections)):
            if (phase := _PHASE.fullmatch(_plain(section))) is not None:
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
        draft, known, named = self._draft, self._known, _plain(section)
        heading = section.heading
        assert heading is not None
        if (phase := _PHASE.fullmatch(named)) is not None:
            draft.phases.append(self._phase(section, phase[2]))
        elif (plan := _PLAN.fullmatch(named)) is not None:
            self._plan(section, plan[1])
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
            if _plain(each) in _TABLES:
                assert each.heading is not None
                self._draft.ledger.give(each.heading.first, each.heading.last, became)
            else:
                self._draft.ledger.leave(
                    each.heading.first if each.heading else 0, section_last(each), "an import takes over none of them"
                )

    def _phase(self, section: Section, title: str) -> DraftPhase:
        draft, known = self._draft, self._known
        assert section.heading is not None
        phase_id = known.ids[section.heading.first]
        phase = DraftPhase(id=phase_id, title=known.text(without_estimate(title)[0]), stage="window")
        draft.ledger.give(section.heading.first, section.heading.last, f"phase {phase_id}")
        blocks = list(section.blocks)
        at = next((at for at, each in enumerate(blocks) if _is_step(each)), len(blocks))
        if said := self._described(self._facts(blocks[:at], phase), f"phase {phase_id}"):
            phase.description.append(said)
        for block in blocks[at:]:
            if isinstance(block, Item) and is_printed(block):
                read_step(block, phase, draft, known)
            elif isinstance(block, Item):
                read_item(block, Where(phase=phase), draft)
            else:
                draft.ledger.leave(block.first, last_of(block), "it stands between two steps")
        for each in section.sections:
            self._other(each)
        return phase

    def _facts(self, blocks: list[Block], phase: DraftPhase) -> list[Block]:
        """Take the labelled paragraphs that a phase begins with; the blocks that are left describe it."""
        left: list[Block] = []
        while blocks:
            block = blocks.pop(0)
            values, taken = _values(block, blocks)
            label = (labelled(block.text) or ("", ""))[0] if isinstance(block, Paragraph) else ""
            understood = False
            if label == say.STAGE and values:
                understood = _is_staged(plain(values[0]), phase)
            elif label in (say.ENTERED, say.LEFT) and (conditions := self._known.conditions(values)):
                understood = True
                if label == say.ENTERED:
                    phase.gate = conditions
                else:
                    phase.exit = conditions
            if understood:
                self._draft.ledger.give(block.first, last_of(([block, *blocks[:taken]])[-1]), f"phase {phase.id}")
                del blocks[:taken]
            else:
                left.append(block)
        return left

    def _described(self, blocks: Sequence[Block], became: str) -> str:
        """Blocks as they are written, with the lines between those that follow one another."""
        said = ""
        for block, before in zip(blocks, (None, *blocks), strict=False):
            first, last = block.first, last_of(block)
            self._draft.ledger.give(first, last, became)
            since = last_of(before) + 1 if before is not None else first
            gap = self._draft.ledger.source.lines[since - 1 : first - 1]
            joint = "\n" * (len(gap) + 1) if not any(map(str.strip, gap)) else "\n\n"
            said += (joint if before is not None else "") + raw(self._draft, first, last)
        return self._known.text(said)

    def _plan(self, section: Section, title: str) -> None:
        draft, known = self._draft, self._known
        assert section.heading is not None
        plan = DraftPlan(id=known.ids[section.heading.first], title=known.text(title))
        draft.plans.append(plan)
        draft.ledger.give(section.heading.first, section.heading.last, f"rollback plan {plan.id}")
        blocks, left = list(section.blocks), list[Block]()
        while blocks:
            block = blocks.pop(0)
            values, taken = _values(block, blocks)
            label = (labelled(block.text) or ("", ""))[0] if isinstance(block, Paragraph) else ""
            when = known.conditions(values, since=True) if label == say.FITS else ()
            if when or (label == say.FITS and values == [say.ALWAYS]) or (label == say.LOSS and values):
                plan.when = when or plan.when
                plan.data_loss = known.text(plain(values[0])) if label == say.LOSS else plan.data_loss
                draft.ledger.give(block.first, last_of(([block, *blocks[:taken]])[-1]), f"rollback plan {plan.id}")
                del blocks[:taken]
            else:
                left.append(block)
        if said := self._described(left, f"rollback plan {plan.id}"):
            plan.description.append(said)
        for each in section.sections:
            if (phase := _PHASE.fullmatch(_plain(each))) is not None:
                plan.phases.append(self._phase(each, phase[2]))
            else:
                self._other(each)


def _system(block: Block) -> str:
    """The system that the paragraph below the title names, behind its environment."""
    return next(iter(spans(block.text)[1:-1]), "") if isinstance(block, Paragraph) else ""


def _plain(section: Section) -> str:
    return plain(section.heading.text) if isinstance(section.heading, Heading) else ""


def _is_step(block: Block) -> bool:
    return isinstance(block, Item) and block.checked is not None


def _values(block: Block, after: list[Block]) -> tuple[list[str], int]:
    """What a labelled paragraph says: beside the label, or as the items that follow it; and how many these are."""
    said = labelled(block.text) if isinstance(block, Paragraph) else None
    if said is None:
        return [], 0
    if said[1]:
        return [said[1]], 0
    values: list[str] = []
    for each in after:
        if not isinstance(each, Item) or each.checked is not None or isinstance(each, Fence):
            break
        values.append(each.text)
    return values, len(values)


def _is_staged(said: str, phase: DraftPhase) -> bool:
    """Whether a text is the stage and order of a phase, which then has them."""
    stage, _, order = said.partition(", ")
    stages: dict[str, Stage] = {words: name for name, words in STAGES.items()}
    orders: dict[str, PhaseOrder] = {words: name for name, words in ORDERS.items()}  # type: ignore[misc]  # its keys
    if stage not in stages:
        order = said
    if order not in orders or (stage not in stages and not order):
        return False
    phase.stage, phase.order = stages.get(stage, phase.stage), orders[order]
    return True
