"""Ids that are taken: each is reported at its second place, with the first.

Phases and steps of rollback plans share their names with those of the walk, since the log, gates and people name them
alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cockpit.profile.nodes import Findings, Node

_PLAIN: Mapping[str, str] = {
    "role": "roles", "probe": "probes", "target": "targets", "rollback plan": "rollbacks", "trigger": "triggers",
    "template": "templates", "channel": "channels", "contact": "contacts", "task": "tasks",
}  # fmt: skip


def judge_ids(root: Node, findings: Findings) -> None:
    """Report every id that is taken."""
    phases = [
        *_items(root, "phases"),
        *(phase for plan in _items(root, "rollbacks") for phase in _items(plan, "phases")),
    ]
    groups: dict[str, Iterable[Node]] = {what: _items(root, key) for what, key in _PLAIN.items()}
    groups["phase"] = phases
    groups["step"] = [step for phase in phases for step in _items(phase, "steps")]
    for what, nodes in groups.items():
        first: dict[str, Node] = {}
        for node in nodes:
            if node.identity is not None and first.setdefault(node.identity, node) is not node:
                _taken(what, node, first[node.identity], findings)


def _taken(what: str, node: Node, first: Node, findings: Findings) -> None:
    file, line, column = first.table["id"].place()
    findings.add(
        node.table["id"],
        f"the {what} `{node.identity}` is there already, at {file}:{line}:{column}",
        expected=f"an id that no other {what} has",
    )


def _items(node: Node, key: str) -> list[Node]:
    return node.table[key].items if key in node.table else []
