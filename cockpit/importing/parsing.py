"""Markdown into sections and blocks: markdown-it-py reads it, this walks its tokens.

Only the block structure is parsed at once; inline Markdown is taken off text by text (`plain`). Task boxes are looked
for here, after GitHub's specification (5.3 "Task list items"): the plugin for them takes quadratic time in long lists.
"""

from __future__ import annotations

import re
from functools import lru_cache

import yaml
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from cockpit.errors import ImportRefused
from cockpit.importing.blocks import Block, Document, Fence, Heading, Item, Paragraph, Row, Rule, Section, Table
from cockpit.importing.html_blocks import html_blocks
from cockpit.importing.html_names import is_placeholder
from cockpit.importing.prompts import with_commands
from cockpit.importing.source import Source

_BOX = re.compile(r"\[([ xX✓✔])\][ \t]+(?=\S)")
_EMPTY_BOX = re.compile(r"\[[xX]\]")
MOST_HEADINGS = 5000
_DEEPEST = 100
_DEEPEST_INLINE = 20
_MOST_BRACKETS = 50
_LONGEST_INLINE = 20_000
"""Characters. Inline Markdown of a longer text, and links in one of more brackets, are taken as they stand: reading
either takes time that grows with the square of what is never closed."""
_LARGEST_FRONT = 64 << 10


def _reader(deepest: int) -> MarkdownIt:
    made = MarkdownIt("commonmark", {"maxNesting": deepest}).enable(["table", "strikethrough"])
    return made.use(front_matter_plugin).use(deflist_plugin)


_BLOCKS = _reader(_DEEPEST)
_BLOCKS.core.ruler.disable(["inline", "text_join"])
_INLINE = _reader(_DEEPEST_INLINE)
_NO_LINKS = _reader(_DEEPEST_INLINE).disable(["link", "image"])


def parse(source: Source) -> Document:
    """Read a runbook's structure. Whatever the text is, there is a structure: Markdown has no errors.

    Raises ImportRefused for more headings than a runbook has.
    """
    tokens = _BLOCKS.parse(source.text)
    if sum(token.type == "heading_open" for token in tokens) > MOST_HEADINGS:
        raise ImportRefused(f"{source.name} has more than {MOST_HEADINGS:,} headings", hint="give it in parts")
    front: dict[str, object] = {}
    front_last = 0
    if tokens and tokens[0].type == "front_matter":
        front, front_last = _front(tokens[0].content), (tokens[0].map or [0, 0])[1]
        tokens = tokens[1:]
    flat: list[Heading | Block] = []
    for node in SyntaxTreeNode(tokens).children:
        flat.extend(_read(node))
    return with_commands(Document(root=_sections(flat), front=front, front_last=front_last))


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """The text without its inline Markdown: one line, spaces joined, links by their words."""
    if len(text) > _LONGEST_INLINE:
        return " ".join(text.split())
    reader = _INLINE if text.count("[") <= _MOST_BRACKETS else _NO_LINKS
    said: list[str] = []
    for token in reader.parseInline(text)[0].children or ():
        if token.type in ("text", "code_inline"):
            said.append(token.content)
        elif token.type in ("softbreak", "hardbreak") or token.content.lower().startswith("<br"):
            said.append(" ")
        elif token.type == "image" or (token.type == "html_inline" and is_placeholder(token.content)):
            said.append(token.content)
    return " ".join("".join(said).split())


def _front(content: str) -> dict[str, object]:
    if len(content) > _LARGEST_FRONT:
        return {}
    try:
        found = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date that is none
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): value for key, value in found.items() if _is_flat(value)}


def _is_flat(value: object) -> bool:
    """A scalar, or a list of them: no anchors that stand for a million words."""
    return not isinstance(value, dict | list) or (
        isinstance(value, list) and not any(isinstance(each, dict | list) for each in value)
    )


