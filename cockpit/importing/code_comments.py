"""Comments in code, and which command or statement each belongs to.

What stands above belongs to what follows; what stands behind, right below with nothing after it, or says what is
expected, to what came before. A numbered comment, or one over several neighbours, is a heading of them all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

_EDGE = "=-*~#_ \t"
_EXPECTS = re.compile(
    r"(?:expected\b|expect\b|(?:it |this |you )?should\b|(?:example )?output:|returns\b|must (?:show|return|be|say)\b"
    r"|=>|->|→|where .{1,60} contains)",
    re.IGNORECASE,
)
_HEADS = re.compile(r"(?:\d+[.):]|\(?[a-zA-Z][.)]|(?:step|phase|part)\s+\w+)\s", re.IGNORECASE)


class Part(Struct, frozen=True, kw_only=True):
    """A comment, with its text as `text`, or code."""

    first: int
    last: int
    """Rows, from 0, inclusive."""
    text: str
    is_comment: bool


class Remarks(Struct, frozen=True, kw_only=True):
    """What is said of one command or statement, each one line without its comment sign."""

    heading: tuple[str, ...] = ()
    """Of several, this one among them."""
    above: tuple[str, ...] = ()
    """Of this one alone; the first line is what it is called."""
    before: tuple[str, ...] = ()
    """What stands further above, with a blank line between."""
    below: tuple[str, ...] = ()
    """What is to be seen afterwards, and what stands behind it."""
    first: int = 0
    last: int = 0
    """Rows of the code and of its comments."""


class _Group(Struct):
    first: int
    last: int
    lines: list[str]
    trails: bool = False
    """It stands behind code, on its line."""

    @property
    def is_heading(self) -> bool:
        return bool(self.lines) and bool(_HEADS.match(self.lines[0]))


def cleaned(line: str) -> str:
    """A comment's line without what decorates it."""
    text = line.strip()
    return text if text.startswith(("->", "=>")) else text.lstrip(_EDGE).rstrip("=-*~# \t")


def assign(parts: Sequence[Part]) -> tuple[tuple[Remarks, ...], tuple[str, ...]]:
    """The remarks of each piece of code, in order; and, if there is no code at all, what the comments say."""
    groups, codes = _grouped(parts)
    if not codes:
        return (), tuple(line for group in groups for line in group.lines)
    below: list[list[_Group]] = [[] for _ in codes]
    above: list[list[_Group]] = [[] for _ in codes]
    following = 0
    for group in groups:
        while following < len(codes) and codes[following].first <= group.first:
            following += 1
        before = codes[following - 1] if following else None
        after = codes[following] if following < len(codes) else None
        if after is None or (before is not None and _belongs_before(group, before, after)):
            below[following - 1].append(group)
        else:
            above[following].append(group)
    return _laid_out(codes, above, below), ()


def _grouped(parts: Sequence[Part]) -> tuple[list[_Group], list[Part]]:
    """Neighbouring comments as one; those behind code stand alone."""
    groups: list[_Group] = []
    codes: list[Part] = []
    for part in parts:
        if not part.is_comment:
            codes.append(part)
            continue
        trails = bool(codes) and codes[-1].first <= part.first <= codes[-1].last
        lines = [said for said in map(cleaned, part.text.split("\n")) if said]
        near = groups and groups[-1].last + 1 == part.first and not groups[-1].trails
        if near and not trails and (not codes or codes[-1].last < groups[-1].first):
            groups[-1].last = part.last
            groups[-1].lines += lines
        else:
            groups.append(_Group(part.first, part.last, lines, trails))
    return groups, codes


def _belongs_before(group: _Group, before: Part, after: Part) -> bool:
    if group.trails:
        return True
    if group.is_heading or not group.lines:
        return False
    adjacent = group.first == before.last + 1
    apart = group.last + 1 < after.first
    return (adjacent and apart) or (bool(_EXPECTS.match(group.lines[0])) and (adjacent or apart))


def _laid_out(codes: list[Part], above: list[list[_Group]], below: list[list[_Group]]) -> tuple[Remarks, ...]:
    found: list[Remarks] = []
    heading: tuple[str, ...] = ()
    runs_on = False  # the heading reaches over blank lines
    for at, code in enumerate(codes):
        own: tuple[str, ...] = ()
        if above[at]:
            nearest = above[at][-1]
            covers = _covers(nearest, at, codes, above)
            heading, runs_on = (tuple(nearest.lines), nearest.is_heading) if covers else ((), False)
            own = () if covers else tuple(nearest.lines)
        elif heading and not runs_on and code.first > found[-1].last + 1:
            heading = ()
        rows: list[Part | _Group] = [code, *above[at], *below[at]]
        found.append(
            Remarks(
                heading=heading,
                above=own,
                before=tuple(line for group in above[at][:-1] for line in group.lines),
                below=tuple(line for group in below[at] for line in group.lines),
                first=min(each.first for each in rows),
                last=max(each.last for each in rows),
            )
        )
    return tuple(found)


def _covers(group: _Group, at: int, codes: list[Part], above: list[list[_Group]]) -> bool:
    """Whether a comment stands over more than the code right below it."""
    if at + 1 >= len(codes) or above[at + 1]:
        return False
    return group.is_heading or codes[at + 1].first <= codes[at].last + 1
