"""Sections of a runbook, each read after what it is for."""

from __future__ import annotations

from msgspec import Struct

from cockpit.importing.around import read_contacts, read_schedule, read_tasks, read_templates, read_triggers
from cockpit.importing.asking import ask_all
from cockpit.importing.blocks import Block, Document, Fence, Item, Paragraph, Section, Table
from cockpit.importing.draft import Draft, DraftPhase, DraftPlan
from cockpit.importing.meaning import Meaning, meaning_of
from cockpit.importing.naming import Title, read_title
from cockpit.importing.signing_off import read_signoffs
from cockpit.importing.steps import Where, read_blocks
from cockpit.profile.model import Stage

_STICKY: tuple[Meaning, ...] = (
    "before", "rollback", "triggers", "contacts", "templates", "signoff", "success", "tasks", "troubleshooting",
    "schedule", "contents",
)  # fmt: skip


class Above(Struct, frozen=True, kw_only=True):
    """What a section stands in."""

    meaning: Meaning = "unknown"
    titles: tuple[str, ...] = ()
    phase: DraftPhase | None = None
    """Whose steps those of a "Step 3" belong to."""
    plan: DraftPlan | None = None


class Reading:
    """One runbook being read into a draft."""

    def __init__(self, document: Document, draft: Draft) -> None:
        self._document = document
        self._draft = draft
        self._stage: Stage = "before" if any(self._walks(section) for section in document.root.sections) else "window"

    def read(self) -> None:
        """Read all of it."""
        draft, root = self._draft, self._document.root
        ask_all(root, draft.ledger)
        if self._document.front_last:
            draft.ledger.give(1, self._document.front_last, "title and description")
            title = self._document.front.get("title") or self._document.front.get("name")
            draft.title = draft.title or (str(title) if title else "")
        if not root.sections or any(isinstance(block, Item | Fence | Table) for block in root.blocks):
            self._own(root.blocks, self._phase("Steps", Above(), "unknown"), "", "unknown")
        else:
            self._describe(root.blocks)
        tops = root.sections
        if len(tops) == 1 and tops[0].heading is not None:
            title_of_all = read_title(tops[0].heading.text)
            draft.title = draft.title or title_of_all.text
            draft.ledger.give(tops[0].heading.first, tops[0].heading.last, "title")
            if any(isinstance(block, Item | Fence | Table) for block in tops[0].blocks):
                self._own(tops[0].blocks, self._phase(title_of_all.text, Above(), "unknown"), "", "unknown")
            else:
                self._describe(tops[0].blocks)
            tops = tops[0].sections
        for section in tops:
            self._section(section, Above())

    def _walks(self, section: Section) -> bool:
        heading = section.heading
        if heading is not None and heading.level > 1 and meaning_of(read_title(heading.text).text) == "walk":
            return True
        return any(self._walks(inner) for inner in section.sections)

    def _describe(self, blocks: tuple[Block, ...]) -> None:
        for block in blocks:
            if isinstance(block, Paragraph):
                self._draft.description.append(block.text)
                self._draft.ledger.give(block.first, block.last, "description")
            else:
                self._draft.ledger.lay(block.first, block.last, "layout")

    def _section(self, section: Section, above: Above) -> None:
        assert section.heading is not None
        heading, draft = section.heading, self._draft
        title = read_title(heading.text)
        own = meaning_of(title.text)
        meaning = above.meaning if above.meaning in _STICKY or own == "unknown" else own
        inside = Above(meaning=meaning, titles=(*above.titles, title.text), phase=above.phase, plan=above.plan)
        match meaning:
            case "contents":
                draft.ledger.lay(heading.first, section_last(section), "table of contents")
                return
            case "contacts":
                read_contacts(section, draft)
                return
            case "templates":
                read_templates(section, draft)
                return
            case "triggers":
                read_triggers(section, draft)
                return
            case "schedule":
                read_schedule(section, draft, self._phase(title.text, above, "before"))
                return
            case "tasks" if read_tasks(section, draft):
                return
            case "signoff":
                read_signoffs(section, draft, self._phase(title.text, above, meaning))
                return
            case "rollback" | "troubleshooting" if above.plan is None:
                self._plans(section, title, inside)
                return
        self._phases(section, title, inside)

    def _phases(self, section: Section, title: Title, inside: Above) -> None:
        assert section.heading is not None
        heading, draft = section.heading, self._draft
        fenced = any(isinstance(block, Fence) for block in section.blocks)
        listed = any(isinstance(block, Item) for block in section.blocks)
        groups = title.numbered == "step" or (fenced and not listed and not section.sections and heading.level > 2)
        if groups and inside.phase is not None:
            before = len(inside.phase.steps)
            self._own(section.blocks, inside.phase, title.text, inside.meaning)
            became = inside.phase.steps[before].id if len(inside.phase.steps) > before else ""
            draft.ledger.give(heading.first, heading.last, f"step {became}" if became else "description")
            phase = inside.phase
        else:
            phase = self._phase(title.text, Above(titles=inside.titles[:-1], plan=inside.plan), inside.meaning)
            phase.estimate_s = title.estimate_s
            self._own(section.blocks, phase, "", inside.meaning)
            draft.ledger.give(heading.first, heading.last, f"phase {phase.id}")
        below = Above(meaning=inside.meaning, titles=inside.titles, phase=phase, plan=inside.plan)
        for each in section.sections:
            self._section(each, below)

    def _plans(self, section: Section, title: Title, inside: Above) -> None:
        draft = self._draft
        assert section.heading is not None
        plan = DraftPlan(id=draft.take_id("rollbacks", title.text, "rollback"), title=title.text)
        draft.plans.append(plan)
        draft.ledger.give(section.heading.first, section.heading.last, f"rollback plan {plan.id}")
        phase = self._phase(title.text, Above(plan=plan), inside.meaning)
        self._own(section.blocks, phase, "", inside.meaning)
        for each in section.sections:
            self._section(each, Above(meaning=inside.meaning, titles=inside.titles, phase=phase, plan=plan))

    def _own(self, blocks: tuple[Block, ...], phase: DraftPhase, heading: str, meaning: Meaning) -> None:
        read_blocks(blocks, Where(phase=phase, heading=heading), self._draft)

    def _phase(self, title: str, above: Above, meaning: Meaning) -> DraftPhase:
        """A new phase where the run stands by now; it is dropped if no step comes."""
        if meaning == "walk":
            self._stage = "window"
        elif meaning in ("monitoring", "success", "tasks") and self._stage == "window":
            self._stage = "after"
        stage: Stage = "before" if meaning == "before" else self._stage
        phases = above.plan.phases if above.plan is not None else self._draft.phases
        taken = {each.title for each in phases if each.steps}
        if title in taken and above.titles:
            title = f"{above.titles[-1]}: {title}"
        phase = DraftPhase(
            id=self._draft.step_ids.take(title, "phase"), title=title, stage="window" if above.plan else stage
        )
        phases.append(phase)
        return phase


def section_last(section: Section) -> int:
    """The last line of a section and all below it."""
    lines = [section.heading.last if section.heading else 0, *(block.last for block in section.blocks)]
    return max([*lines, *(section_last(each) for each in section.sections)])
