"""Sections of a runbook, each read after what it is for."""

from __future__ import annotations

import re

from msgspec import Struct

from cockpit.importing.around import read_tasks, read_triggers
from cockpit.importing.asking import ask_all
from cockpit.importing.blocks import Block, Document, Paragraph, Section
from cockpit.importing.details import details, give
from cockpit.importing.draft import Draft, DraftPhase, DraftPlan
from cockpit.importing.grouping import (
    are_alternatives,
    are_choices,
    asks,
    holds_letters,
    holds_prose_alone,
    is_grouped,
    is_title,
    is_told,
    section_last,
    walks,
    wants_doing,
)
from cockpit.importing.items import Where
from cockpit.importing.meaning import Meaning, meaning_of
from cockpit.importing.naming import Title, read_title
from cockpit.importing.notices import read_templates
from cockpit.importing.people import read_contacts
from cockpit.importing.placeholders import literal
from cockpit.importing.quantities import duration_s
from cockpit.importing.schedule import find_labelled, find_window, read_schedule
from cockpit.importing.signing_off import read_signoffs
from cockpit.importing.steps import look_step, prose_step, read_blocks
from cockpit.profile.model import Stage

_STICKY: tuple[Meaning, ...] = (
    "before", "rollback", "triggers", "contacts", "templates", "signoff", "success", "tasks", "troubleshooting",
    "schedule", "contents",
)  # fmt: skip
_STRONG: tuple[Meaning, ...] = ("contacts", "templates", "triggers", "contents")
"""These are what they say wherever they stand."""
_WITHIN = re.compile(
    r"([<>]|less than|within|under|more than|after|over)\s*(\d+)\s*(minutes?|hours?|days?)", re.IGNORECASE
)
_LATER = (">", "more than", "after", "over")


class Above(Struct, frozen=True, kw_only=True):
    """What a section stands in."""

    meaning: Meaning = "unknown"
    titles: tuple[str, ...] = ()
    phase: DraftPhase | None = None
    """Whose steps those of a "Step 3" belong to."""
    grouped: bool = False
    """It holds nothing but short sections of code: they are steps of its phase, and no phases."""
    plan: DraftPlan | None = None
    optional: bool = False
    """It holds alternatives, of which a team needs some."""


