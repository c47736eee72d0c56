"""Text inside Markdown: escaped so that CommonMark, GitHub's and GitLab's dialects show it as it is.

Invariant: what `line` and `code` return is one line, and reading its inline Markdown gives the text again, with its
spaces joined.
"""

from __future__ import annotations

import re

from cockpit.text import visible

_SPECIAL = re.compile(r"[\\`*\[\]<>|~&$#]|(?<![^\W_])_|_(?![^\W_])")
"""What means something wherever it stands; an underscore does only at the edge of a word."""
_AT_START = re.compile(r"^(?:[-+=](?=\s|$|[-+=])|(\d{1,9})[.)](?=\s|$))")
"""What begins a list or underlines a heading."""
_ADDRESS = re.compile(r"(?i)(?:https?:|ftp:|www\.|mailto:|xmpp:)\S|\S@\w|^@\w")
"""What GitHub and GitLab make a link or a mention of, however it is escaped: it is shown as code."""
_EDGES = re.compile(r"^([(\"']*)(.*?)([)\"'.,;:!?]*)$", re.DOTALL)
_KEPT = re.compile("([\t\ufe0e\ufe0f])")
_RUN = re.compile(r"`+")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"^( {0,3}(?:(?:[-*+>]|\d{1,9}[.)]) {1,4}){0,5})(#{1,6}(?:\s|$))")
_BOX = re.compile(r"^(\s{0,80}(?:[-*+]|\d{1,9}[.)])\s{1,4})\[([ xX])\](?=\s)")
_TAG = re.compile(r"(?<!\\)<(?=[A-Za-z/!?])")
_UNDERLINE = re.compile(r"^( {0,3})(=+|-{2,})(\s*)$")


def line(text: str) -> str:
    """One line of text that shows as it is: no links, mentions, HTML, emphasis or cells."""
    words = shown(text).split()
    said = " ".join(_word(word) for word in words)
    return _AT_START.sub(lambda match: f"{match[1] or ''}\\{match[0][-1]}", said)


def _word(word: str) -> str:
    if _ADDRESS.search(word) and not any(char in word for char in "`*\\|"):
        edges = _EDGES.match(word)
        assert edges is not None
        return f"{_escaped(edges[1])}`{edges[2]}`{_escaped(edges[3])}" if edges[2] else _escaped(word)
    return _escaped(word)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", text)


def code(text: str) -> str:
    """One line of text as a code span; nothing if it is empty."""
    said = " ".join(shown(text).split())
    if not said:
        return ""
    ticks = "`" * (1 + max((len(run) for run in _RUN.findall(said)), default=0))
    pad = " " if said[0] == "`" or said[-1] == "`" else ""
    return f"{ticks}{pad}{said}{pad}{ticks}"


def cell(markdown: str) -> str:
    """A piece of Markdown of one line inside a table: a pipe, also one in code, ends no cell."""
    return re.sub(r"(?<!\\)\|", r"\\|", markdown)


def shown(text: str) -> str:
    """Text of several lines in which nothing acts. Tabs stay, for shell's `<<-` needs them, and emoji their colours."""
    parts = _KEPT.split(text.replace("\r\n", "\n"))
    return "".join(part if _KEPT.fullmatch(part) else visible(part, multiline=True) for part in parts)


def fence(text: str, language: str) -> list[str]:
    """A fenced block that no line of the text can end, as one piece."""
    body = shown(text).strip("\n")
    longest = max((len(run) for run in _RUN.findall(body)), default=0)
    ticks = "`" * max(3, longest + 1)
    return [f"{ticks}{language}\n{body}\n{ticks}"]


def prose(markdown: str) -> list[str]:
    """Markdown of the profile, as one piece or none: its formatting stays, but it ends where it ends.

    Headings, boxes and HTML in it become text, so that it opens no section, is no step and hides nothing; a fence that
    it leaves open is closed. Applying it twice changes nothing.
    """
    lines: list[str] = []
    opened, loose = "", False
    for each in shown(markdown).strip("\n").split("\n"):
        edge = _FENCE.match(each)
        if opened:
            if edge is not None and edge[1].startswith(opened) and not each.strip().strip(opened[0]):
                opened = ""
            lines.append(each)
            continue
        if edge is not None and not (edge[1][0] == "`" and "`" in each[edge.end() :]):
            opened = edge[1]
            lines.append(each)
            continue
        loose = bool(each.strip()) and (loose or _is_loose(each))
        lines.append(_tamed(each, lines[-1] if lines else "", loose=loose))
    if opened:
        lines.append(opened)
    return ["\n".join(lines).strip("\n")] if any(each.strip() for each in lines) else []


def _tamed(each: str, before: str, *, loose: bool) -> str:
    """A line of prose; `loose`: in its paragraph a code span goes over lines, so that no line tells what is code."""
    bare = each.rstrip()
    breaks = "  " if bare and each.endswith("  ") else ""  # a hard line break
    each = _HEADING.sub(r"\1\\\2", bare)
    each = _BOX.sub(r"\1\\[\2\\]", each)
    if before.strip():
        each = _UNDERLINE.sub(r"\1\\\2\3", each)
    spans = [] if loose else _spans(each)[0]
    said, at = "", 0
    for start, end in spans:
        said += _TAG.sub(r"\\<", each[at:start]) + each[start:end]
        at = end
    return said + _TAG.sub(r"\\<", each[at:]) + breaks


def _is_loose(each: str) -> bool:
    return _spans(each)[1]


def _spans(each: str) -> tuple[list[tuple[int, int]], bool]:
    """Where a line has code spans; and whether a run of backticks is left over."""
    runs = list(_RUN.finditer(each))
    found, left, index = [], False, 0
    while index < len(runs):
        near = range(index + 1, min(len(runs), index + 40))
        closing = next((other for other in near if len(runs[other][0]) == len(runs[index][0])), None)
        if closing is None:
            left, index = True, index + 1
            continue
        found.append((runs[index].start(), runs[closing].end()))
        index = closing + 1
    return found, left


def indented(pieces: list[str]) -> list[str]:
    """The pieces as they stand inside a list's item."""
    return ["\n".join(f"  {row}" if row else "" for row in each.split("\n")) for each in pieces]


def joined(pieces: list[str]) -> str:
    """The pieces as a text that ends in one newline; of several blank ones between them, one is left."""
    kept = [each for at, each in enumerate(pieces) if each or (at and pieces[at - 1])]
    return "\n".join(kept).strip("\n") + "\n"


def anchor(heading: str) -> str:
    """What GitHub calls a heading (its text, without Markdown) in links, before numbers for those of the same name."""
    kept = "".join(char for char in heading.lower() if char.isalnum() or char in "_- ")
    return kept.replace(" ", "-")
