"""What waits to be written, in order: all of it, but for samples that newer ones say anew.

Invariant: facts and output are never left out. Of samples, all are kept back to a key frame that tells every reading
again, once more than `SAMPLES` wait: memory does not grow with the length of an outage but by what happened in it.
Pure: it reads no clock and writes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from itertools import islice

from msgspec import Struct

from cockpit.audit.line import Draft
from cockpit.run.events import ProbesSampled

SAMPLES = 120
"""Two minutes of samples: a key frame comes every minute."""


class Waiting(Struct, frozen=True):
    """One event on its way into the log."""

    draft: Draft
    written: Future[None] | None = None
    """Of whoever waits for it."""


class Backlog:
    """Of one writer."""

    def __init__(self) -> None:
        self._waiting: deque[Waiting] = deque()
        self._samples = 0
        self._next_look = SAMPLES
        self.dropped = 0
        """Samples that were left out since `take_dropped`."""

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def drafts(self) -> Iterable[Draft]:
        """All that waits, oldest first."""
        return (each.draft for each in self._waiting)

    @property
    def facts(self) -> int:
        """How many facts wait."""
        return sum(each.draft.body.is_fact for each in self._waiting)

    def put(self, more: Iterable[Waiting]) -> None:
        """These wait too."""
        for each in more:
            self._waiting.append(each)
            self._samples += _is_sample(each)

    def first(self, count: int) -> Sequence[Waiting]:
        """The oldest ones, at most so many."""
        return tuple(islice(self._waiting, count))

    def done(self, count: int) -> None:
        """So many of the oldest are written."""
        for _ in range(count):
            self._samples -= _is_sample(self._waiting.popleft())
        self._next_look = SAMPLES

    def thin(self) -> int:
        """Leave out samples that are said anew, if many wait; how many were. Whoever is in doubt must not call it."""
        if self._samples <= self._next_look:
            return 0
        since = self._newest_key_frame()
        kept = [each for at, each in enumerate(self._waiting) if at >= since or not _is_sample(each)]
        left_out = len(self._waiting) - len(kept)
        self._waiting = deque(kept)
        self._samples -= left_out
        self.dropped += left_out
        self._next_look = max(
            SAMPLES, self._samples + SAMPLES // 2
        )  # where no key frame came, it is not looked at each
        return left_out

    def _newest_key_frame(self) -> int:
        """Where it begins: a key frame may take several lines, of one instant each."""
        begins, mono = 0, None
        for at in range(len(self._waiting) - 1, -1, -1):
            one = self._waiting[at].draft
            if not isinstance(one.body, ProbesSampled):
                continue
            if mono is None and one.body.key:
                begins, mono = at, one.instant.mono
            elif mono is not None:
                if not one.body.key or mono - one.instant.mono > 1.0:
                    break
                begins = at
        return begins


def _is_sample(each: Waiting) -> bool:
    return isinstance(each.draft.body, ProbesSampled)
