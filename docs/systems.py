"""Makes `docs/systems.md`: every section of the five runbooks, and the profile elements that carry it.

    .uv/bin/uv run python docs/systems.py

It reads `docs/systems/NAME.toml`, and looks each element up in the environments of `profiles/NAME`. An element that is
nowhere, or a section that nothing carries, is an error: the page is never made without saying what is true.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from cockpit.profile.kinds import installed
from cockpit.profile.load import examine
from cockpit.profile.model import Profile

DOCS = Path(__file__).parent
PAGE = DOCS / "systems.md"
PROFILES = DOCS.parent / "profiles"
PLURALS = {
    "phase": "phases",
    "step": "steps",
    "probe": "probes",
    "trigger": "triggers",
    "plan": "plans",
    "template": "templates",
    "variable": "variables",
    "contact": "contacts",
    "task": "tasks",
    "role": "roles",
    "channel": "channels",
    "target": "targets",
    "window": "window",
}
"""Kinds of element, as they are written in the TOML files, and how several of them are called."""
HEAD = """\
# Every section of the runbooks, and what carries it

Made by `docs/systems.py` from `docs/systems/*.toml`; every name below was looked up in the profile. What was wrong in
the runbooks, and what is done instead, stands in [runbook-corrections.md](runbook-corrections.md).
"""


class NotCarried(Exception):
    """A section that nothing carries, or an element that the profile does not have."""


def made() -> str:
    """The page."""
    parts = [HEAD]
    for path in sorted(DOCS.glob("systems/*.toml")):
        listed = tomllib.loads(path.read_text())
        known = elements(path.stem)
        parts += [f"\n## {path.stem}\n\n{listed['title']}\n\n| section | carried by |\n|---|---|\n"]
        parts += [row(path, section, known) for section in listed["sections"]]
    return "".join(parts)


def elements(name: str) -> set[str]:
    """Everything that the environments of a profile have, as `step:drained`."""
    found: set[str] = set()
    for path in sorted((PROFILES / name).glob("*.toml")):
        loaded, problems = examine(path, installed(), advice=False)
        if loaded is None:
            raise NotCarried(f"{path}: {problems[0]}")
        found |= set(named(loaded.profile))
    return found


def named(profile: Profile) -> Iterator[str]:
    """The elements of one environment."""
    if profile.window is not None:
        yield "window"
    plans = [phase for plan in profile.rollbacks for phase in plan.phases]
    for phase in (*profile.phases, *plans):
        yield f"phase:{phase.id}"
        yield from (f"step:{step.id}" for step in phase.steps)
    yield from (f"variable:{variable.name}" for variable in profile.variables)
    lists: dict[str, tuple[Any, ...]] = {
        "probe": profile.probes,
        "trigger": profile.triggers,
        "plan": profile.rollbacks,
        "template": profile.templates,
        "contact": profile.contacts,
        "task": profile.tasks,
        "role": profile.roles,
        "channel": profile.channels,
        "target": profile.targets,
    }
    for kind, listed in lists.items():
        yield from (f"{kind}:{each.id}" for each in listed)


def row(path: Path, section: dict[str, Any], known: set[str]) -> str:
    """One section as a row. Raises NotCarried."""
    carried = [element.removesuffix(":") for element in section["carried_by"]]
    if not carried:
        raise NotCarried(f"{path.name}: nothing carries {section['runbook']!r}")
    if missing := [element for element in carried if element not in known]:
        raise NotCarried(f"{path.name}: {section['runbook']!r} names what the profile has not: {', '.join(missing)}")
    note = f" ({section['note']})" if section.get("note") else ""
    return f"| {section['runbook']} | {told(carried)}{note} |\n"


def told(carried: list[str]) -> str:
    """Elements in words: those of a kind together."""
    words = []
    for kind, group in groupby(carried, key=lambda element: element.partition(":")[0]):
        ids = [f"`{element.partition(':')[2]}`" for element in group if ":" in element]
        words.append(" ".join([PLURALS[kind] if len(ids) > 1 else kind, ", ".join(ids)]).strip())
    return "; ".join(words)


if __name__ == "__main__":
    try:
        PAGE.write_text(made())
    except NotCarried as error:
        sys.exit(str(error))
