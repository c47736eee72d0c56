"""Shell in runbooks: one entry for each command that a person would run by itself, with what is said of it.

Each entry works when it is copied alone: it carries the folder, variables and functions that came before it in its
fence, in a subshell where it would change the person's own. Text that is no shell gives one entry, as it is.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace
from tree_sitter import Node

from cockpit.importing.code_comments import Part, Remarks, assign
from cockpit.importing.scenes import Piece, framed, is_needed, pieces
from cockpit.importing.shell_tree import Patience, Script, Simple

_SLEEP = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([smhd]?)")
_UNITS_S = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_MOST_SCENES = 40
"""Beyond these a text is a program, and one entry."""
_LONGEST_SLEEP_S = 86400.0 * 365


class ShellCommand(Struct, frozen=True, kw_only=True):
    """One logical command: an `if … fi`, a pipeline, a script are one. Without `text` it only tells something."""

    text: str
    """To be copied: as written, with its scene before it."""
    own: str = ""
    """As written."""
    remarks: Remarks = Remarks()
    first: int
    last: int
    """Rows of the body it stands on, from 0, inclusive, its comments among them."""
    scene_rows: tuple[int, ...] = ()
    """Further rows that are a part of it: of its scene."""
    sleep_s: float | None = None
    """It is a plain `sleep`; its seconds."""
    parsed: bool = True
    simples: tuple[Simple, ...] = ()
    """The commands in it, word by word."""
    uses: frozenset[str] = frozenset()
    """Variables that it reads and nothing before it in the fence sets."""
    sets: frozenset[str] = frozenset()
    is_talk: bool = False
    """It is nothing but `echo`, for whoever reads along."""


def commands(body: str, patience: Patience | None = None) -> tuple[ShellCommand, ...]:
    """Cut a fenced body into commands. A body of nothing but comments or `echo` is one entry without text."""
    patience = patience or Patience()
    with patience.spent():
        return _commands(body, patience)


def _commands(body: str, patience: Patience) -> tuple[ShellCommand, ...]:
    script = Script(body, patience)
    if script.broken or body.lstrip().startswith("#!"):
        return _whole(body, script)
    found = pieces(script)
    if sum(piece.kind not in ("command", "talk") or bool(piece.moves) for piece in found) > _MOST_SCENES:
        return _whole(body, script)
    if found and all(piece.kind not in ("command", "talk") for piece in found):
        joined = _whole(body, script)[0]
        return (_with_names(joined, found),)
    parts, folded = _parts(found, script)
    remarks, only = assign(parts)
    if not any(piece.kind != "talk" for piece in found):
        talk = tuple(_words(piece, script) for piece in found)
        rows = [row for row, line in enumerate(body.split("\n")) if line.strip()]
        if not rows:
            return ()
        said = only or tuple(line for each in remarks for line in (*each.heading, *each.above)) + talk
        talks = bool(talk) and not only
        return (ShellCommand(text="", remarks=Remarks(above=said), first=rows[0], last=rows[-1], is_talk=talks),)
    return _entries(found, remarks, folded, script)


def _whole(body: str, script: Script) -> tuple[ShellCommand, ...]:
    """The whole body as one entry: a file, or what the parser does not take."""
    lines = body.split("\n")
    rows = [row for row, line in enumerate(lines) if line.strip()]
    if not rows:
        return ()
    above = []
    for row in rows:
        line = lines[row].strip()
        if not line.startswith("#"):
            break
        if not line.startswith("#!") and line.strip("# "):
            above.append(line.lstrip("# "))
    text = "\n".join(lines[rows[0] : rows[-1] + 1])
    if len(above) and all(lines[row].strip().startswith("#") for row in rows):
        text = ""
    entry = ShellCommand(
        text=text,
        own=text,
        remarks=Remarks(above=tuple(above)),
        first=rows[0],
        last=rows[-1],
        parsed=not script.broken,
        simples=tuple(script.simples(script.root)) if script.root is not None else (),
    )
    return (entry if script.root is None else _with_names(entry, pieces(script)),)


def _with_names(entry: ShellCommand, found: list[Piece]) -> ShellCommand:
    uses = {name for piece in found for name in piece.uses}
    gives = {name for piece in found for name in piece.gives}
    return replace(entry, uses=frozenset(uses - gives), sets=frozenset(gives))


def _parts(found: list[Piece], script: Script) -> tuple[list[Part], list[int]]:
    """Comments and code in order; scenes and talk right above a command count as a piece of it.

    Also, for each piece, the number of the code part that it is in.
    """
    assert script.root is not None
    marks = deque(_between(found, script))
    ending = max((at for at, piece in enumerate(found) if piece.kind != "talk"), default=len(found))
    ending = max((at for at, piece in enumerate(found) if piece.kind == "command"), default=ending)
    parts: list[Part] = []
    folded: list[int] = []
    count, waiting = 0, -1
    for at, piece in enumerate(found):
        while marks and marks[0].start_byte < piece.start:
            parts.append(_comment(script, marks.popleft()))
            waiting = -1
        if at > ending and piece.kind in ("folder", "setting", "talk"):
            folded.append(count - 1)
            continue
        folded.append(count)
        ahead = found[at + 1] if at + 1 < len(found) else None
        behind = bool(marks) and marks[0].start_point.row <= piece.last + 1
        first = piece.first if waiting < 0 else waiting
        if piece.kind != "command" and ahead is not None and ahead.first == piece.last + 1 and not behind:
            waiting = first
            continue
        parts.append(Part(first=first, last=piece.last, text="", is_comment=False))
        count, waiting = count + 1, -1
    parts += [_comment(script, node) for node in marks]
    return parts, folded


def _between(found: list[Piece], script: Script) -> Iterator[Node]:
    """The comments that stand in no piece."""
    assert script.root is not None
    at = 0
    for node in script.root.children:
        if node.type != "comment":
            continue
        while at < len(found) and found[at].end <= node.start_byte:
            at += 1
        if at >= len(found) or node.start_byte < found[at].start:
            yield node


def _comment(script: Script, node: Node) -> Part:
    row = node.start_point.row
    return Part(first=row, last=row, text=script.said(node), is_comment=True)


def _entries(
    found: list[Piece], remarks: tuple[Remarks, ...], folded: list[int], script: Script
) -> tuple[ShellCommand, ...]:
    made: list[ShellCommand] = []
    scene: list[Piece] = []
    told: list[str] = []
    rows: list[int] = []
    read = {name for piece in found if piece.kind in ("command", "function") for name in (*piece.uses, *piece.calls)}
    ending = max((at for at, piece in enumerate(found) if piece.kind == "command"), default=-1)
    for at, piece in enumerate(found):
        said = remarks[folded[at]]
        if _stands(piece, read, is_last=at > ending):
            made.append(_entry(piece, said, scene, told, rows, script))
            told, rows = [], []
            if piece.moves:
                scene.append(_moved(piece))
            continue
        rows += range(piece.first, piece.last + 1)
        if piece.kind == "talk":
            told.append(_words(piece, script))
        else:
            scene.append(piece)
        if at < ending and folded[at] not in (folded[at + 1], folded[at - 1] if at else -1):
            told += (*said.heading, *said.before, *said.above, *said.below)
            rows += range(said.first, said.last + 1)
    if rows and made:
        made[-1] = replace(
            made[-1],
            remarks=replace(made[-1].remarks, below=(*made[-1].remarks.below, *told)),
            scene_rows=(*made[-1].scene_rows, *rows),
        )
    return tuple(made)


def _stands(piece: Piece, read: set[str], *, is_last: bool) -> bool:
    """Whether a piece is something to run, and not merely the scene of what follows."""
    if piece.kind in ("value", "function"):
        return is_last or not piece.gives & read
    return piece.kind == "command" or (piece.kind == "exported" and is_last)


def _entry(
    piece: Piece, said: Remarks, scene: list[Piece], told: list[str], rows: list[int], script: Script
) -> ShellCommand:
    uses, calls, needed = set(piece.uses), set(piece.calls), []
    for each in reversed(scene):
        if is_needed(each, piece, uses, calls):
            needed.append(each)
            uses |= each.uses
            calls |= each.calls if each.kind == "function" else set()
    needed.reverse()
    texts = [each.moves or script.text(each.start, each.end).strip() for each in needed]
    apart = bool(piece.moves) or any(
        each.kind in ("folder", "setting") and not _sources(each, script) for each in needed
    )
    own = script.text(piece.start, piece.end).strip("\n")
    if (sleep_s := _sleep_s(own)) is not None:
        needed, texts, apart = [], [], False
    given = {name for each in (*needed, piece) for name in each.gives}
    return ShellCommand(
        text=framed(piece, texts, script, apart=apart),
        own=own,
        remarks=Remarks(
            heading=said.heading,
            above=said.above,
            before=(*said.before, *told),
            below=said.below,
            first=said.first,
            last=said.last,
        ),
        first=min(said.first, piece.first),
        last=max(said.last, piece.last),
        scene_rows=tuple(dict.fromkeys([*rows, *(row for each in needed for row in range(each.first, each.last + 1))])),
        sleep_s=sleep_s,
        simples=tuple(simple for node in piece.nodes for simple in script.simples(node)),
        uses=frozenset(uses - given),
        sets=frozenset(given),
    )


def _moved(piece: Piece) -> Piece:
    """The scene that a command with a `cd` in it leaves behind."""
    return Piece(
        nodes=[], start=0, end=0, first=piece.first, last=piece.first - 1, uses=set(), gives=set(), calls=set(),
        kind="folder", moves=piece.moves,
    )  # fmt: skip


def _sources(piece: Piece, script: Script) -> bool:
    return script.text(piece.start, piece.end).startswith(("source ", ". "))


def _words(piece: Piece, script: Script) -> str:
    return " ".join(word for simple in script.simples(piece.nodes[0]) for word in simple.words[1:])


def _sleep_s(text: str) -> float | None:
    words = text.split()
    if len(words) < 2 or words[0] != "sleep":
        return None
    matches = [_SLEEP.fullmatch(word) for word in words[1:9]]
    total_s = sum(float(found[1]) * _UNITS_S[found[2]] for found in matches if found)
    return total_s if all(matches) and len(words) < 10 and 0 < total_s <= _LONGEST_SLEEP_S else None
