"""Pieces of a shell text, what each needs of those before it, and which must stay together.

A folder that was changed into, a variable that was set and a function that was defined are the scene of what follows.
A command is copied alone, so it carries its scene with it (`framed`); what cannot be told twice the same (a file named
after the time, `$?`, `$!`) stays in one piece with all that reads it.
"""

from __future__ import annotations

from msgspec import Struct
from tree_sitter import Node

from cockpit.importing.shell_tree import Script, every

_FOLDERS = ("cd", "pushd", "popd")
_SETTINGS = ("set", "shopt", "umask", "source", ".")
_SIMPLE = ("command", "pipeline", "redirected_statement", "negated_command", "subshell", "compound_statement",
           "if_statement", "for_statement", "while_statement", "case_statement", "variable_assignment")  # fmt: skip


class Piece(Struct, kw_only=True):
    """One or several neighbouring statements of the top level."""

    nodes: list[Node]
    start: int
    end: int
    """Bytes."""
    first: int
    last: int
    """Rows, from 0, inclusive."""
    uses: set[str]
    """Variables that it reads; `?` and `!` among them."""
    gives: set[str]
    """Variables that it sets, and functions that it defines."""
    calls: set[str]
    kind: str = "command"
    """`command`; of a scene `folder`, `setting`, `exported`, `value`, `function`; `talk`: an echo for people."""
    moves: str = ""
    """The `cd` in it that holds for what follows."""
    varies: bool = False
    """What it sets may be another thing the next time."""


def pieces(script: Script) -> list[Piece]:
    """Cut a text at its statements. What shares a line, reads `$?`, or must not be told twice is one piece."""
    assert script.root is not None
    found: list[Piece] = []
    for node in script.root.children:
        if node.type == "comment":
            continue
        if not node.is_named:
            if found and node.type == "&":
                found[-1].end = max(found[-1].end, node.end_byte)
                found[-1].gives.add("!")
                found[-1].kind = "command"
            continue
        piece = _piece(node, script)
        if found and (piece.first <= found[-1].last or "?" in piece.uses):
            _join(found[-1], piece)
        else:
            found.append(piece)
    return _together(found)


def is_needed(scene: Piece, piece: Piece, uses: set[str], calls: set[str]) -> bool:
    """Whether a piece that reads `uses` and calls `calls` needs a scene before it."""
    if scene.kind == "setting" and scene.calls <= {"set"} and all(node.type == "command" for node in piece.nodes):
        return len(piece.nodes) > 1  # one command alone fails as it does
    if scene.kind in ("folder", "setting", "exported"):
        return True
    return bool(scene.gives & (calls if scene.kind == "function" else uses)) and scene is not piece


def framed(piece: Piece, scene: list[str], script: Script, *, apart: bool) -> str:
    """A piece with its scene before it; `apart`: in a shell of its own, so that the person's stays where it is."""
    own = script.text(piece.start, piece.end).strip("\n")
    if not scene:
        return f"({own})" if apart and "\n" not in own else f"(\n{own}\n)" if apart else own
    before = " && ".join(scene)
    whole = len(piece.nodes) == 1 and not own.endswith("&") and _holds_together(piece.nodes[0])
    if "\n" in before or "\n" in own.replace("\\\n", ""):
        lines = "\n".join(scene) if not apart else before
        if not apart:
            return f"{lines}\n{own}"
        return f"({lines} && {{\n{own}\n}})"
    if not whole:
        own = f"{{ {own}{'' if own.endswith(('&', ';')) else ';'} }}"
    return f"({before} && {own})" if apart else f"{before} && {own}"


