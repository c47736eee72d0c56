"""A changed runbook merged into the profile that people made of the one before.

    base (as imported then) ─┐
    ours (as it stands)     ─┼─▶ every key and part: who changed it? ─▶ ours, with what the runbook changed alone
    theirs (imported now)   ─┘

Invariant: what a person set, took out, added, moved or remarked is as it was. Where both changed the same, the person's
stays, and a remark above it shows what the runbook says now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from cockpit.importing.arranging import Arrangement, out_of_place
from cockpit.importing.changes import Change, What
from cockpit.importing.matching import followed
from cockpit.importing.parts import PROFILE, Key, Part, Path, below, parts_of
from cockpit.importing.remarks import leads, remarked, with_leads
from cockpit.importing.toml_text import Edits, toml_value


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""No such key."""
_SILENT = ("id", "source")
"""Keys that follow the runbook without a word."""


class Merged(Struct, frozen=True, kw_only=True):
    """A profile's text after a merge, and what was done to it."""

    toml: str
    changes: tuple[Change, ...]


def merged(base: str | None, theirs: str, ours: str, refused: Mapping[tuple[Key, str], str] | None = None) -> Merged:
    """Merge three texts of TOML, whose parts have the same ids in `theirs` and `ours`.

    `base`: None if it is lost; then all that stands in `ours` counts as a person's. `refused`: what is not to be taken
    over, by part and key (no key: the whole part), and why.
    """
    return _Merge(base, theirs, ours, refused or {}).made()