def _read(node: SyntaxTreeNode) -> list[Heading | Block]:
    first, last = _lines(node)
    match node.type:
        case "heading":
            return [Heading(text=_inline(node), level=int(node.tag[1]), first=first, last=last)]
        case "paragraph":
            return [Paragraph(text=_inline(node), first=first, last=last)]
        case "fence" | "code_block" if not node.content.strip():
            return [Rule(first=first, last=last)]
        case "fence" | "code_block":
            fenced = node.type == "fence"
            language = (node.info.split() or [""])[0].lower() if fenced else ""
            return [
                Fence(
                    language=language,
                    body=node.content,
                    first=first,
                    last=last,
                    body_first=first + (1 if fenced else 0),
                )
            ]
        case "bullet_list" | "ordered_list":
            start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else 0
            items = [
                _item(child, str(start + index) if node.type == "ordered_list" else "")
                for index, child in enumerate(node.children)
            ]
            return [item if _says(item) else Rule(first=item.first, last=item.last) for item in items]
        case "blockquote" | "dl" | "dt" | "dd":
            inner = [block for child in node.children for block in _read(child)]
            return [_quoted(block) for block in inner]
        case "html_block":
            return html_blocks(node.content, first)
        case "table":
            return [_table(node, first, last)]
        case _:
            return [Rule(first=first, last=last)]


def _quoted(block: Heading | Block) -> Heading | Block:
    if isinstance(block, Heading):  # a heading in a quotation opens no section
        return Paragraph(text=block.text, first=block.first, last=block.last, quoted=True)
    if isinstance(block, Paragraph):
        return Paragraph(text=block.text, first=block.first, last=block.last, quoted=True)
    return block


def _item(node: SyntaxTreeNode, number: str) -> Item:
    first, _ = _lines(node)
    inner = [block for child in node.children for block in _read(child)]
    blocks: list[Block] = [
        Paragraph(text=block.text, first=block.first, last=block.last) if isinstance(block, Heading) else block
        for block in inner
    ]
    text, checked, last = "", None, first
    if blocks and isinstance(blocks[0], Paragraph):
        head = blocks.pop(0)
        assert isinstance(head, Paragraph)
        text, last = head.text, head.last
        if box := _BOX.match(text):
            checked, text = box[1] != " ", text[box.end() :]
    return Item(text=text, number=number, checked=checked, first=first, last=last, blocks=tuple(blocks))


def _says(item: Item) -> bool:
    """It holds a word or anything below it; `- [ ]` alone is left to be filled in."""
    return bool(item.blocks) or any(char.isalnum() for char in _EMPTY_BOX.sub("", item.text))


def _table(node: SyntaxTreeNode, first: int, last: int) -> Table:
    rows = [row for part in node.children for row in part.children]
    cells = [tuple(_inline(cell) for cell in row.children) for row in rows]
    width = len(cells[0]) if cells else 0
    body = tuple(
        Row(cells=(*each, *[""] * (width - len(each)))[:width], line=_lines(row)[0])
        for row, each in list(zip(rows, cells, strict=True))[1:]
    )
    return Table(header=cells[0] if cells else (), rows=body, first=first, last=last)


def _inline(node: SyntaxTreeNode) -> str:
    return "\n".join(child.content for child in node.children if child.type == "inline").strip()


def _lines(node: SyntaxTreeNode) -> tuple[int, int]:
    first, end = node.map if node.map is not None else (0, 0)
    return first + 1, max(first + 1, end)


def _sections(flat: list[Heading | Block]) -> Section:
    """Nest by level. A jump (`#` then `###`) nests as if no level were left out."""
    opened: list[tuple[Heading | None, list[Block], list[Section]]] = [(None, [], [])]

    def close(level: int) -> None:
        while len(opened) > 1 and (opened[-1][0] is None or opened[-1][0].level >= level):
            heading, blocks, sections = opened.pop()
            opened[-1][2].append(Section(heading=heading, blocks=tuple(blocks), sections=tuple(sections)))

    for part in flat:
        if isinstance(part, Heading):
            close(part.level)
            opened.append((part, [], []))
        else:
            opened[-1][1].append(part)
    close(0)
    return Section(heading=None, blocks=tuple(opened[0][1]), sections=tuple(opened[0][2]))
