"""Blocks of a section as steps: items, code, tables.

A command is never run by what is imported: it becomes a `confirm` step that shows it. Only waiting is taken as it is.
"""

from __future__ import annotations

from msgspec import Struct

from cockpit.importing.blocks import Block, Fence, Item, Paragraph, Rule, Table
from cockpit.importing.coding import code_steps
from cockpit.importing.draft import Draft, DraftPhase
from cockpit.importing.measured import condition, probe_for
from cockpit.importing.naming import Title, read_title
from cockpit.importing.parsing import plain
from cockpit.importing.placeholders import filled
from cockpit.importing.quantities import thresholds
from cockpit.profile.durations import written
from cockpit.profile.model import Step


class Where(Struct, frozen=True, kw_only=True):
    """Where steps go, and what stands above them."""

    phase: DraftPhase
    heading: str = ""
    """Of the group they belong to ("Step 1: Enable maintenance mode"); empty: of the phase itself."""
    estimate_s: float = 0.0
    claimed_by: str = "ticked in the runbook"


def read_blocks(blocks: tuple[Block, ...], where: Where, draft: Draft) -> None:
    """Add the steps of a section's own blocks, in order."""
    told: list[Paragraph] = []
    counted = any(isinstance(block, Item) and (block.number or block.checked is not None) for block in blocks)
    for block in blocks:
        match block:
            case Paragraph():
                told.append(block)
            case Item():
                _before(told, where, draft)
                if counted and not block.number and block.checked is None and where.phase.steps:
                    _as_detail(block, where, draft)
                else:
                    read_item(block, where, draft)
            case Fence():
                code_steps(block, where.phase, draft, heading=where.heading, told=_text(told, draft), above=tuple(told))
                told = []
            case Table():
                _before(told, where, draft)
                _read_table(block, where, draft)
            case Rule():
                draft.ledger.lay(block.first, block.last, "layout")
        if not isinstance(block, Paragraph):
            told = []
    _before(told, where, draft)


def read_item(item: Item, where: Where, draft: Draft) -> None:
    """One item of a list as a step; code and boxes in it as steps of their own."""
    title = read_title(item.text)
    fences = [block for block in item.blocks if isinstance(block, Fence)]
    if fences and item.checked is None:
        heading = title.text
        read_blocks(item.blocks, Where(phase=where.phase, heading=heading, claimed_by=where.claimed_by), draft)
        if where.phase.steps:
            draft.ledger.give(item.first, item.last, f"heading of step {where.phase.steps[-1].id}")
        return
    boxed = [block for block in item.blocks if isinstance(block, Item) and block.checked is not None]
    details = [block for block in item.blocks if block not in boxed]
    step = _step(title, item, where, draft, details)
    draft.add_step(where.phase, step, item.first, item.last)
    for block in details:
        _give(block, f"step {step.id}", draft)
    for each in boxed:
        read_item(each, where, draft)


def prose_step(title: Title, blocks: tuple[Block, ...], phase: DraftPhase, draft: Draft, line: int) -> None:
    """A "Step 3" that holds words alone: a step that tells them."""
    said = "\n\n".join(part for part in (_detail(block, draft) for block in blocks) if part)
    step = Step(
        id=draft.step_ids.take(title.text, "step"),
        title=filled(title.text, draft),
        level=title.level,
        estimate_s=title.estimate_s,
        instructions=said,
    )
    while phase.description and blocks and _was_told(blocks, phase.description[-1], draft):
        phase.description.pop()
    draft.add_step(phase, step, line, max(block.last for block in blocks))


def _was_told(blocks: tuple[Block, ...], description: str, draft: Draft) -> bool:
    return any(isinstance(block, Paragraph) and filled(block.text, draft) == description for block in blocks)


def look_step(title: Title, after_s: float, phase: DraftPhase, draft: Draft, line: int) -> None:
    """A phase that is looked at some time after the deployment begins with a checkpoint."""
    step = Step(
        id=draft.step_ids.take(f"{title.text} due", "look"),
        title=filled(title.text, draft),
        kind="checkpoint",
        behaviour="checkpoint",
        settings={"delay": written(after_s)},
    )
    draft.add_step(phase, step, line, line)


def _step(title: Title, item: Item, where: Where, draft: Draft, details: list[Block]) -> Step:
    step_id = draft.step_ids.take(title.text, "step")
    gates = [condition(probe_for(each, draft, item.first), each) for each in thresholds(plain(item.text))]
    said = [detail for detail in (_detail(block, draft) for block in details) if detail]
    return Step(
        id=step_id,
        title=filled(title.text, draft),
        level=title.level,
        estimate_s=title.estimate_s,
        gate=tuple(gates),
        claimed=where.claimed_by if item.checked else "",
        instructions="\n".join(said),
    )


def _detail(block: Block, draft: Draft, depth: int = 0) -> str:
    """A block as Markdown for the instructions of a step."""
    match block:
        case Item():
            mark = f"{block.number}." if block.number else "-"
            own = f"{'  ' * depth}{mark} {' '.join(filled(block.text, draft).split())}"
            return "\n".join([own, *(_detail(inner, draft, depth + 1) for inner in block.blocks)])
        case Paragraph():
            return f"{'  ' * depth}{filled(block.text, draft)}"
        case Fence():
            return filled(block.body.rstrip("\n"), draft)
        case Table():
            rows = [block.header, *(row.cells for row in block.rows)]
            return "\n".join(" | ".join(filled(cell, draft) for cell in row) for row in rows)
        case Rule():
            return ""


def _give(block: Block, became: str, draft: Draft) -> None:
    draft.ledger.give(block.first, block.last, became)
    if isinstance(block, Item):
        for inner in block.blocks:
            _give(inner, became, draft)


def _as_detail(item: Item, where: Where, draft: Draft) -> None:
    """A plain bullet among items that are counted: it belongs to the step before."""
    last = where.phase.steps.pop()
    said = "\n".join(part for part in (last.instructions, _detail(item, draft)) if part)
    where.phase.steps.append(
        Step(**{**{name: getattr(last, name) for name in last.__struct_fields__}, "instructions": said})
    )
    _give(item, f"step {last.id}", draft)


def _text(told: list[Paragraph], draft: Draft) -> str:
    return "\n\n".join(filled(each.text, draft) for each in told)


def _before(told: list[Paragraph], where: Where, draft: Draft) -> None:
    """Prose that no code follows describes the phase."""
    for each in told:
        where.phase.description.append(filled(each.text, draft))
        draft.ledger.give(each.first, each.last, f"description of phase {where.phase.id}")
    told.clear()


def _read_table(table: Table, where: Where, draft: Draft) -> None:
    """Each row a step: the first cell that says something is its title, the others are told with it."""
    draft.ledger.give(table.first, table.first, f"phase {where.phase.id}")
    for row in table.rows:
        words = [cell for cell in row.cells if cell.strip()]
        if not words:
            continue
        title = read_title(words[0])
        told = "\n".join(
            f"- {head}: {filled(cell, draft)}" if head else f"- {filled(cell, draft)}"
            for head, cell in zip(table.header, row.cells, strict=True)
            if cell.strip() and cell != words[0]
        )
        step = Step(id=draft.step_ids.take(title.text, "row"), title=filled(title.text, draft), instructions=told)
        draft.add_step(where.phase, step, row.line, row.line)
    for line in range(table.first, table.last + 1):
        draft.ledger.lay(line, line, "table")
