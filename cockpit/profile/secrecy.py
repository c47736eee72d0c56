"""Secrets that stand in a profile: the log freezes it whole, so none may.

Looked at: the files' own text, comments too, for what can be nothing else by its shape or place; and every text in
them for passwords of connection strings. What stands for a value (`${token}`, `your-token`, `changeme`) is none.
"""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.profile.nodes import Findings, Node
from cockpit.profile.problems import problem
from cockpit.profile.sources import Source
from cockpit.secret_shapes import Found, secrets_in

_EXPECTED = "a variable with `secret = true` and `env` or `prompt`, and `${its_name}` here"


def judge_secrecy(sources: Iterable[Source], root: Node, findings: Findings) -> None:
    """Note every secret that stands in a file."""
    for source in sources:
        for found in secrets_in(source.text):
            if found.rank < 2 and not findings.full:
                line = source.text.count("\n", 0, found.start) + 1
                column = found.start - (source.text.rfind("\n", 0, found.start) + 1) + 1
                findings.note(problem((source.name, line, column), _said(found), expected=_EXPECTED))
    for node in root.walk():
        if isinstance(node.value, str):
            for found in secrets_in(node.value):
                if found.rank == 2 and found.what == "a password":
                    findings.add(node, _said(found), expected=_EXPECTED)


def _said(found: Found) -> str:
    return f"{found.what} stands here, and the log would keep it"
