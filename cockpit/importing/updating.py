"""A profile brought up to a changed runbook: imported again, matched, merged, and verified before anything is written.

Invariant: what comes out passes `check`, and each key that a person set has the value that they gave it; else nothing
comes out at all.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from msgspec import Struct

from cockpit.errors import ImportRefused
from cockpit.importing.changes import Change
from cockpit.importing.imported import Imported, imported
from cockpit.importing.matching import content, followed, matched
from cockpit.importing.merging import ABSENT, Merged, merged
from cockpit.importing.parts import PROFILE, Key, Part, parts_of
from cockpit.importing.placing import part_at
from cockpit.importing.pristine import Pristine
from cockpit.importing.source import Source
from cockpit.importing.toml_text import MARK, MORE, comments
from cockpit.profile.problems import Problem

_KINDS = {
    "step": "steps",
    "phase": "steps",
    "probe": "probes",
    "template": "templates",
    "rollback plan": "rollbacks",
    "trigger": "triggers",
    "contact": "contacts",
    "task": "tasks",
}
"""Under which kind the importer gives out the ids of a sort; other ids it takes from the runbook as they are."""
_NEEDED = ("id", "title", "kind")
_ROUNDS = 20
_QUOTED = re.compile(r"`([^`]{1,100})`")
Check = Callable[[str], Sequence[Problem]]
"""The errors of a profile's text, as if it stood in its file."""


class Updated(Struct, frozen=True, kw_only=True):
    """An update that may be written."""

    toml: str
    """The profile's new text, `\\n` as line end."""
    changes: tuple[Change, ...]
    made: Imported
    """The import of the changed runbook, with the ids of the profile's parts."""


def updated(ours: str, kept: Pristine | None, sources: Sequence[Source], check: Check) -> Updated:
    """Merge what `sources` say now into the profile `ours`. Raises ImportRefused if that cannot be done truly."""
    base = kept.toml if kept is not None else None
    own = parts_of(ours)
    top = own[PROFILE].table
    again = partial(
        imported,
        sources,
        profile_id=kept.id if kept is not None else str(top.get("id", "")),
        environment=kept.environment if kept is not None else str(top.get("environment", "")),
        production=kept.production if kept is not None else top.get("production") is True,
    )
    first = again()
    then = parts_of(base) if base is not None else own
    names = _names(parts_of(first.toml), then, own)
    made = again(names=names)
    refused: dict[tuple[Key, str], str] = {}
    for _ in range(_ROUNDS):
        try:
            merge = merged(base, made.toml, ours, refused)
        except tomllib.TOMLDecodeError as error:
            raise ImportRefused(
                f"what the runbook changed does not fit into how this file is written: {error}",
                hint="nothing was written; give its parts headers of their own, as `cockpit show` prints them",
            ) from error
        problems = check(merge.toml)
        if not problems:
            _verify(base, ours, merge.toml)
            return Updated(toml=merge.toml, changes=merge.changes, made=made)
        more = {each: why for problem in problems for each, why in _blamed(problem, merge).items()}
        if not more.keys() - refused.keys():
            break
        refused |= more
    raise ImportRefused(
        f"with what the runbook changed the profile would not pass `cockpit check`: {problems[0].sentence}",
        hint="nothing was written; --dry-run shows the changes, to be made by hand",
    )


def _names(new: Mapping[Key, Part], then: Mapping[Key, Part], own: Mapping[Key, Part]) -> dict[str, dict[str, str]]:
    """The ids for the parts of a new import: those that the profile has for them, and new ones that are free."""
    found, called = matched(then, new), followed(then, own)
    taken = {(_KINDS.get(sort, sort), part_id) for sort, part_id in (*own, *then)}
    names: dict[str, dict[str, str]] = {}
    # What stands in the profile already, but not in what was imported: an update that was cut short put it there.
    alike: defaultdict[tuple[str, str], list[Key]] = defaultdict(list)
    known = set(called.values())
    for key, part in own.items():
        if key not in known:
            alike[key[0], content(part)].append(key)
    for key, part in new.items():
        kind = _KINDS.get(key[0])
        if kind is None:
            continue
        if key in found:
            wanted = called.get(found[key], found[key])[1]
        elif standing := alike[key[0], content(part)]:
            wanted = standing.pop(0)[1]
        else:
            wanted, count = key[1], 1
            while (kind, wanted) in taken:
                count += 1
                wanted = f"{key[1]}_{count}"
            taken.add((kind, wanted))
        names.setdefault(kind, {})[key[1]] = wanted
    return names


def _blamed(problem: Problem, merge: Merged) -> dict[tuple[Key, str], str]:
    """The changes that a problem comes from, and why they are not taken over."""
    why = f"it would not pass `cockpit check`: {problem.sentence}"
    found: dict[tuple[Key, str], str] = {}
    place = part_at(merge.toml, problem.line, problem.column)
    named = {word for said in _QUOTED.findall(problem.message) for word in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", said)}
    for change in merge.changes:
        if change.what == "removed" and change.part[1] in named:
            found[change.part, ""] = f"{place[0][0]} {place[0][1]} still names it" if place else "it is still named"
        elif place is None or change.part != place[0]:
            continue
        elif change.what == "changed" and change.key.partition(".")[0] == place[1]:
            found[change.part, change.key] = why
        elif change.what == "added":
            found[change.part, "" if place[1] in ("", *_NEEDED) else place[1]] = why
    return found


def _verify(base: str | None, ours: str, result: str) -> None:
    """Raise ImportRefused if anything that a person wrote is not there as they wrote it."""
    then, own, now = parts_of(base) if base is not None else {}, parts_of(ours), parts_of(result)
    names = followed(then, own)
    before = {names.get(key, key): part for key, part in then.items()}
    for key, part in own.items():
        earlier = before[key].table if key in before else {}
        for name in dict.fromkeys((*part.table, *earlier)):
            value = part.table.get(name, ABSENT)
            if key in before and value == earlier.get(name, ABSENT):
                continue
            if name == "source" and base is None:
                continue
            if key not in now or not _holds(now[key].table.get(name, ABSENT), value, earlier.get(name, ABSENT)):
                raise _lost(f"`{name}` of {part.name}")
    for key in before:
        if key not in own and key in now:
            raise _lost(f"that {' '.join(key)} was taken out")
    lost = _remarks(ours) - _remarks(base or "") - _remarks(result)
    if lost:
        raise _lost(f"the comment `{next(iter(lost))}`")


def _holds(now: object, own: object, then: object) -> bool:
    """Whether a value has all that a person changed in it."""
    if isinstance(own, dict) and isinstance(now, dict):
        earlier = then if isinstance(then, dict) else {}
        return all(
            _holds(now.get(name, ABSENT), own.get(name, ABSENT), earlier.get(name, ABSENT))
            for name in dict.fromkeys((*own, *earlier))
            if own.get(name, ABSENT) != earlier.get(name, ABSENT)
        )
    return now == own


def _remarks(toml: str) -> Counter[str]:
    return Counter(said for _, said in comments(toml) if not said.startswith((MARK.rstrip(), MORE.rstrip())))


def _lost(what: str) -> ImportRefused:
    return ImportRefused(f"{what} would be lost, and a person wrote it", hint="nothing was written; please report this")