class _Merge:
    def __init__(self, base: str | None, theirs: str, ours: str, refused: Mapping[tuple[Key, str], str]) -> None:
        self._has_base = base is not None
        self._theirs_toml, self._ours_toml = theirs, ours
        self._theirs, self._ours = parts_of(theirs), parts_of(ours)
        then = parts_of(base) if base is not None else {}
        names = followed(then, self._ours)
        self._base = {names.get(key, key): part for key, part in then.items()}
        self._base_parents = {names.get(key, key): names.get(part.parent, part.parent) for key, part in then.items()}
        self._base_leads = {names.get(key, key): lead for key, lead in leads(base or "", then).items()}
        self._base_remarks = {names.get(key, key): said for key, said in remarked(base or "", then).items()}
        self._our_remarks = remarked(ours, self._ours)
        self._refused = refused
        self._changes: list[Change] = []
        self._below: dict[tuple[Key, str], list[Key]] = {}
        self._inline = Edits(ours).stands

    def made(self) -> Merged:
        edits = Edits(self._ours_toml)
        for key, now in self._theirs.items():
            if (own := self._ours.get(key)) is not None:
                self._part(edits, key, now, own)
        arrangement = Arrangement(edits.made())
        self._take_out(arrangement, above=False)
        self._put_in(arrangement, steps=False)
        self._move(arrangement)
        self._put_in(arrangement, steps=True)
        self._take_out(arrangement, above=True)
        text = self._without_refused(arrangement.text())
        text = with_leads(text, parts_of(text), self._base_leads, leads(self._theirs_toml, self._theirs))
        if text.endswith("\n\n") and not self._ours_toml.endswith("\n\n"):
            text = text[:-1]
        unchanged = text == f"{self._ours_toml}\n"  # a last line without its end stays so
        return Merged(toml=self._ours_toml if unchanged else text, changes=tuple(self._changes))

    def _part(self, edits: Edits, key: Key, now: Part, own: Part) -> None:
        base = self._base.get(key)
        for name in dict.fromkeys((*now.table, *(base.table if base is not None else ()))):
            then = base.table.get(name, ABSENT) if base is not None else ABSENT
            values = (then, now.table.get(name, ABSENT), own.table.get(name, ABSENT))
            earlier = list(now.table)[: list(now.table).index(name)] if name in now.table else ()
            if base is not None:
                self._key(edits, key, (*own.path, name), name, values, earlier)
            else:
                self._without_base(edits, key, (*own.path, name), name, values)

    def _key(
        self,
        edits: Edits,
        key: Key,
        path: Path,
        name: str,
        values: tuple[object, object, object],
        earlier: Sequence[str] = (),
    ) -> None:
        then, now, own = values
        if now in (then, own):
            return
        if isinstance(own, dict) and isinstance(now, dict) and edits.is_table(path):
            before = then if isinstance(then, dict) else {}
            for each in dict.fromkeys((*now, *before)):
                three = (before.get(each, ABSENT), now.get(each, ABSENT), own.get(each, ABSENT))
                self._key(edits, key, (*path, each), f"{name}.{each}", three)
            return
        if own != then:
            self._conflict(edits, key, path, name, values)
        elif own is not ABSENT and edits.is_remarked(path):
            self._conflict(edits, key, path, name, values, "you wrote a comment in it")
        elif why := self._refused.get((key, name), ""):
            self._note("left out", key, name, values, why)
        elif edits.unset(path) if now is ABSENT else edits.set(path, now, earlier):
            self._note("changed", key, name, values)
        else:
            self._note("left out", key, name, values, "it would go into an inline table")

    def _conflict(
        self, edits: Edits, key: Key, path: Path, name: str, values: tuple[object, object, object], why: str = ""
    ) -> None:
        if name in _SILENT:
            return
        self._note("conflict", key, name, values, why)
        edits.remark(path[:-1], str(path[-1]), _shown(values[1]) or "(nothing)")

    def _without_base(
        self, edits: Edits, key: Key, path: Path, name: str, values: tuple[object, object, object]
    ) -> None:
        """What stands is a person's; what does not may have been taken out by one."""
        _, now, own = values
        if now == own:
            return
        if name == "source" and own is not ABSENT:
            edits.set(path, now)
        elif own is not ABSENT:
            self._conflict(edits, key, path, name, values, "who wrote it is not known")
        elif name not in _SILENT:
            self._note("left out", key, name, values, "whether a person took it out is not known")

    def _take_out(self, arrangement: Arrangement, *, above: bool) -> None:
        sorts = ("phase", "rollback plan")
        for sort in sorts if above else dict.fromkeys(key[0] for key in self._base if key[0] not in sorts):
            for key in [key for key in self._base if key[0] == sort and key in self._ours]:
                if key not in self._theirs:
                    self._take_out_part(arrangement, key)

    def _take_out_part(self, arrangement: Arrangement, key: Key) -> None:
        why = self._refused.get((key, ""), "") or self._edited(key)
        holds = [each for sort in ("phase", "step") for each in arrangement.order(key, sort)]
        if not why and holds:
            why = f"it holds {' '.join(holds[0])}"
        if not why and not arrangement.holds(key):
            why = "it stands in an inline table"
        if not why:
            arrangement.take(key)
        self._changes.append(Change(what="kept" if why else "removed", part=key, why=why))

    def _edited(self, key: Key) -> str:
        """What a person did to a part, in words; empty: nothing."""
        base, own = self._base[key], self._ours[key]
        for name in dict.fromkeys((*base.table, *own.table)):
            if base.table.get(name, ABSENT) != own.table.get(name, ABSENT):
                return f"you changed its `{name}`"
        if self._base_parents[key] != own.parent:
            return "you moved it"
        if self._our_remarks.get(key, Counter()) - self._base_remarks.get(key, Counter()):
            return "you wrote a comment on it"
        return ""

    def _put_in(self, arrangement: Arrangement, *, steps: bool) -> None:
        source = Arrangement(self._theirs_toml)
        for key, part in self._theirs.items():
            if key in self._ours or (key[0] == "step") is not steps or key == PROFILE:
                continue
            if (base := self._base.get(key)) is not None:
                if _without(base.table) != _without(part.table):
                    self._changes.append(
                        Change(what="left out", part=key, why="you took it out; the runbook changed it")
                    )
                continue
            why = self._refused.get((key, ""), "") or self._has_no_place(arrangement, key, part)
            if not why:
                pieces = arrangement.adapted(source.own(key), key, part.parent)
                arrangement.put(pieces, key, part.parent, self._siblings(part.parent, key[0]))
            self._changes.append(Change(what="left out" if why else "added", part=key, why=why))

    def _has_no_place(self, arrangement: Arrangement, key: Key, part: Part) -> str:
        """Why a new part cannot be put in; empty: it can."""
        if part.parent != PROFILE and not arrangement.holds(part.parent):
            return f"{' '.join(part.parent)} is not there: you took it out, or wrote it as an inline table"
        array = str(part.path[-2] if len(part.path) > 1 else part.path[-1])
        above = self._ours[part.parent].path if part.parent in self._ours else ()
        return f"`{array}` is written in one piece" if self._inline((*above, array)) else ""

    def _move(self, arrangement: Arrangement) -> None:
        shared = [key for key in self._theirs if key in self._base and key in self._ours]
        for key in shared:
            then, now, own = self._base_parents[key], self._theirs[key].parent, self._ours[key].parent
            if now in (then, own):
                continue
            why = "" if own == then else f"you moved it to {' '.join(own)}"
            if not arrangement.holds(now):
                why = why or f"{' '.join(now)} is not there"
            if not why and arrangement.holds(key):
                self._put_again(arrangement, key, now)
            self._changes.append(
                Change(
                    what="conflict" if why else "moved",
                    part=key,
                    before=" ".join(then),
                    now=" ".join(now),
                    own=" ".join(own) if why else "",
                    why=why,
                )
            )
        for parent, sort in dict.fromkeys((self._theirs[key].parent, key[0]) for key in shared):
            self._order(arrangement, parent, sort)

    def _order(self, arrangement: Arrangement, parent: Key, sort: str) -> None:
        """Bring what the runbook moved below one parent into its order, unless a person moved something there."""
        theirs = below(self._theirs, parent, sort)
        ours = [key for key in below(self._ours, parent, sort) if self._base_parents.get(key) == parent]
        then = [key for key, above in self._base_parents.items() if above == parent and key[0] == sort]
        common = set(theirs) & set(ours) & set(then)
        now, own, old = ([key for key in keys if key in common] for keys in (theirs, ours, then))
        if now in (old, own) or sort == "variable":
            return
        for key in out_of_place(old, now):
            if own == old and arrangement.holds(key):
                self._put_again(arrangement, key, parent)
            self._changes.append(
                Change(
                    what="moved" if own == old else "conflict",
                    part=key,
                    key="" if own == old else "order",
                    why="" if own == old else "you put it into another order",
                )
            )

    def _put_again(self, arrangement: Arrangement, key: Key, parent: Key) -> None:
        pieces = arrangement.adapted(arrangement.take(key), key, parent)
        arrangement.put(pieces, key, parent, self._siblings(parent, key[0]))

    def _siblings(self, parent: Key, sort: str) -> list[Key]:
        """The parts below a parent in the runbook's order."""
        if (parent, sort) not in self._below:
            self._below[parent, sort] = below(self._theirs, parent, sort)
        return self._below[parent, sort]

    def _without_refused(self, text: str) -> str:
        """New parts without those of their keys that cannot stand."""
        parts, edits = parts_of(text), Edits(text)
        for (key, name), why in self._refused.items():
            if name and key not in self._ours and key in parts and edits.unset((*parts[key].path, name)):
                self._note("left out", key, name, (ABSENT, parts[key].table[name], ABSENT), why)
        return edits.made()

    def _note(self, what: What, key: Key, name: str, values: tuple[object, object, object], why: str = "") -> None:
        if name in _SILENT:
            return
        then, now, own = (_shown(value) for value in values)
        self._changes.append(Change(what=what, part=key, key=name, before=then, now=now, own=own, why=why))


def _shown(value: object) -> str:
    return "" if value is ABSENT else toml_value(value)


def _without(table: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in table.items() if name not in _SILENT}
