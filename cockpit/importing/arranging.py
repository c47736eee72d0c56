"""Whole parts of a profile's text: taken out, put in, moved, with the comments that belong to them.

Invariant: a comment that stands alone between two parts is never taken out with either of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from cockpit.importing.parts import PROFILE, SORTS, WINDOW, Key, parts_of
from cockpit.importing.segments import Segment, joined, keyed, segments, under

_ORDER = ("profile", "window", "variable", *SORTS.values())
ARRAYS = {**SORTS, "steps": "step"}
Entry = tuple[Key | None, Segment]


class Arrangement:
    """The text of one profile, in pieces."""

    def __init__(self, toml: str) -> None:
        self._parts = parts_of(toml)
        self._pieces: list[Entry] = keyed(
            segments(toml if toml.endswith("\n") or not toml else f"{toml}\n"), self._parts
        )
        self._parents = {key: part.parent for key, part in self._parts.items()}

    def text(self) -> str:
        """The text as it is arranged now."""
        return joined([piece for _, piece in self._pieces])

    def holds(self, key: Key) -> bool:
        """Whether a part stands here under headers of its own: one in an inline array cannot be moved."""
        return any(each == key for each, _ in self._pieces)

    def order(self, parent: Key, sort: str) -> list[Key]:
        """The parts of a sort below another, as they stand."""
        keys = dict.fromkeys(key for key, _ in self._pieces if key is not None and key[0] == sort)
        return [key for key in keys if self._parents.get(key) == parent]

    def take(self, key: Key) -> list[Entry]:
        """Take a part out, with all below it. What stood alone behind it stays."""
        family = self._family(key)
        taken, left = [], list[Entry]()
        for own, piece in self._pieces:
            if own not in family:
                left.append((own, piece))
                continue
            taken.append((own, piece))
            if "#" in piece.gap and left:
                last, before = left.pop()
                left.append((last, _with_gap(before, before.gap + piece.gap.lstrip("\n"))))
        self._pieces = left
        return [(own, _with_gap(piece, "\n")) for own, piece in taken]

    def own(self, key: Key) -> list[Entry]:
        """A part's own pieces, without those below it."""
        return [(each, _with_gap(piece, "\n")) for each, piece in self._pieces if each == key]

    def put(self, entries: Sequence[Entry], key: Key, parent: Key, siblings: Sequence[Key]) -> None:
        """Put a part in below its parent, behind the nearest of the `siblings` that stand before it in their order."""
        sort = key[0]
        standing = set(self.order(parent, sort))
        place = siblings.index(key)
        before = next((each for each in reversed(siblings[:place]) if each in standing), None)
        after = next((each for each in siblings[place + 1 :] if each in standing), None)
        if before is not None:
            at = self._end(before)
        elif after is not None:
            at = next(index for index, (each, _) in enumerate(self._pieces) if each == after)
        elif parent != PROFILE:
            at = max(index for index, (each, _) in enumerate(self._pieces) if each == parent) + 1
        else:
            at = self._end_of_sort(sort)
        if at:
            last, piece = self._pieces[at - 1]
            if not piece.text.endswith("\n\n"):
                self._pieces[at - 1] = (last, _with_gap(piece, piece.gap + "\n"))
        self._pieces[at:at] = entries
        self._parents[key] = parent

    def header(self, key: Key, parent: Key) -> str:
        """The header that a part has below this parent: `rollbacks.phases.steps`."""
        above = next((piece.owner for each, piece in self._pieces if each == parent), ())
        array = next((array for array, sort in ARRAYS.items() if sort == key[0]), "")
        return ".".join([*(str(name) for name in above if isinstance(name, str)), array])

    def adapted(self, entries: Sequence[Entry], key: Key, parent: Key) -> list[Entry]:
        """The pieces of a step or phase, with those below it, under the headers that they have below this parent."""
        if key[0] not in ("step", "phase"):
            return list(entries)
        header = self.header(key, parent)
        return [
            (each, under(piece, header if each == key else f"{header}.steps") if each is not None else piece)
            for each, piece in entries
        ]

    def _family(self, key: Key) -> set[Key]:
        family = {key}
        if key[0] not in ("phase", "rollback plan"):
            return family
        for each in [*self._parents, *self._parents]:
            if self._parents[each] in family and each != key:
                family.add(each)
        return family

    def _end(self, key: Key) -> int:
        family = self._family(key)
        return max(index for index, (each, _) in enumerate(self._pieces) if each in family) + 1

    def _end_of_sort(self, sort: str) -> int:
        rank = _ORDER.index(sort)
        behind = 1
        for index, (each, _) in enumerate(self._pieces):
            if each is None:
                continue
            top = each
            while self._parents.get(top, PROFILE) != PROFILE:
                top = self._parents[top]
            if _ORDER.index(top[0]) <= rank or top in (PROFILE, WINDOW):
                behind = index + 1
        return behind


def out_of_place(before: Sequence[Key], after: Sequence[Key]) -> list[Key]:
    """The fewest of the keys that have to be moved to come from one order to another, in the other's order."""
    rank = {key: index for index, key in enumerate(before)}
    tails: list[int] = []
    ends: list[int] = []
    back: list[int] = []
    for index, key in enumerate(after):
        at = bisect_left(tails, rank[key])
        tails[at : at + 1] = [rank[key]]
        ends[at : at + 1] = [index]
        back.append(ends[at - 1] if at else -1)
    keeping: set[int] = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        keeping.add(at)
        at = back[at]
    return [key for index, key in enumerate(after) if index not in keeping]


def _with_gap(piece: Segment, gap: str) -> Segment:
    return Segment(owner=piece.owner, lead=piece.lead, body=piece.body, gap=gap)
