"""`extends`: one profile laid over another.

Tables merge key by key. The arrays of tables at the top, the phases of rollback plans, and the steps of phases merge by
`id`: an item with a new id is appended, or placed by `before = "id"` or `after = "id"`; `remove = true` takes an
inherited item out. Every other value replaces the inherited one. Nodes keep their origins.
"""

from __future__ import annotations

import os

from cockpit.profile.nodes import Findings, Node, Path, document
from cockpit.profile.problems import nearest
from cockpit.profile.sources import LIMIT_BYTES, Source, Unreadable, read

_AT_THE_TOP = (
    "roles", "probes", "phases", "targets", "rollbacks", "triggers", "templates", "channels", "contacts", "tasks",
)  # fmt: skip
_BY_ID: frozenset[Path] = frozenset(
    [*((name,) for name in _AT_THE_TOP), ("phases", "steps"), ("rollbacks", "phases"), ("rollbacks", "phases", "steps")]
)
_PLACING = ("remove", "before", "after")
_REMOVABLE_TABLES: frozenset[Path] = frozenset({("window",)})
LONGEST_CHAIN = 16
MOST_ITEMS = 2000
"""Of one array of tables in one file; merging takes time quadratic in those that are placed."""


class Layers:
    """Reads a profile and everything it extends, each file once."""

    def __init__(self, findings: Findings) -> None:
        self.sources: list[Source] = []
        """In the order of precedence: a base before what extends it."""
        self.incomplete = False
        """Whether a base could not be had, so that what is missing says nothing."""
        self._findings = findings
        self._merged: dict[str, Node] = {}
        self._bytes_left = LIMIT_BYTES

    def read(self, name: str, chain: tuple[tuple[str, str], ...] = ()) -> Node:
        """Return the merged tree of the file `name`. Raises `Unreadable`.

        `chain` lists (real path, name) of the files being read, the outermost first.
        """
        real = os.path.realpath(name)
        if real in self._merged:
            return self._merged[real]
        source = read(name, allowance_bytes=self._bytes_left)
        self._bytes_left -= len(source.text.encode())
        root = document(source)
        merged = Node({}, source, ())
        for base in self._bases(root):
            below = self._base(base, name, (*chain, (real, name)))
            if below is None:
                self.incomplete = True
            else:
                merged = self._laid_over(merged, below, (), settled=True)
        self.sources.append(source)
        root.table.pop("extends", None)
        merged = self._laid_over(merged, root, ())
        self._merged[real] = merged
        return merged

    def _bases(self, root: Node) -> list[Node]:
        extends = root.table.get("extends")
        if extends is None:
            return []
        named = extends.items or [extends]
        for node in named:
            if not isinstance(node.value, str) or not node.value:
                self._findings.add(node, "`extends` names no file", expected="a path relative to this file, or several")
        return [node for node in named if isinstance(node.value, str) and node.value]

    def _base(self, named: Node, by: str, chain: tuple[tuple[str, str], ...]) -> Node | None:
        name = os.path.normpath(os.path.join(os.path.dirname(by), str(named.value)))
        try:
            real = os.path.realpath(name)
        except ValueError:
            self._findings.add(named, "`extends` names no file", expected="a path without U+0000")
            return None
        names = [link for link, _ in chain]
        if real in names:
            circle = [link_name for _, link_name in chain[names.index(real) :]] + [name]
            self._findings.add(named, f"`extends` goes in a circle: {' → '.join(circle)}", expected="an end")
            return None
        if len(chain) >= LONGEST_CHAIN:
            self._findings.add(
                named, "`extends` goes on for too long", expected=f"at most {LONGEST_CHAIN} files in a row"
            )
            return None
        try:
            base = self.read(name, chain)
            heritage = {key: node for key, node in base.table.items() if key != "partial"}
            return Node(heritage, base.source, base.path)
        except Unreadable as error:
            if error.problem.message.startswith("cannot be read"):
                self._findings.add(named, f"`{name}` {error.problem.message}", expected="a path relative to this file")
            else:
                self._findings.note(error.problem)
            return None

    def _laid_over(self, below: Node, over: Node, kind: Path, *, settled: bool = False) -> Node:
        """Merge two tables; `kind` is the path without indexes. `settled`: `over` is itself a finished layer."""
        merged = dict(below.table)
        for key, node in over.table.items():
            inherited, here = merged.get(key), (*kind, key)
            if not settled and self._is_removed(node, here):
                merged.pop(key, None)
                if inherited is None:
                    self._nothing_to_remove(node, key, below.table)
            elif here in _BY_ID and isinstance(node.value, list):
                merged[key] = self._by_id(inherited or Node([], node.source, node.path), node, here, settled)
            elif isinstance(node.value, dict):
                start = inherited if inherited is not None and isinstance(inherited.value, dict) else _nothing(node)
                merged[key] = self._laid_over(start, node, here, settled=settled)
            else:
                merged[key] = node
        return Node(merged, over.source, over.path)

    def _by_id(self, below: Node, over: Node, kind: Path, settled: bool) -> Node:
        if len(over.items) > MOST_ITEMS:
            self._findings.add(over.items[MOST_ITEMS], "too many items", expected=f"at most {MOST_ITEMS} in one file")
        merged: dict[str | int, Node] = {item.identity or -index: item for index, item in enumerate(below.items, 1)}
        seen, placed = set[str](), list[tuple[str, Node, bool]]()
        for index, node in enumerate(over.items[:MOST_ITEMS]):
            identity = node.identity
            if identity is None or identity in seen:  # conversion says what is wrong with it
                merged[index] = node
                continue
            seen.add(identity)
            removing, anchor, after = (False, None, False) if settled else self._placing(node)
            if removing:
                if merged.pop(identity, None) is None:
                    self._nothing_to_remove(node, identity, [item.identity or "" for item in below.items])
                continue
            merged[identity] = self._laid_over(merged.get(identity, _nothing(node)), node, kind, settled=settled)
            if anchor is not None:
                placed.append((identity, anchor, after))
        items = list(merged.values())
        for identity, anchor, after in placed:
            self._place(items, merged[identity], anchor, after)
        return Node(items, over.source, over.path)

    def _place(self, items: list[Node], item: Node, anchor: Node, after: bool) -> None:
        items.remove(item)
        others = [other.identity or "" for other in items]
        if anchor.value in others:
            items.insert(others.index(str(anchor.value)) + after, item)
        else:
            items.append(item)
            self._findings.add(
                anchor,
                f"there is no `{anchor.value}` to be placed {'after' if after else 'before'}",
                expected="the id of another item",
                nearest=nearest(str(anchor.value), others),
            )

    def _placing(self, node: Node) -> tuple[bool, Node | None, bool]:
        """Take `remove`, `before` and `after` off an item."""
        remove, before, after = (node.table.pop(key, None) for key in _PLACING)
        if remove is not None and remove.value is not True:
            self._findings.add(remove, "`remove` can only be true", expected="`remove = true`, or nothing")
        if before is not None and after is not None:
            self._findings.add(before, "`before` and `after` at once", expected="one of the two")
        return remove is not None and remove.value is True, after or before, after is not None

    def _is_removed(self, node: Node, kind: Path) -> bool:
        removable = kind in _REMOVABLE_TABLES or (len(kind) == 2 and kind[0] == "variables")
        if not removable or "remove" not in node.table:
            return False
        return self._placing(node)[0]

    def _nothing_to_remove(self, node: Node, name: str, inherited: object) -> None:
        names = [str(item) for item in inherited] if isinstance(inherited, list | dict) else []
        self._findings.add(
            node,
            f"nothing to remove: no `{name}` is inherited",
            expected="what a base defines",
            nearest=nearest(name, names),
        )


def _nothing(node: Node) -> Node:
    """An empty table, to lay `node` over."""
    return Node({}, node.source, node.path)
