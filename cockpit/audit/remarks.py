"""What single lines say about the log itself: that a clock was set, that the run is over.

`verify` tells them; whether a line counts does not depend on them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from cockpit.run.events import BranchMerged, BranchTold, ClockStepped, RunAborted, RunFinished


class ClockSet(Struct, frozen=True):
    """A `clock.stepped`: somebody set the clock of the keeper's host."""

    seq: int
    by_s: float
    """Positive: set forward."""


class Ending(Struct, frozen=True):
    """A `run.finished` or `run.aborted`."""

    seq: int
    how: Literal["finished", "aborted"]
    at: datetime


REMARKING = frozenset({ClockStepped.type, RunFinished.type, RunAborted.type, BranchMerged.type, BranchTold.type})
"""The types that say something here."""


class _Envelope(Protocol):
    @property
    def seq(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def data(self) -> msgspec.Raw: ...


class _Stepped(Struct, gc=False):
    by_s: float


_stepped = msgspec.json.Decoder(_Stepped)


def remark(envelope: _Envelope) -> ClockSet | Ending | None:
    """What a line says; None if it says nothing, or says it in no form that its type has."""
    if envelope.type == RunFinished.type:
        return Ending(envelope.seq, "finished", envelope.at)
    if envelope.type == RunAborted.type:
        return Ending(envelope.seq, "aborted", envelope.at)
    if envelope.type == ClockStepped.type:
        try:
            return ClockSet(envelope.seq, _stepped.decode(envelope.data).by_s)
        except (ValueError, RecursionError):
            return None
    return None


class Remarks(Struct):
    """Those of a part of a log, in its order."""

    clock_sets: list[ClockSet] = []
    ending: Ending | None = None
    """The last one."""
    has_branches: bool = False
    """Something in it tells of a branch: see `told`."""

    def note(self, envelope: _Envelope) -> None:
        """Take in a line."""
        if envelope.type in (BranchMerged.type, BranchTold.type):
            self.has_branches = True
            return
        found = remark(envelope)
        if isinstance(found, ClockSet):
            self.clock_sets.append(found)
        elif found is not None:
            self.ending = found

    def add(self, later: Remarks) -> None:
        """Take in those of a part that follows."""
        self.clock_sets += later.clock_sets
        self.ending = later.ending or self.ending
        self.has_branches = self.has_branches or later.has_branches
