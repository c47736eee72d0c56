"""Phases and rollback plans of a printed document: their labelled facts, what describes them, their steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from cockpit.importing.blocks import Block, Item, Paragraph, Section
from cockpit.importing.draft import Draft, DraftPhase, DraftPlan
from cockpit.importing.items import Where, read_item
from cockpit.importing.parsing import plain
from cockpit.importing.printed_steps import is_printed, last_of, raw, read_step
from cockpit.importing.printed_text import Known, labelled, without_estimate
from cockpit.profile.markdown import labels as say
from cockpit.profile.markdown.words import ORDERS, STAGES
from cockpit.profile.model import PhaseOrder, Stage

PHASE = re.compile(r"Phase (R?\d{1,5}): (.+)", re.DOTALL)
PLAN = re.compile(r"Rollback plan \d{1,5}: (.+)", re.DOTALL)
Other = Callable[[Section], None]
"""Reads a section that is none of those that are printed."""


def named_by(section: Section) -> str:
    """A section's heading, plain."""
    return plain(section.heading.text) if section.heading is not None else ""


def read_phase(section: Section, draft: Draft, known: Known, other: Other) -> DraftPhase:
    """A phase with its steps; boxes that somebody added in another form are read as in any runbook."""
    assert section.heading is not None
    found = PHASE.fullmatch(named_by(section))
    title = known.text(without_estimate(found[2])[0] if found is not None else named_by(section))
    phase = DraftPhase(id=known.ids[section.heading.first], title=title, stage="window")
    became = f"phase {phase.id}"
    draft.ledger.give(section.heading.first, section.heading.last, became)
    blocks = section.blocks
    at = next(
        (at for at, each in enumerate(blocks) if isinstance(each, Item) and each.checked is not None), len(blocks)
    )

    def take(label: str, values: list[str]) -> bool:
        if label == say.STAGE:
            return _is_staged(plain(values[0]), phase)
        conditions = known.conditions(values) if label in (say.ENTERED, say.LEFT) else ()
        if label == say.ENTERED:
            phase.gate = conditions or phase.gate
        elif label == say.LEFT:
            phase.exit = conditions or phase.exit
        return bool(conditions)

    if said := described(_without_facts(blocks[:at], take, became, draft), became, draft, known):
        phase.description.append(said)
    for block in blocks[at:]:
        if isinstance(block, Item) and is_printed(block):
            read_step(block, phase, draft, known)
        elif isinstance(block, Item):
            read_item(block, Where(phase=phase), draft)
        else:
            draft.ledger.leave(block.first, last_of(block), "it stands between two steps")
    for each in section.sections:
        other(each)
    return phase


def read_plan(section: Section, draft: Draft, known: Known, other: Other) -> DraftPlan:
    """A rollback plan with its phases."""
    assert section.heading is not None
    found = PLAN.fullmatch(named_by(section))
    title = known.text(found[1] if found is not None else named_by(section))
    plan = DraftPlan(id=known.ids[section.heading.first], title=title)
    became = f"rollback plan {plan.id}"
    draft.ledger.give(section.heading.first, section.heading.last, became)

    def take(label: str, values: list[str]) -> bool:
        if label == say.LOSS:
            plan.data_loss = known.text(plain(values[0]))
            return True
        when = known.conditions(values, since=True) if label == say.FITS else ()
        plan.when = when or plan.when
        return bool(when) or (label == say.FITS and values == [say.ALWAYS])

    if said := described(_without_facts(section.blocks, take, became, draft), became, draft, known):
        plan.description.append(said)
    for each in section.sections:
        if PHASE.fullmatch(named_by(each)):
            plan.phases.append(read_phase(each, draft, known, other))
        else:
            other(each)
    return plan


def described(blocks: Sequence[Block], became: str, draft: Draft, known: Known) -> str:
    """Blocks as they are written, with the lines between those that follow one another."""
    said = ""
    for block, before in zip(blocks, (None, *blocks), strict=False):
        first, last = block.first, last_of(block)
        draft.ledger.give(first, last, became)
        since = last_of(before) + 1 if before is not None else first
        gap = draft.ledger.source.lines[since - 1 : first - 1]
        joint = "\n" * (len(gap) + 1) if not any(map(str.strip, gap)) else "\n\n"
        said += (joint if before is not None else "") + raw(draft, first, last)
    return known.text(said)


def _without_facts(
    blocks: Sequence[Block], take: Callable[[str, list[str]], bool], became: str, draft: Draft
) -> list[Block]:
    """The blocks without the labelled paragraphs that `take` understands, and the lists that belong to these."""
    left: list[Block] = []
    at = 0
    while at < len(blocks):
        block = blocks[at]
        label, values, count = _fact(block, islice(blocks, at + 1, None))
        if values and take(label, values):
            draft.ledger.give(block.first, last_of(blocks[at + count]), became)
            at += count
        else:
            left.append(block)
        at += 1
    return left


def _fact(block: Block, after: Iterable[Block]) -> tuple[str, list[str], int]:
    """A labelled paragraph's label, its values beside it or as the items that follow it, and how many these are."""
    said = labelled(block.text) if isinstance(block, Paragraph) else None
    if said is None:
        return "", [], 0
    if said[1]:
        return said[0], [said[1]], 0
    values: list[str] = []
    for each in after:
        if not isinstance(each, Item) or each.checked is not None:
            break
        values.append(each.text)
    return said[0], values, len(values)


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
