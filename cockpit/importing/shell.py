"""Shell in runbooks: one entry for each command that a person would run by itself, with the comments above it.

tree-sitter-bash says where a command ends; nothing is executed, expanded or changed. Text that is no shell gives one
entry with `parsed` false.
"""

from __future__ import annotations

import tree_sitter_bash
from msgspec import Struct
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_bash.language()))


class ShellCommand(Struct, frozen=True, kw_only=True):
    """One logical command: an `if … fi` or a pipeline is one."""

    text: str
    """As written, without the comments above it."""
    comment: str
    """The comments above it, without `#`, one line each."""
    first: int
    last: int
    """Rows of the body it stands on, from 0, inclusive, its comments among them."""
    sleep_s: float | None = None
    """It is a plain `sleep`; its seconds."""
    parsed: bool = True


def commands(body: str) -> tuple[ShellCommand, ...]:
    """Cut a fenced body into commands. Comments that no command follows are an entry without text."""
    tree = _PARSER.parse(body.encode())
    found: list[ShellCommand] = []
    comments: list[Node] = []
    for node in tree.root_node.children:
        if node.type == "comment":
            comments.append(node)
        elif node.is_named:
            found.append(_command(node, comments))
            comments = []
    if comments:
        found.append(
            ShellCommand(
                text="", comment=_said(comments), first=comments[0].start_point.row, last=comments[-1].end_point.row
            )
        )
    return tuple(found)


def _command(node: Node, comments: list[Node]) -> ShellCommand:
    text = (node.text or b"").decode().strip()
    words = text.split()
    sleep_s = float(words[1]) if len(words) == 2 and words[0] == "sleep" and words[1].isdigit() else None
    return ShellCommand(
        text=text,
        comment=_said(comments),
        first=comments[0].start_point.row if comments else node.start_point.row,
        last=node.end_point.row,
        sleep_s=sleep_s,
        parsed=not node.has_error,
    )


def _said(comments: list[Node]) -> str:
    return "\n".join((node.text or b"").decode().lstrip("#").strip() for node in comments)
