"""GitHub's issue forms as Markdown, line for line: what a form asks for stands on the line where the form says it.

After docs.github.com, "Syntax for issue forms" and "Syntax for GitHub's form schema". Labels of check boxes are
headings, their options items; a field to fill in is an item. Every other line of the YAML is layout.
"""

from __future__ import annotations

import re

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cockpit.importing.lines import Laid, MarkdownLines

_LARGEST = 256 << 10
"""Characters; GitHub takes no larger form."""
_BODY = re.compile(r"^body:[ \t]*$", re.MULTILINE)
_TYPE = re.compile(
    r"^[ \t]*-?[ \t]*type:[ \t]*[\"']?(?:markdown|checkboxes|input|textarea|dropdown|upload)\b", re.MULTILINE
)
_FIELDS = ("input", "dropdown", "upload")


def form(lines: tuple[str, ...]) -> MarkdownLines | None:
    """The form as Markdown; None: it is none."""
    text = "\n".join(lines) + "\n"  # without it the last line of a block would be left out
    if len(text) > _LARGEST or not _BODY.search(text) or not _TYPE.search(text):
        return None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return None
    body = _of(root, "body")
    if not isinstance(_of(root, "name"), ScalarNode) or not isinstance(body, SequenceNode):
        return None
    if not all(isinstance(_of(each, "type"), ScalarNode) for each in body.value):
        return None
    page = _Page(lines)
    page.put(_of(root, "name"), "# ")
    page.put(_of(root, "description"))
    for part in body.value:
        _part(part, page)
    return page.made()


class _Page:
    """The Markdown while it is written."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        self._source = lines
        self._lines = [""] * len(lines)

    def put(self, node: Node | None, before: str = "") -> None:
        """Write a text of the form on its own lines, `before` ahead of the first."""
        if not isinstance(node, ScalarNode):
            return
        first, end = node.start_mark.line, max(node.start_mark.line + 1, node.end_mark.line)
        if node.style not in ("|", ">"):
            self._add(first, before + " ".join(node.value.split()))
            return
        rows = range(first + 1, min(end, len(self._source)))
        indents = [len(line) - len(line.lstrip()) for row in rows if (line := self._source[row]).strip()]
        for row in rows:
            said = self._source[row][min(indents, default=0) :].rstrip()
            self._add(row, before + said if said and before else said)

    def _add(self, row: int, text: str) -> None:
        self._lines[row] = f"{self._lines[row]} – {text}" if self._lines[row] else text

    def made(self) -> MarkdownLines:
        """What was written, and the rest as layout."""
        laid = tuple(
            Laid(first=row + 1, last=row + 1, what="form")
            for row, line in enumerate(self._source)
            if line.strip() and not self._lines[row].strip()
        )
        return MarkdownLines(lines=tuple(self._lines), laid=laid)


def _part(part: Node, page: _Page) -> None:
    """One element of the form's body."""
    kind = getattr(_of(part, "type"), "value", "")
    attributes = _of(part, "attributes")
    label, told, value = (_of(attributes, key) for key in ("label", "description", "value"))
    if kind in _FIELDS or (kind == "textarea" and not str(getattr(value, "value", "")).strip()):
        page.put(label, "- [ ] ")
        page.put(told, "  > ")
        page.put(_of(attributes, "placeholder"), "  > For example: ")
        for option in _sequence(_of(attributes, "options")):
            page.put(option, "  ")
    elif kind == "checkboxes":
        page.put(label, "## ")
        page.put(told)
        for option in _sequence(_of(attributes, "options")):
            page.put(_of(option, "label") if isinstance(option, MappingNode) else option, "- [ ] ")
    else:
        page.put(label, "## ")
        page.put(told)
        page.put(value)


def _of(node: Node | None, key: str) -> Node | None:
    if not isinstance(node, MappingNode):
        return None
    return next((value for name, value in node.value if isinstance(name, ScalarNode) and name.value == key), None)


def _sequence(node: Node | None) -> list[Node]:
    return list(node.value) if isinstance(node, SequenceNode) else []
