"""A profile's TOML as parts: every table with an id, wherever it stands, with its own keys.

Invariant: a part is known by its sort and id. Steps and phases are so in the walk and in the rollback plans alike, for
their ids are unique in the whole profile.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping

from msgspec import Struct

Path = tuple[str | int, ...]
Key = tuple[str, str]
"""Sort and id: `("step", "migrate")`, `("probe", "health")`; `("profile", "")` and `("window", "")` are single."""

SORTS = {
    "roles": "role",
    "targets": "target",
    "channels": "channel",
    "templates": "template",
    "probes": "probe",
    "phases": "phase",
    "rollbacks": "rollback plan",
    "triggers": "trigger",
    "contacts": "contact",
    "tasks": "task",
}
"""What an item of each array of tables is called, in the order in which profiles are written."""
PROFILE: Key = ("profile", "")
WINDOW: Key = ("window", "")
_BELOW = {"phases": "steps", "rollbacks": "phases"}


class Part(Struct, frozen=True):
    """One table of a profile."""

    key: Key
    path: Path
    """Where it stands in its document."""
    parent: Key
    """Of a step its phase, of a plan's phase the plan; else the profile."""
    table: Mapping[str, object]
    """Its own keys, without the parts below it."""

    @property
    def name(self) -> str:
        """As people are told of it: `step migrate`."""
        return f"{self.key[0]} {self.key[1]}".rstrip()


def parts_of(toml: str) -> dict[Key, Part]:
    """The parts of a profile, in the order written, the profile itself first. Raises tomllib.TOMLDecodeError."""
    document = tomllib.loads(toml)
    top = {key: value for key, value in document.items() if key not in (*SORTS, "variables", "window")}
    found = {PROFILE: Part(PROFILE, (), PROFILE, top)}
    if isinstance(window := document.get("window"), dict):
        found[WINDOW] = Part(WINDOW, ("window",), PROFILE, window)
    variables = document.get("variables")
    for name, table in variables.items() if isinstance(variables, dict) else ():
        if isinstance(table, dict):
            found[("variable", name)] = Part(("variable", name), ("variables", name), PROFILE, table)
    for array in SORTS:
        for part in _items(document, array, (), PROFILE):
            found.setdefault(part.key, part)
    return found


def _items(table: Mapping[str, object], array: str, at: Path, parent: Key) -> Iterator[Part]:
    items = table.get(array)
    below = _BELOW.get(array) if at == () else "steps" if array == "phases" else None
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            continue
        path = (*at, array, index)
        key = ("step" if array == "steps" else SORTS[array], item["id"])
        yield Part(key, path, parent, {name: value for name, value in item.items() if name != below})
        if below is not None:
            yield from _items(item, below, path, key)


def below(parts: Mapping[Key, Part], parent: Key, sort: str) -> list[Key]:
    """The parts of a sort right below another, in order."""
    return [key for key, part in parts.items() if part.parent == parent and key[0] == sort]