class Reading:
    """One runbook being read into a draft."""

    def __init__(self, document: Document, draft: Draft) -> None:
        self._document = document
        self._draft = draft
        self._stage: Stage = "before" if any(walks(section) for section in document.root.sections) else "window"

    def read(self) -> None:
        """Read all of it."""
        draft, root = self._draft, self._document.root
        ask_all(root, draft.ledger)
        self._find_window(root)
        if self._document.front_last:
            draft.ledger.give(1, self._document.front_last, "title and description")
            title = self._document.front.get("title") or self._document.front.get("name")
            draft.title = draft.title or (str(title) if title else "")
        self._top(root.blocks, "Steps")
        tops = root.sections
        if len(tops) == 1 and tops[0].heading is not None:
            draft.title = draft.title or read_title(tops[0].heading.text).text
            if is_title(tops[0]):
                draft.ledger.give(tops[0].heading.first, tops[0].heading.last, "title")
                self._top(tops[0].blocks, read_title(tops[0].heading.text).text)
                tops = tops[0].sections
        for section in tops:
            self._section(section, Above())

    def read_section(self, section: Section) -> None:
        """Read one section alone, as if it stood at the top."""
        self._section(section, Above())

    def _top(self, blocks: tuple[Block, ...], title: str) -> None:
        """What stands above all sections describes the whole, unless it asks for something."""
        if asks(blocks):
            self._own(blocks, self._phase(title, Above(), "unknown"), "")
            return
        for block in blocks:
            if isinstance(block, Paragraph):
                self._draft.description.append("\n".join(line.rstrip() for line in block.text.split("\n")))
                self._draft.ledger.give(block.first, block.last, "description")
            else:
                self._draft.ledger.lay(block.first, block.last, "layout")

    def _find_window(self, section: Section) -> None:
        if section.heading is not None and meaning_of(read_title(section.heading.text).text) == "schedule":
            find_window(section, self._draft)
        elif section.heading is None or section.heading.level == 1:
            find_labelled(section.blocks, self._draft)
        for each in section.sections:
            self._find_window(each)

    def _section(self, section: Section, above: Above) -> None:
        assert section.heading is not None
        heading, draft = section.heading, self._draft
        title = read_title(heading.text)
        own = meaning_of(title.text)
        sticks = above.meaning in _STICKY and own not in _STRONG
        inside = Above(
            meaning=above.meaning if sticks or own == "unknown" else own,
            titles=(*above.titles, title.text),
            phase=above.phase,
            grouped=above.grouped,
            plan=above.plan,
            optional=above.optional,
        )
        match inside.meaning:
            case _ if holds_letters(section):
                read_templates(section, draft)
            case "contents":
                draft.ledger.lay(heading.first, section_last(section), "table of contents")
            case "contacts":
                read_contacts(section, draft)
            case "templates":
                read_templates(section, draft)
            case "triggers":
                read_triggers(section, draft)
            case "schedule" if above.plan is None:
                ending = self._phase(f"{title.text}: the end", above, "schedule")
                ending.stage = "window"
                read_schedule(section, draft, self._phase(title.text, above, "schedule"), ending)
            case "tasks" if read_tasks(section, draft):
                pass
            case "signoff" if above.plan is None:
                read_signoffs(section, draft, self._phase(title.text, above, "signoff"))
            case "rollback" | "troubleshooting" if above.plan is None:
                self._plans(section, title, inside)
            case _:
                self._phases(section, title, inside)

    def _phases(self, section: Section, title: Title, inside: Above) -> None:
        assert section.heading is not None
        heading, draft = section.heading, self._draft
        is_choice = are_choices(title.text)
        if inside.phase is not None and (title.numbered == "step" or inside.grouped):
            phase = inside.phase
            before, described = len(phase.steps), len(phase.description)
            if not holds_prose_alone(section):
                self._own(section.blocks, phase, title.text)
            if len(phase.steps) == before and section.blocks:
                del phase.description[described:]
                prose_step(title, section.blocks, phase, draft, heading.first)
            became = f"step {phase.steps[before].id}" if len(phase.steps) > before else f"phase {phase.id}"
            draft.ledger.give(heading.first, heading.last, became)
        else:
            phase = self._phase(title.text, inside, inside.meaning)
            phase.optional = phase.optional or is_choice
            phase.estimate_s = title.estimate_s
            if phase.stage == "after" and title.after_s:
                look_step(title, title.after_s, phase, draft, heading.first)
            self._content(section, title, phase, inside.meaning)
            draft.ledger.give(heading.first, heading.last, f"phase {phase.id}")
        below = Above(
            meaning=inside.meaning,
            titles=inside.titles,
            phase=phase,
            plan=inside.plan,
            grouped=is_grouped(section) and not is_choice,
            optional=inside.optional or is_choice,
        )
        if below.optional and not inside.optional:
            draft.note(heading.first, f"of what stands under “{title.text}” keep what is yours: its steps are optional")
        for each in section.sections:
            self._section(each, below)
        if phase is not inside.phase and not phase.steps:
            self._hand_down(phase, title.text, inside.plan)

    def _hand_down(self, empty: DraftPhase, title: str, plan: DraftPlan | None) -> None:
        """A phase without steps is none: what it said describes those that came out of its sections."""
        phases = plan.phases if plan is not None else self._draft.phases
        heirs = [phase for phase in phases[phases.index(empty) + 1 :] if phase.steps]
        ledger = self._draft.ledger
        for heir in heirs:
            heir.description[:0] = [literal(title)] if title else []
        if heirs:
            at = 1 if title else 0
            heirs[0].description[at:at] = empty.description
            ledger.rename(f"phase {empty.id}", f"description of phase {heirs[0].id}")
            ledger.rename(f"description of phase {empty.id}", f"description of phase {heirs[0].id}")
        else:
            ledger.withdraw(f"phase {empty.id}", "nothing to be done stands under it")
            ledger.withdraw(f"description of phase {empty.id}", "prose, and nothing to be done beside it")
        phases.remove(empty)

    def _plans(self, section: Section, title: Title, inside: Above) -> None:
        """Ways back: one plan, or one for each section in it if they are alternatives."""
        assert section.heading is not None
        if not are_alternatives(section):
            self._plan(section, title, inside)
            return
        self._draft.ledger.give(section.heading.first, section.heading.last, "rollback plans")
        for block in section.blocks:
            self._draft.ledger.leave(block.first, block.last, "prose above several rollback plans")
        for each in section.sections:
            assert each.heading is not None
            named = read_title(each.heading.text)
            strong = meaning_of(named.text)
            if strong in _STRONG:
                self._section(each, inside)
            else:
                self._plan(each, named, inside)

    def _plan(self, section: Section, title: Title, inside: Above) -> None:
        draft = self._draft
        assert section.heading is not None
        plan = DraftPlan(
            id=draft.take_id("rollbacks", title.text, "rollback"),
            title=title.text,
            within=_within(section.heading.text),
            is_advice=inside.meaning == "troubleshooting",
        )
        draft.plans.append(plan)
        draft.ledger.give(section.heading.first, section.heading.last, f"rollback plan {plan.id}")
        phase = self._phase(title.text, Above(plan=plan), inside.meaning)
        self._content(section, title, phase, inside.meaning)
        below = Above(meaning=inside.meaning, titles=inside.titles, phase=phase, plan=plan, grouped=is_grouped(section))
        for each in section.sections:
            self._section(each, below)
        if not phase.steps:
            self._hand_down(phase, "", plan)
        if not plan.phases:
            draft.plans.remove(plan)
            draft.ledger.withdraw(f"rollback plan {plan.id}", "nothing to be done stands under it")

    def _content(self, section: Section, title: Title, phase: DraftPhase, meaning: Meaning) -> None:
        """A section's own blocks as the steps of its phase. Where nothing is walked, prose and bullets describe."""
        assert section.heading is not None
        if meaning == "reference" and section.blocks and is_told(section.blocks):
            self._draft.description.append(f"**{literal(title.text)}**")
            self._draft.ledger.give(section.heading.first, section.heading.last, "description")
            for block in section.blocks:
                if said := details([block], self._draft):
                    self._draft.description.append(said)
                    give(block, "description", self._draft)
        elif meaning != "reference" and holds_prose_alone(section) and sum(map(wants_doing, section.blocks)) == 1:
            prose_step(title, section.blocks, phase, self._draft, section.heading.first)
        else:
            self._own(section.blocks, phase, "")

    def _own(self, blocks: tuple[Block, ...], phase: DraftPhase, heading: str) -> None:
        read_blocks(blocks, Where(phase=phase, heading=heading), self._draft)

    def _phase(self, title: str, above: Above, meaning: Meaning) -> DraftPhase:
        """A new phase where the run stands by now; it is dropped if no step comes."""
        if meaning == "walk" and self._stage == "before":
            self._stage = "window"
        elif meaning in ("monitoring", "success", "tasks") and self._stage == "window":
            self._stage = "after"
        stage: Stage = "before" if meaning in ("before", "schedule") else self._stage
        if meaning == "signoff" and any(each.stage == "before" and each.steps for each in self._draft.phases):
            stage = "before"
        phases = above.plan.phases if above.plan is not None else self._draft.phases
        taken = {each.title for each in phases if each.steps}
        if title in taken and len(above.titles) > 1:
            title = f"{above.titles[-2]}: {title}"
        phase = DraftPhase(
            id=self._draft.step_ids.take(title, "phase"),
            title=title,
            stage="window" if above.plan else stage,
            optional=above.optional,
        )
        phases.append(phase)
        return phase


def _within(heading: str) -> tuple[str, float] | None:
    """What a heading says of when a plan fits: `< 1 hour after deployment`."""
    found = _WITHIN.search(heading)
    seconds = duration_s(f"{found[2]} {found[3]}") if found is not None else None
    if found is None or seconds is None:
        return None
    return (">" if found[1].lower() in _LATER else "<", seconds)
