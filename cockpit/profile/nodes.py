"""The parsed document with its origins: every value knows the file it came from and its path there.

Merging files (`inherit`) moves nodes between trees without touching their origins, so a problem is always reported
where the offending text stands, be it in a base file.
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.profile.problems import Problem, Severity, problem
from cockpit.profile.sources import Source, Unreadable

Path = tuple[str | int, ...]
DEEPEST = 48
"""Levels of tables and arrays; a profile needs about six."""


MOST = 500
"""Problems told of one profile; nobody reads more, and finding the place of each takes time."""


class Node:
    """A value (a scalar, a dict of nodes, or a list of nodes) and where it came from."""

    __slots__ = ("path", "source", "value")

    def __init__(self, value: object, source: Source, path: Path) -> None:
        self.value = value
        self.source = source
        self.path = path

    @property
    def table(self) -> dict[str, Node]:
        """Its children by key; empty for anything but a table."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """Its elements; empty for anything but an array."""
        return self.value if isinstance(self.value, list) else []

    @property
    def identity(self) -> str | None:
        """The text under `id`, by which merged arrays of tables match."""
        named = self.table.get("id")
        return named.value if named is not None and isinstance(named.value, str) else None

    def place(self, *, key: bool = False) -> tuple[str, int, int]:
        """File, line and column of the value, or of its key."""
        return self.source.place(self.path, key=key)

    def plain(self) -> object:
        """Return the value as dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def walk(self) -> Iterator[Node]:
        """Yield itself and everything below, in the order written."""
        yield self
        for child in (*self.table.values(), *self.items):
            yield from child.walk()

    def find(self, *path: str | int) -> Node:
        """Return the node at `path`, where an array's element may be named by its `id`; else the deepest on the way."""
        node = self
        for part in path:
            if isinstance(node.value, dict):
                below = node.value.get(str(part))
            elif isinstance(part, int):
                below = node.items[part] if part < len(node.items) else None
            else:
                below = next((item for item in node.items if item.identity == part), None)
            if below is None:
                return node
            node = below
        return node


class Findings:
    """Collects problems at nodes, in the order found, without repeating any."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}
        self._failed = False

    def add(
        self,
        node: Node,
        message: str,
        *,
        key: bool = False,
        inside: tuple[int, int] | None = None,
        severity: Severity = "error",
        expected: str = "",
        nearest: str = "",
    ) -> None:
        """Note a problem at the node's value, at its `key`, or at a line and column `inside` its text."""
        if self.full:
            self._failed = self._failed or severity == "error"
            return
        place = node.source.place_inside(node.path, *inside) if inside else node.place(key=key)
        self.note(problem(place, message, severity=severity, expected=expected, nearest=nearest))

    def note(self, found: Problem) -> None:
        """Note a problem made elsewhere."""
        self._found.setdefault(found)
        self._failed = self._failed or found.severity == "error"

    @property
    def problems(self) -> list[Problem]:
        """Everything found: file by file in the order first met, each from top to bottom."""
        files = {found.file: None for found in self._found}
        order = {file: index for index, file in enumerate(files)}
        return sorted(self._found, key=lambda found: (order[found.file], found.line, found.column))

    @property
    def failed(self) -> bool:
        """Whether any of them is an error."""
        return self._failed

    @property
    def full(self) -> bool:
        """Whether there is enough to mend first: what follows is counted as failing, but not told."""
        return len(self._found) >= MOST


def document(source: Source) -> Node:
    """Parse a source into nodes. Raises `Unreadable`."""
    return _node(source.parse(), source, ())


def _node(value: object, source: Source, path: Path) -> Node:
    if len(path) > DEEPEST:
        raise Unreadable(problem(source.place(path), "nested too deeply", expected=f"at most {DEEPEST} levels"))
    if isinstance(value, dict):
        return Node({key: _node(below, source, (*path, key)) for key, below in value.items()}, source, path)
    if isinstance(value, list):
        return Node([_node(below, source, (*path, index)) for index, below in enumerate(value)], source, path)
    return Node(value, source, path)
