"""Items of lists as steps.

An item with code in it is a step for each of its commands; boxes nested in it are steps of their own; everything else
that is nested is told by its instructions.
"""

from __future__ import annotations

import re
from typing import TypeGuard

from msgspec import Struct
from msgspec.structs import replace

from cockpit.importing.blocks import Block, Fence, Item, Paragraph, Rule
from cockpit.importing.coding import code_steps
from cockpit.importing.details import details, give
from cockpit.importing.draft import Draft, DraftPhase
from cockpit.importing.measured import conditions, watched
from cockpit.importing.naming import Title, read_title
from cockpit.importing.parsing import plain
from cockpit.importing.people import role_for
from cockpit.importing.placeholders import filled
from cockpit.importing.quantities import wait_s
from cockpit.importing.spoken import commanded
from cockpit.profile.model import Stage, Step

_WAITING = re.compile(r"(wait|pause|sleep|soak|let)\b", re.IGNORECASE)
CLAIM = "ticked in the runbook"


class Where(Struct, frozen=True, kw_only=True):
    """Where steps go, and what stands above them."""

    phase: DraftPhase
    heading: str = ""
    """Of the group they belong to ("Step 1: Enable maintenance mode"); empty: of the phase itself."""


def read_item(item: Item, where: Where, draft: Draft) -> None:
    """Add one item's steps. One that says nothing is none; what is nested in it may be some."""
    if not plain(item.text):
        draft.ledger.lay(item.first, item.last, "an empty item")
        if all(isinstance(block, Item | Rule) for block in item.blocks):
            for block in item.blocks:
                if isinstance(block, Item):
                    read_item(block, where, draft)
            return
    title = read_title(item.text)
    if any(_holds_code(block) for block in item.blocks):
        _coded(item, title, where, draft)
        return
    boxed = [block for block in item.blocks if _is_box(block)]
    told: list[Block] = [block for block in item.blocks if block not in boxed]
    gates = conditions(plain(item.text), draft, item.first)
    step = replace(_told(title, item, details(told, draft), draft), gate=gates)
    step = commanded(step, item.text, item.first, draft)
    if not gates:
        step = timed(step, plain(item.text), where.phase.stage)
    draft.add_step(where.phase, step, item.first, item.last)
    for block in told:
        give(block, f"step {step.id}", draft)
        if isinstance(block, Item):
            watched(plain(block.text), draft, block.first)
    for each in boxed:
        read_item(each, where, draft)


def timed(step: Step, text: str, stage: Stage) -> Step:
    """Waiting is a wait; watching for hours after the window is a checkpoint at their end."""
    seconds = wait_s(text)
    if not seconds or stage == "before":
        return step
    if stage == "after" and not _WAITING.match(text):
        settings: dict[str, object] = {"delay": seconds}
        return replace(step, kind="checkpoint", behaviour="checkpoint", settings=settings)
    return replace(step, kind="wait", behaviour="wait", estimate_s=seconds, settings={"duration": seconds})


def add_detail(item: Item, where: Where, draft: Draft) -> None:
    """A plain bullet among items that are counted: it belongs to the step before."""
    last = where.phase.steps[-1]
    said = "\n".join(part for part in (last.instructions, details([item], draft)) if part)
    where.phase.steps[-1] = replace(last, instructions=said)
    give(item, f"step {last.id}", draft)


def _is_box(block: Block) -> TypeGuard[Item]:
    return isinstance(block, Item) and block.checked is not None


def _holds_code(block: Block) -> bool:
    return isinstance(block, Fence) or (isinstance(block, Item) and any(_holds_code(inner) for inner in block.blocks))


def _told(title: Title, item: Item, instructions: str, draft: Draft) -> Step:
    return Step(
        id=draft.step_ids.take(title.text, "step"),
        title=filled(title.text, draft),
        level=title.level,
        estimate_s=title.estimate_s,
        owner=role_for(title.owner, draft) if title.owner else "",
        claimed=CLAIM if item.checked else "",
        instructions=instructions,
    )


def _coded(item: Item, title: Title, where: Where, draft: Draft) -> None:
    """An item with code: its commands are the steps, and it is their heading."""
    before = len(where.phase.steps)
    told: list[Block] = []
    for block in item.blocks:
        if isinstance(block, Fence):
            above = tuple(each for each in told if isinstance(each, Paragraph))
            prose = details(told, draft)
            code_steps(block, where.phase, draft, heading=title.text, told=prose, above=above)
            told = [] if len(where.phase.steps) > before else [*told, block]
        elif isinstance(block, Item) and (_holds_code(block) or block.checked is not None):
            read_item(block, replace(where, heading=title.text), draft)
        else:
            told.append(block)
    if len(where.phase.steps) == before:
        draft.add_step(where.phase, _told(title, item, details(told, draft), draft), item.first, item.last)
    elif told:
        last = where.phase.steps[-1]
        said = "\n\n".join(part for part in (last.instructions, details(told, draft)) if part)
        where.phase.steps[-1] = replace(last, instructions=said)
    for index in range(before, len(where.phase.steps)):
        own = where.phase.steps[index]
        claimed = CLAIM if item.checked else own.claimed
        level = title.level if own.level == "required" else own.level
        where.phase.steps[index] = replace(own, claimed=claimed, level=level)
    for block in told:
        give(block, f"step {where.phase.steps[-1].id}", draft)
    draft.ledger.give(item.first, item.last, f"step {where.phase.steps[before].id}")
