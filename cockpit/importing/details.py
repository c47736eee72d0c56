"""Blocks of a runbook as the Markdown that a step's instructions hold."""

from __future__ import annotations

from cockpit.importing.blocks import Block, Fence, Item, Paragraph, Rule, Table
from cockpit.importing.draft import Draft
from cockpit.importing.placeholders import filled


def detail(block: Block, draft: Draft, depth: int = 0) -> str:
    """A block as Markdown, with its placeholders as variables."""
    match block:
        case Item():
            mark = f"{block.number}." if block.number else "-"
            box = "" if block.checked is None else "[x] " if block.checked else "[ ] "
            own = f"{'  ' * depth}{mark} {box}{' '.join(filled(block.text, draft).split())}"
            return "\n".join([own, *(detail(inner, draft, depth + 1) for inner in block.blocks)])
        case Paragraph():
            return f"{'  ' * depth}{filled(block.text, draft)}"
        case Fence():
            return filled(block.body.rstrip("\n"), draft, code=True)
        case Table():
            rows = [block.header, *(row.cells for row in block.rows)]
            return "\n".join(" | ".join(filled(cell, draft) for cell in row) for row in rows)
        case Rule():
            return ""


def details(blocks: tuple[Block, ...] | list[Block], draft: Draft) -> str:
    """Blocks as Markdown: lists line by line, everything else apart."""
    said = ""
    for block in blocks:
        if part := detail(block, draft):
            said += ("\n" if isinstance(block, Item) and said else "\n\n" if said else "") + part
    return said


def give(block: Block, became: str, draft: Draft) -> None:
    """A block, and all in it, stands in `became` now."""
    draft.ledger.give(block.first, block.last, became)
    if isinstance(block, Item):
        for inner in block.blocks:
            give(inner, became, draft)
