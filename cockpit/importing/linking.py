"""Which table of a profile's TOML belongs to which lines of the source, and back.

The ledger says in words what a line became (`step migrate`, `description of phase database`); the tables are found
where they stand in the TOML, so that this holds for a file that a person has edited as well.
"""

from __future__ import annotations

import bisect
import re
import tomllib
from collections.abc import Sequence

from msgspec import Struct

from cockpit.importing.ledger import Entry
from cockpit.profile.positions import Path, positions

Key = tuple[str, str]
"""`("step", "migrate")`; of the top of the file `("top", "")`, of the window `("window", "")`."""

_KINDS = {
    "roles": "role", "targets": "target", "channels": "channel", "templates": "template", "probes": "probe",
    "phases": "phase", "steps": "step", "rollbacks": "rollback plan", "triggers": "trigger", "contacts": "contact",
    "tasks": "task", "variables": "variable",
}  # fmt: skip
_NAMED = re.compile(rf"\b({'|'.join(_KINDS.values())}) ([A-Za-z0-9_.-]{{1,200}})$")
_PLACE = re.compile(r"(.+):([0-9]{1,9})(?:-([0-9]{1,9}))?", re.DOTALL)
_GROUPS = {f"{kind}s": kind for kind in _KINDS.values()}
TOP: Key = ("top", "")


class TomlTable(Struct, frozen=True, kw_only=True):
    """One table of the file, with the remarks above it and the tables inside it that have no id."""

    key: Key
    first: int
    """Line of the TOML, from 1."""
    last: int
    """The line of its last value; blank lines and the next table's remarks are not part of it."""


class TomlLines(Struct, frozen=True, kw_only=True):
    """A profile's TOML in lines."""

    lines: tuple[str, ...]
    tables: tuple[TomlTable, ...]
    """In order; each line belongs to at most one."""
    inside: frozenset[int]
    """Lines that go on a text of several lines, from 1."""

    def table_at(self, line: int) -> TomlTable | None:
        """The table that a line belongs to."""
        index = bisect.bisect_right(self.tables, line, key=lambda table: table.first) - 1
        table = self.tables[index] if index >= 0 else None
        return table if table is not None and line <= table.last else None


def toml_lines(text: str) -> TomlLines:
    """The lines and tables of a profile that is valid TOML. Raises tomllib.TOMLDecodeError."""
    document = tomllib.loads(text)
    raw = text.encode()
    found = positions(raw)
    starts = [0, *(match.end() for match in re.finditer(b"\n", raw))]

    def line_of(offset: int) -> int:
        return bisect.bisect_right(starts, offset)

    lines = tuple(text.split("\n")[:-1] if text.endswith("\n") else text.split("\n"))
    inside: set[int] = set()
    for first, last in found.values.values():
        if raw[first : first + 3] in (b'"""', b"'''"):
            inside.update(range(line_of(first) + 1, line_of(last) + 1))
    heads: dict[int, Key] = {1: TOP}
    for path, offset in found.keys.items():
        if (key := _key(document, path)) is not None:
            heads.setdefault(line_of(offset), key)
    return TomlLines(lines=lines, tables=_tables(lines, heads, inside), inside=frozenset(inside))


def keys_of(entry: Entry, tables: Sequence[TomlTable]) -> tuple[Key, ...]:
    """The tables that hold what a line became, in the order of its words; a group's heading leads to its first."""
    found: list[Key] = []
    for became in entry.became:
        if named := _NAMED.search(became):
            found.append((named[1], named[2]))
        elif became in _GROUPS:
            found += [table.key for table in tables if table.key[0] == _GROUPS[became]][:1]
        elif became == "window":
            found.append(("window", ""))
        elif became.startswith(("title", "description")):
            found.append(TOP)
    return tuple(dict.fromkeys(found))


def lines_of(source: str) -> tuple[str, int, int] | None:
    """The name and the first and last line that a step's `source` says: `RUNBOOK.md:57-61`. None: it says none."""
    found = _PLACE.fullmatch(source)
    if found is None:
        return None
    first = int(found[2])
    return found[1], first, max(first, int(found[3] or first))


def _key(document: object, path: Path) -> Key | None:
    """Of a path that is a table of its own: `("phases", 0, "steps", 3)`, `("variables", "url")`, `("window",)`."""
    if path == ("window",):
        return "window", ""
    if len(path) == 2 and path[0] == "variables":
        return "variable", str(path[1])
    if len(path) < 2 or len(path) % 2 or not isinstance(path[-1], int):
        return None
    at = document
    for part in path:
        try:
            at = at[part]  # type: ignore[index] # a path of this very document
        except (KeyError, IndexError, TypeError):
            return None
    kind = _KINDS.get(str(path[-2]))
    name = at.get("id") if isinstance(at, dict) else None
    return (kind, name) if kind and isinstance(name, str) else None


def _tables(lines: Sequence[str], heads: dict[int, Key], inside: set[int]) -> tuple[TomlTable, ...]:
    starts = sorted(heads)
    # Remarks directly above a header are of its table.
    begins = []
    for head in starts:
        first = head
        while first > 1 and lines[first - 2].startswith("#") and first - 1 not in inside and head > 1:
            first -= 1
        begins.append(first)
    tables = []
    for number, first in enumerate(begins):
        last = begins[number + 1] - 1 if number + 1 < len(begins) else len(lines)
        while last > first and not lines[last - 1].strip() and last not in inside:
            last -= 1
        if last >= first:
            tables.append(TomlTable(key=heads[starts[number]], first=first, last=last))
    return tuple(tables)
