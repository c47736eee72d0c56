"""Texts to people: templates, and the steps that send them.

When a text is due is told by its heading: before ("Pre-migration notification (24 hours)"), at the end of the window
("… complete"), or on the way back ("Rollback notification"). What its heading does not say is sent before the window.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from cockpit.importing.blocks import Block, Fence, Item, Paragraph, Section
from cockpit.importing.draft import Draft, DraftPhase, DraftPlan
from cockpit.importing.naming import read_title
from cockpit.importing.placeholders import filled
from cockpit.profile.durations import written
from cockpit.profile.model import Stage, Step, Template

When = Literal["before", "after", "back"]

_BACK = re.compile(r"\b(roll(ed)?[ -]?back|back-?out|restored|revert(ed)?|aborted)\b", re.IGNORECASE)
_AFTER = re.compile(r"\b(complete[d]?|success(ful)?|done|finished|post|resolved|all[- ]clear|over)\b", re.IGNORECASE)
_SUBJECT = re.compile(r"\s*(?:subject|betreff|objet|asunto)\s*:\s*(.+)\n+", re.IGNORECASE)
_TO = re.compile(r"\s*(?:to|an|recipients?)\s*:\s*(.+)\n+", re.IGNORECASE)


class Notice(Struct, frozen=True, kw_only=True):
    """A text that is to be sent."""

    template: str
    title: str
    when: When
    offset_s: float
    """Before the window's start; 0: not said."""
    source: str


def read_templates(section: Section, draft: Draft) -> None:
    """Each text under a heading a template. Prose between headings and texts is layout."""
    title = ""
    if section.heading is not None:
        draft.ledger.give(section.heading.first, section.heading.last, "templates")
        title = section.heading.text
    quoted = [block for block in section.blocks if isinstance(block, Paragraph) and block.quoted]
    for block in section.blocks:
        if isinstance(block, Fence):
            _template(title, block.body, (block.first, block.last), draft)
        elif isinstance(block, Paragraph) and not block.quoted:
            draft.ledger.leave(block.first, block.last, "prose between templates")
        elif isinstance(block, Item):
            _item(block, draft)
    if quoted:
        body = "\n\n".join(each.text for each in quoted)
        _template(title, body, (quoted[0].first, quoted[-1].last), draft)
    for each in section.sections:
        read_templates(each, draft)


def _item(item: Item, draft: Draft) -> None:
    """An item that holds a text names it; one that holds none is a text of one line."""
    inner: tuple[Block, ...] = tuple(block for block in item.blocks if isinstance(block, Fence | Paragraph))
    body = "\n\n".join(block.body if isinstance(block, Fence) else block.text for block in inner)  # type: ignore[union-attr]  # filtered above
    last = max([item.last, *(block.last for block in inner)])
    _template(item.text, body or item.text, (item.first, last), draft)


def _template(heading: str, body: str, lines: tuple[int, int], draft: Draft) -> None:
    title = read_title(heading)
    to, text = "", body.strip("\n")
    subject = title.text
    for pattern in (_TO, _SUBJECT, _TO):
        if found := pattern.match(text):
            text = text[found.end() :]
            if pattern is _SUBJECT:
                subject = found[1].strip()
            else:
                to = found[1].strip()
    template = Template(
        id=draft.take_id("templates", title.text, "template"),
        title=filled(subject, draft),
        to=filled(to, draft),
        body=filled(text, draft),
    )
    draft.templates.append(template)
    draft.ledger.give(*lines, f"template {template.id}")
    when: When = "back" if _BACK.search(heading) else "after" if _AFTER.search(heading) else "before"
    offset_s = (title.before_s or title.estimate_s) if when == "before" else 0.0
    draft.notices.append(
        Notice(template=template.id, title=title.text, when=when, offset_s=offset_s, source=draft.place(*lines))
    )


def is_told_afterwards(text: str) -> bool:
    """It is to be said once the deployment is over."""
    return bool(_AFTER.search(text))


def place_notices(draft: Draft) -> None:
    """Put the steps that send the texts where they are due."""
    for when, title, stage in (("before", "Announcements", "before"), ("after", "Announce the end", "window")):
        due = [notice for notice in draft.notices if notice.when == when]
        if due:
            phase = DraftPhase(id=draft.step_ids.take(title, "announcements"), title=title, stage=_stage(stage))
            draft.phases.append(phase)
            phase.steps += [_step(notice, draft, "") for notice in due]
    for notice in draft.notices:
        if notice.when == "back":
            for plan in draft.plans:
                _at_the_end(plan, notice, draft)


def _stage(stage: str) -> Stage:
    return "before" if stage == "before" else "window"


def _at_the_end(plan: DraftPlan, notice: Notice, draft: Draft) -> None:
    with_steps = [phase for phase in plan.phases if phase.steps]
    if with_steps and not plan.is_advice:
        with_steps[-1].steps.append(_step(notice, draft, plan.id))


def _step(notice: Notice, draft: Draft, plan: str) -> Step:
    settings: dict[str, object] = {"template": notice.template}
    if notice.offset_s and draft.window is not None:
        settings["due"] = f"start-{written(notice.offset_s)}"
    title = f"Send: {notice.title}"
    return Step(
        id=draft.step_ids.take(f"{plan} send {notice.title}".strip(), "send"),
        title=title,
        kind="message",
        behaviour="message",
        source=notice.source,
        settings=settings,
    )
