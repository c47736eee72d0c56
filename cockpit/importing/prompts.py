"""Commands that stand in prose after a prompt (`$ systemctl restart shop`), as code of their own.

Markdown joins such a line to the text above it; a person reads a command.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from cockpit.importing.blocks import Block, Document, Fence, Item, Paragraph, Section

_PROMPT = re.compile(r"[ \t]*(?:\$|[\w.-]{1,40}@[\w.-]{1,60}(?::[^\s$#]{0,80})?[$#])[ \t]+(?=\S)")


def with_commands(document: Document) -> Document:
    """The document with every line after a prompt as a fence of shell."""
    return replace(document, root=_section(document.root))


def _section(section: Section) -> Section:
    return replace(
        section,
        blocks=tuple(each for block in section.blocks for each in _parted(block)),
        sections=tuple(_section(each) for each in section.sections),
    )


def _parted(block: Block) -> list[Block]:
    match block:
        case Paragraph() if _has_prompt(block.text):
            return _pieces(block.text, block.first, quoted=block.quoted)
        case Item():
            inner = [each for below in block.blocks for each in _parted(below)]
            if not _has_prompt(block.text):
                return [replace(block, blocks=tuple(inner))]
            own, *rest = _pieces(block.text, block.first)
            if not isinstance(own, Paragraph):  # nothing but a command: it is the item's own text
                return [replace(block, blocks=tuple(inner))]
            return [replace(block, text=own.text, last=own.last, blocks=(*rest, *inner))]
        case _:
            return [block]


def _has_prompt(text: str) -> bool:
    return ("$ " in text or "# " in text or "$\t" in text) and any(map(_PROMPT.match, text.split("\n")))


def _pieces(text: str, first: int, *, quoted: bool = False) -> list[Block]:
    """Prose and commands in turn, each with its lines. A command goes on while its lines end in a backslash."""
    pieces: list[Block] = []
    lines = text.split("\n")
    row = 0
    while row < len(lines):
        begun = row
        is_command = bool(_PROMPT.match(lines[row]))
        row += 1
        if is_command:
            while row < len(lines) and (lines[row - 1].endswith("\\") or _PROMPT.match(lines[row])):
                row += 1
            body = "".join(f"{_PROMPT.sub('', line, count=1)}\n" for line in lines[begun:row])
            at = first + begun
            pieces.append(Fence(language="bash", body=body, first=at, last=first + row - 1, body_first=at))
        else:
            while row < len(lines) and not _PROMPT.match(lines[row]):
                row += 1
            said = "\n".join(lines[begun:row]).strip()
            pieces.append(Paragraph(text=said, first=first + begun, last=first + row - 1, quoted=quoted))
    return pieces
