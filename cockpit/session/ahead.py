"""What this host's keeper saw and could not write yet: folded behind the log, for the eyes alone.

Invariant: nothing is decided on it, nothing is signed and no head is made of it: a seat's own state stays the fold of
the log. It counts only as the word of the keeper that the log has last, and no longer than it is not in the log itself.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

from msgspec.structs import replace

from cockpit.audit.aside import AsideReader
from cockpit.run.events import Event
from cockpit.run.evolve import fold
from cockpit.run.state import RunState
from cockpit.run.wording import sentence
from cockpit.session.view import Recent

_KNOWN = 4096
_FACTS = 200


class Ahead:
    """Of one reader. Used under the follower's lock."""

    def __init__(self, run_dir: Path) -> None:
        self._reader = AsideReader(run_dir)
        self._known: deque[str] = deque(maxlen=_KNOWN)
        self._waiting: tuple[Event, ...] = ()
        self._folded: tuple[RunState, tuple[Event, ...], RunState] | None = None
        """The log's state, what was folded behind it, and what came of it."""
        self._recent: tuple[tuple[Event, ...], tuple[Recent, ...]] = ((), ())

    def read(self, event: Event) -> None:
        """An event of the log."""
        self._known.append(event.id)

    def look(self) -> None:
        """See what waits now. Read the log afterwards, so that what left here was seen to have come there."""
        self._waiting = self._reader.read()

    def behind(self, state: RunState) -> tuple[RunState | None, tuple[Recent, ...]]:
        """The state with what waits behind it, and its newest facts; None: nothing waits."""
        owner, keeper = self._reader.owner, state.keeper
        if not self._waiting or state.status != "live" or owner is None or keeper is None:
            return None, ()
        if owner.run != state.run or owner.epoch != keeper.epoch:
            return None, ()  # a dead keeper's: the next one sees to it
        known = frozenset(self._known)
        waiting = tuple(each for each in self._waiting if each.id not in known)
        return (self._state(state, waiting), self._said(state, waiting)) if waiting else (None, ())

    def _state(self, state: RunState, waiting: tuple[Event, ...]) -> RunState:
        begin, before = state, 0
        if self._folded is not None:
            of, done, reached = self._folded
            if of is state and waiting[: len(done)] == done:
                begin, before = reached, len(done)
        ahead = begin
        if waiting[before:]:
            numbered = enumerate(waiting[before:], start=state.last_seq + before + 1)
            ahead = fold((replace(each, seq=seq) for seq, each in numbered), begin)
            ahead = replace(
                ahead, last_seq=state.last_seq, last_fact_seq=state.last_fact_seq, last=state.last, pen=state.pen
            )
        self._folded = (state, waiting, ahead)
        return ahead

    def _said(self, state: RunState, waiting: tuple[Event, ...]) -> tuple[Recent, ...]:
        facts = tuple(each for each in waiting if each.is_fact)[-_FACTS:]
        if facts != self._recent[0]:
            self._recent = facts, tuple(Recent(each, sentence(each, state)) for each in facts)
        return self._recent[1]
