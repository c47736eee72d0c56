"""`undo = true` in a phase of a rollback plan: a step for the `undo` of every step of the walk, in reverse order.

They are written into the tree before it is converted, ahead of the phase's own steps, so that they are steps like any
other: checked, numbered, frozen into the log. Their values keep the places of what they were made from.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cockpit.profile.fields import Fields
from cockpit.profile.kinds import Kinds, Settings
from cockpit.profile.nodes import Findings, Node

_LONGEST_ID = 64
_LONGEST_TITLE = 200
_COMMON = ("kind", "owner", "risk", "estimate")
_SETTINGS = ("target", "cwd", "env", "params", "timeout", "lock_timeout", "statement_timeout", "transaction")


def write_out_undoing(root: Node, kinds: Kinds, findings: Findings) -> None:
    """Replace every `undo = true` by the steps it stands for."""
    taken: set[str] = set()
    for plan in _items(root, "rollbacks"):
        first: Node | None = None
        for phase in _items(plan, "phases"):
            asked = phase.table.pop("undo", None)
            if asked is None or asked.value is False:
                continue
            if asked.value is not True:
                Fields(phase, findings, "the phase").wrong(asked, "undo", "true or false")
            elif first is not None:
                findings.add(asked, "another phase of this plan undoes all already", expected="one `undo = true`")
            else:
                first = asked
                made = list(_steps(root, plan.identity or "", kinds, taken, findings))
                own = phase.table.get("steps")
                if own is None or isinstance(own.value, list):
                    source, path = (own.source, own.path) if own else (asked.source, asked.path)
                    phase.table["steps"] = Node([*made, *(own.items if own else ())], source, path)


def _steps(root: Node, plan: str, kinds: Kinds, taken: set[str], findings: Findings) -> Iterator[Node]:
    walk = [step for phase in _items(root, "phases") for step in _items(phase, "steps")]
    for step in reversed(walk):
        undo = step.table.get("undo")
        kind = kinds.steps.get(_text(step, "kind") or "confirm")
        if undo is None or kind is None or step.identity is None or not undo.value:
            continue
        key = _key(undo, kind.settings)
        if key is None:
            continue  # conversion says that the key means nothing here, or is of the wrong type
        name = f"undo_{step.identity}"
        if name in taken:
            name = f"{name}_{plan}"  # two plans that undo the same step
        if len(name) > _LONGEST_ID:
            said = f"`{name}` is too long for a step's id"
            findings.add(step.table["id"], said, expected="a shorter id for a step that is undone")
            continue
        taken.add(name)
        yield _step(step, undo, key, name, {field.encode_name for field in msgspec.structs.fields(kind.settings)})


def _step(step: Node, undo: Node, key: str, name: str, known: set[str]) -> Node:
    title = _at(undo, f"Undo: {_text(step, 'title') or step.identity}"[:_LONGEST_TITLE])
    if _text(step, "undo_title"):
        title = step.table["undo_title"]
    table = {"id": _at(undo, name), "title": title}
    table |= {each: step.table[each] for each in _COMMON if each in step.table}
    table |= {each: step.table[each] for each in _SETTINGS if each in step.table and each in known}
    table[key] = undo
    if "params" in table and "%(" not in str(undo.value):
        del table["params"]
    files = [file for file in _items(step, "files") if str(file.value) in str(undo.plain())]
    if files and key != "statements":
        table["files"] = Node(files, step.table["files"].source, step.table["files"].path)
    table["undoes"] = Node([_at(undo, step.identity)], undo.source, undo.path)
    return Node(table, undo.source, undo.path)


def _key(undo: Node, settings: type[Settings]) -> str | None:
    """Under which setting the new step does what `undo` says."""
    known = {field.encode_name for field in msgspec.structs.fields(settings)}
    if "undo" not in known:
        return None
    wanted = ("argv",) if isinstance(undo.value, list) else ("script", "statements") if _is_text(undo) else ()
    return next((key for key in wanted if key in known), None)


def _at(place: Node, value: object) -> Node:
    return Node(value, place.source, place.path)


def _is_text(node: Node) -> bool:
    return isinstance(node.value, str)


def _text(node: Node, key: str) -> str:
    below = node.table.get(key)
    return below.value if below is not None and isinstance(below.value, str) else ""


def _items(node: Node, key: str) -> list[Node]:
    """The tables of an array of tables, or the elements of an array."""
    return node.table[key].items if key in node.table else []
