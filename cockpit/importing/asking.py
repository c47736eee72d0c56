"""Which lines of a runbook ask for something to be done or looked at.

Told by the structure alone, before anything is read out of it, so that how much was mapped is measured against the
source and not against what the readers took: every item of a list, every line of code, every row of a table.
"""

from __future__ import annotations

from cockpit.importing.blocks import Block, Fence, Item, Paragraph, Rule, Section, Table
from cockpit.importing.languages import SQL
from cockpit.importing.ledger import Ledger
from cockpit.importing.meaning import meaning_of
from cockpit.importing.naming import read_title


def ask_all(section: Section, ledger: Ledger) -> None:
    """Mark the lines of a section, and of all below it, that ask for something; those of a table of contents do not."""
    if section.heading is not None and meaning_of(read_title(section.heading.text).text) == "contents":
        return
    for block in section.blocks:
        _ask(block, ledger)
    for each in section.sections:
        ask_all(each, ledger)


def _ask(block: Block, ledger: Ledger) -> None:
    match block:
        case Item():
            ledger.ask(block.first, block.last)
            for inner in block.blocks:
                _ask(inner, ledger)
        case Fence():
            comment = "--" if block.language in SQL else "#"  # `--option` goes on with the line above it
            for row, line in enumerate(block.body.splitlines()):
                if line.strip() and not line.strip().startswith(comment):
                    ledger.ask(block.body_first + row, block.body_first + row)
        case Table():
            for each in block.rows:
                ledger.ask(each.line, each.line)
        case Paragraph() | Rule():
            pass
