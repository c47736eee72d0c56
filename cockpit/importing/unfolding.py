"""`<details>` and `<summary>` taken off what they fold, line for line: what is folded counts as what is open does.

HTML hides Markdown that follows it without an empty line; a person reads a list there.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from cockpit.importing.lines import Laid

_TAGS = re.compile(r"</?details(?:\s[^<>]{0,200})?>|</?summary(?:\s[^<>]{0,200})?>", re.IGNORECASE)
_FOLD = re.compile(r"[ \t>]*(?:</?details\b|</?summary\b|[^<>]{1,200}</summary>)", re.IGNORECASE)
_SUMMARY = re.compile(
    r"<summary(?:\s[^<>]{0,200})?>(?:\s|<(?:b|strong|h\d)>){0,4}(?P<said>[^<>]{1,300}?)"
    r"(?:\s|</(?:b|strong|h\d)>){0,4}</summary>",
    re.IGNORECASE,
)


def unfold(lines: list[str], code: Collection[int]) -> list[Laid]:
    """Take the tags away, in place; a summary stays as bold text. What was nothing but tags is layout."""
    laid: list[Laid] = []
    for row, line in enumerate(lines):
        if "<" not in line or row in code or not _FOLD.match(line):
            continue
        indent = line[: len(line) - len(line.lstrip())]
        said = _TAGS.sub(" ", _SUMMARY.sub(lambda match: f" **{match['said'].strip()}** ", line)).strip()
        lines[row] = f"{indent}{said}" if said else ""
        if not said:
            laid.append(Laid(first=row + 1, last=row + 1, what="html"))
    return laid
