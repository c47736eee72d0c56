"""Blocks of a section as steps, in their order.

A command is never run by what is imported: it becomes a `confirm` step that shows it. Only waiting is taken as it is.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from cockpit.importing.blocks import Block, Fence, Item, Paragraph, Rule, Table
from cockpit.importing.coding import code_steps
from cockpit.importing.details import details, give
from cockpit.importing.draft import Draft, DraftPhase
from cockpit.importing.grouping import wants_doing
from cockpit.importing.items import Where, add_detail, read_item, timed
from cockpit.importing.measured import conditions
from cockpit.importing.naming import Title, read_title
from cockpit.importing.parsing import plain
from cockpit.importing.placeholders import filled
from cockpit.importing.spoken import commanded
from cockpit.importing.tables import read_table
from cockpit.profile.model import Step
from cockpit.text import shortened

_SENTENCE_END = re.compile(r"[.!?;](?= |$)|: ")
_LONGEST_TITLE = 80


def read_blocks(blocks: tuple[Block, ...], where: Where, draft: Draft) -> None:
    """Add the steps of a section's own blocks. Prose goes with the code below it, else it describes the phase."""
    told: list[Paragraph] = []
    has_counted = False
    for at, block in enumerate(blocks):
        match block:
            case Paragraph():
                leads = not isinstance(
                    blocks[min(at + 1, len(blocks) - 1)], Paragraph
                ) and block.text.rstrip().endswith(":")
                if wants_doing(block) and not leads and not where.heading:
                    _describe(told, where, draft)
                    prose_step(_first_sentence(block), (block,), where.phase, draft, block.first)
                    told = []
                else:
                    told.append(block)
                continue
            case Fence():
                prose = "\n\n".join(filled(each.text, draft) for each in told)
                before = len(where.phase.steps)
                code_steps(block, where.phase, draft, heading=where.heading, told=prose, above=tuple(told))
                if len(where.phase.steps) == before:
                    _describe(told, where, draft)
            case Item():
                _describe(told, where, draft)
                is_counted = bool(block.number) or block.checked is not None
                if has_counted and not is_counted and where.phase.steps:
                    add_detail(block, where, draft)
                else:
                    read_item(block, where, draft)
                has_counted = has_counted or is_counted
            case Table():
                _describe(told, where, draft)
                read_table(block, where, draft)
            case Rule():
                _describe(told, where, draft)
                draft.ledger.lay(block.first, block.last, "layout")
        told = []
    _describe(told, where, draft)


def prose_step(title: Title, blocks: tuple[Block, ...], phase: DraftPhase, draft: Draft, line: int) -> None:
    """A section that holds words alone, and wants something done: a step that tells them."""
    told = details(blocks, draft)
    step = Step(
        id=draft.step_ids.take(title.text, "step"),
        title=filled(title.text, draft),
        level=title.level,
        estimate_s=title.estimate_s,
        instructions="" if plain(told).rstrip(".") == title.text else told,
    )
    texts = [block.text for block in blocks if isinstance(block, Paragraph)]
    step = commanded(step, "\n\n".join(texts), line, draft)
    step = replace(step, gate=(*step.gate, *(each for text in texts for each in conditions(plain(text), draft, line))))
    if not step.gate and len(texts) == 1:
        step = timed(step, plain(texts[0]), phase.stage)
    draft.add_step(phase, step, line, max(block.last for block in blocks))
    for block in blocks:
        give(block, f"step {step.id}", draft)


def look_step(title: Title, after_s: float, phase: DraftPhase, draft: Draft, line: int) -> None:
    """A phase that is looked at some time after the deployment begins with a checkpoint."""
    step = Step(
        id=draft.step_ids.take(f"{title.text} due", "look"),
        title=filled(title.text, draft),
        kind="checkpoint",
        behaviour="checkpoint",
        settings={"delay": after_s},
    )
    draft.add_step(phase, step, line, line)


def _first_sentence(block: Paragraph) -> Title:
    """What a paragraph's step is called."""
    text = plain(block.text)
    end = next((match.start() for match in _SENTENCE_END.finditer(text) if match.start() > 10), len(text))
    return read_title(shortened(text[:end].rstrip("."), _LONGEST_TITLE))


def _describe(told: list[Paragraph], where: Where, draft: Draft) -> None:
    for each in told:
        where.phase.description.append(filled(each.text, draft))
        draft.ledger.give(each.first, each.last, f"description of phase {where.phase.id}")
    told.clear()
