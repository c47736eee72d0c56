"""Which part of a changed runbook's import is which part of the one before: titles change, places shift, ids follow.

Invariant: each part is matched once at most, and only with one of its sort; the same inputs give the same answer. An id
alone says little here: it is made of the title, and `run_tests` becomes `run_tests_2` as soon as another stands first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from difflib import SequenceMatcher

from cockpit.importing.parts import PROFILE, Key, Part

SIMILAR = 0.6
"""From this ratio of common characters on two titles or commands are the same one, changed."""
_MOST_PAIRS = 10_000
"""Of one sort under one parent that are compared by their characters, each with each."""
_NEAR = 2
"""Places: of more pairs only those are compared that stand no farther apart."""
_LONGEST = 300
"""Characters of a text that are compared."""
_TELLING = 12
"""Characters from which on a command says by itself which step it is."""
_FIRST = ("rollback plan", "phase", "step")
"""Parents before what stands below them."""

Signature = Callable[[Part, bool], Hashable | None]
"""What two parts must have in common; None: nothing to go by. The flag: it is of the new side."""


def matched(old: Mapping[Key, Part], new: Mapping[Key, Part]) -> dict[Key, Key]:
    """By key of the new parts: the key of the old part that each is. New ones are missing."""
    return _Matching(old, new).found()


def followed(old: Mapping[Key, Part], edited: Mapping[Key, Part]) -> dict[Key, Key]:
    """By key of the old parts: what a person calls each in the edited profile. Those taken out are missing."""
    found = {key: key for key in old if key in edited}
    taken = set(found)
    rules: tuple[Callable[[Part], Hashable], ...] = (
        lambda part: content(part),
        lambda part: (part.table.get("source") or None, part.table.get("title")),
        lambda part: (part.table.get("source") or None, part.table.get("command") or None),
    )
    for rule in rules:
        left: defaultdict[tuple[str, Hashable], list[Key]] = defaultdict(list)
        for key, part in edited.items():
            if key not in taken and key not in old:
                left[key[0], rule(part)].append(key)
        for key, part in old.items():
            said = rule(part)
            if key in found or (isinstance(said, tuple) and None in said[:2]):
                continue
            if candidates := left[key[0], said]:
                found[key] = candidates.pop(0)
                taken.add(found[key])
    return found


def similarity(one: str, other: str) -> float:
    """From 0 to 1; of long texts their beginnings count."""
    compared = SequenceMatcher(None, one[:_LONGEST].lower(), other[:_LONGEST].lower(), autojunk=False)
    return compared.ratio() if compared.quick_ratio() >= SIMILAR else 0.0


class _Matching:
    def __init__(self, old: Mapping[Key, Part], new: Mapping[Key, Part]) -> None:
        self._old, self._new = old, new
        self._found: dict[Key, Key] = {PROFILE: PROFILE}
        self._taken: set[Key] = {PROFILE}
        self._below: dict[bool, defaultdict[Key, set[object]]] = {False: defaultdict(set), True: defaultdict(set)}
        for is_new, parts in ((False, old), (True, new)):
            for part in parts.values():
                if part.key[0] == "step":
                    self._below[is_new][part.parent].add(part.table.get("title"))

    def found(self) -> dict[Key, Key]:
        sorts = dict.fromkeys((*_FIRST, *(key[0] for key in self._new)))
        for sort in sorts:
            self._sort(sort)
        return self._found

    def _sort(self, sort: str) -> None:
        if sort in ("profile", "window", "variable", "role", "target", "channel"):
            self._rule(sort, lambda part, _: part.key[1])  # these are named by the runbook itself
            return
        self._rule(sort, lambda part, new: (part.key[1], self._parent(part, new), content(part)))
        self._rule(sort, lambda part, new: (self._parent(part, new), content(part)))
        self._rule(sort, lambda part, _: content(part))
        self._rule(sort, lambda part, new: (self._parent(part, new), _title(part), _does(part)))
        self._rule(sort, lambda part, new: (self._parent(part, new), _title(part)) if _title(part) else None)
        self._rule(sort, lambda part, new: (self._parent(part, new), _does(part)) if _tells(part) else None)
        self._rule(sort, lambda part, new: (self._parent(part, new), part.key[1]))
        self._alike(sort)
        if sort == "phase":
            self._by_steps()
        self._rule(sort, lambda part, _: (_title(part), _does(part)) if _title(part) else None)
        self._rule(sort, lambda part, _: _does(part) if _tells(part) else None)

    def _parent(self, part: Part, new: bool) -> Key | None:
        """The parent as the old side knows it."""
        return self._found.get(part.parent, ("", "")) if new else part.parent

    def _open(self, sort: str, *, new: bool) -> list[Part]:
        parts, done = (self._new, self._found) if new else (self._old, self._taken)
        return [part for key, part in parts.items() if key[0] == sort and key not in done]

    def _pair(self, new: Key, old: Key) -> None:
        self._found[new] = old
        self._taken.add(old)

    def _rule(self, sort: str, signature: Signature) -> None:
        waiting: defaultdict[Hashable, list[Key]] = defaultdict(list)
        for part in self._open(sort, new=False):
            if (said := signature(part, False)) is not None:
                waiting[said].append(part.key)
        for part in self._open(sort, new=True):
            said = signature(part, True)
            if said is not None and waiting.get(said):
                self._pair(part.key, waiting[said].pop(0))

    def _alike(self, sort: str) -> None:
        """Under one parent, the most similar first; a step never with one of another kind."""
        groups: defaultdict[Hashable, tuple[list[Part], list[Part]]] = defaultdict(lambda: ([], []))
        for part in self._open(sort, new=False):
            groups[part.parent, part.table.get("kind"), _tells(part)][0].append(part)
        for part in self._open(sort, new=True):
            groups[self._parent(part, True), part.table.get("kind"), _tells(part)][1].append(part)
        for olds, news in groups.values():
            wide = max(len(olds), len(news)) if len(olds) * len(news) <= _MOST_PAIRS else _NEAR
            rated = (
                (-_likeness(old, news[to]), abs(at - to), at, to)
                for at, old in enumerate(olds)
                for to in range(max(0, at - wide), min(len(news), at + wide + 1))
            )
            self._best(sorted(each for each in rated if -each[0] >= SIMILAR), olds, news)

    def _best(self, rated: Iterable[tuple[float, int, int, int]], olds: list[Part], news: list[Part]) -> None:
        for *_, at, to in rated:
            if olds[at].key not in self._taken and news[to].key not in self._found:
                self._pair(news[to].key, olds[at].key)

    def _by_steps(self) -> None:
        """A phase under another title is the one that has most of its steps."""
        for part in self._open("phase", new=True):
            own = self._below[True][part.key]
            shares = [
                (len(own & self._below[False][old.key]) / max(len(own), 1), old.key)
                for old in self._open("phase", new=False)
                if self._parent(part, True) == old.parent
            ]
            if shares and (best := max(shares, key=lambda share: share[0]))[0] >= 0.5:
                self._pair(part.key, best[1])


def content(part: Part) -> str:
    """All that it says but for its id and its lines in the source."""
    return repr([(name, value) for name, value in part.table.items() if name not in ("id", "source")])


def _title(part: Part) -> str:
    return str(part.table.get("title", "")).casefold()


def _does(part: Part) -> str:
    """What it runs, asks or tells: the text that says which one it is under any title."""
    return next((str(part.table[key]) for key in ("command", "url", "query", "body") if part.table.get(key)), "")


def _tells(part: Part) -> bool:
    return len(_does(part)) >= _TELLING


def _likeness(old: Part, new: Part) -> float:
    titles = similarity(_title(old), _title(new))
    return max(titles, similarity(_does(old), _does(new))) if _tells(old) and _tells(new) else titles