def _piece(node: Node, script: Script) -> Piece:
    uses: set[str] = set()
    gives: set[str] = set()
    calls: set[str] = set()
    varies = False
    for each in every(node):
        if each.type in ("simple_expansion", "expansion"):
            names = (script.said(child) for child in each.named_children if child.type.endswith("variable_name"))
            uses.update(name for name in names if name.isidentifier() or name in "?!")
        elif each.type in ("variable_assignment", "for_statement", "select_statement") and each.named_children:
            gives.add(script.said(each.named_children[0]))
        elif each.type in ("command_substitution", "process_substitution"):
            varies = True
        elif each.type == "command_name":
            calls.add(script.said(each))
    last = node.end_point.row - (1 if node.end_point.column == 0 and node.end_point.row > node.start_point.row else 0)
    piece = Piece(
        nodes=[node],
        start=node.start_byte,
        end=node.end_byte,
        first=node.start_point.row,
        last=last,
        uses=uses,
        gives=gives,
        calls=calls,
        varies=varies and bool(gives),
    )
    if "read" in calls and node.type == "command":
        piece.gives.update(word for word in script.said(node).split()[1:] if word.isidentifier())
        piece.varies = True
    piece.varies = piece.varies or ("!" in uses and bool(gives))
    piece.kind, piece.moves = _kind(node, piece, script)
    return piece


def _kind(node: Node, piece: Piece, script: Script) -> tuple[str, str]:
    parts = _conjuncts(node)
    kinds = [_scene(part, script) for part in parts]
    moves = " && ".join(script.said(part) for part, kind in zip(parts, kinds, strict=True) if kind == "folder")
    if node.type == "function_definition":
        piece.gives.add(script.said(node.named_children[0]))
        return "function", ""
    if all(kinds):
        return next((kind for kind in ("folder", "setting", "exported") if kind in kinds), kinds[0]), moves
    if piece.calls <= {"echo", "printf"} and piece.calls and node.type == "command" and not piece.varies:
        alone = node.named_child_count == 2 and node.named_children[1].type in ("simple_expansion", "expansion")
        return ("command" if alone or "?" in piece.uses else "talk"), ""
    return "command", moves


def _scene(node: Node, script: Script) -> str:
    if node.type in ("variable_assignment", "variable_assignments"):
        return "value"
    if node.type in ("declaration_command", "unset_command"):
        return "exported"
    if node.type != "command" or not node.named_children:
        return ""
    name = script.said(node.named_children[0])
    return "folder" if name in _FOLDERS else "setting" if name in _SETTINGS else ""


def _conjuncts(node: Node) -> list[Node]:
    """The parts of `a && b && c`; of anything else, itself."""
    parts: list[Node] = []
    while node.type == "list" and len(node.children) == 3 and node.children[1].type == "&&":
        parts.append(node.children[2])
        node = node.children[0]
    return [node, *reversed(parts)]


def _holds_together(node: Node) -> bool:
    return all(part.type in _SIMPLE for part in _conjuncts(node))


def _join(into: Piece, piece: Piece) -> None:
    into.nodes += piece.nodes
    into.end = max(into.end, piece.end)
    into.last = max(into.last, piece.last)
    into.uses |= piece.uses - {"?"}
    into.gives |= piece.gives
    into.calls |= piece.calls
    into.moves = " && ".join(part for part in (into.moves, piece.moves) if part)
    into.varies = into.varies or piece.varies
    if piece.kind != into.kind:
        into.kind = "command"


def _together(found: list[Piece]) -> list[Piece]:
    """Join from each setting that varies, or job in the background, to the last piece that reads it."""
    last_use: dict[str, list[int]] = {}
    for at, piece in enumerate(found):
        for name in piece.uses:
            last_use.setdefault(name, []).append(at)
    kept: list[Piece] = []
    reach = -1
    for at, piece in enumerate(found):
        names = (piece.gives if piece.varies else set()) | ({"!"} & piece.gives)
        users = {use for name in names for use in last_use.get(name, ()) if use > at}
        joined = at <= reach
        if joined:
            _join(kept[-1], piece)
            kept[-1].kind = "command"
        else:
            kept.append(piece)
        if users and (joined or len(users) > 1 or piece.kind == "command" or "!" in names):
            reach = max(reach, *users)
    return kept
