"""A log as sentences, as many of them as somebody asks for: what `cockpit log` prints.

Invariant: every line that counts is looked at, in order, and told as the screens tell it. Memory does not grow with the
log. Samples and output of actions are told only where they are asked for; what is not told is not decoded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from cockpit.audit.line import Envelope, decode
from cockpit.audit.stretch import Ordinary
from cockpit.errors import LogError
from cockpit.report.search.filtering import Asked, Filter
from cockpit.report.search.patterns import Pattern
from cockpit.run.events import (
    ActionOutput,
    ActionRequested,
    Event,
    OperatorAttached,
    OperatorDetached,
    OperatorIdentified,
    ProbesSampled,
    RunAborted,
    RunFinished,
    RunStarted,
)
from cockpit.run.evolve import evolve
from cockpit.run.people import name_of
from cockpit.run.state import EMPTY
from cockpit.run.state_walk import ActionState
from cockpit.run.wording import sentence
from cockpit.text import shortened

_MANY = frozenset({ProbesSampled.type, ActionOutput.type})
"""Left out unless they are asked for."""
_OF_SEATS = frozenset({OperatorAttached.type, OperatorIdentified.type, OperatorDetached.type})
"""Whose screen it is that is found gone, they alone tell."""
_AROUND_BYTES = 60
"""What is shown of a line on either side of what was found in its bytes."""


class Wanted(Struct, frozen=True):
    """What is to be told."""

    asked: Asked = Asked()
    pattern: Pattern | None = None
    in_bytes: bool = False
    """The pattern is looked for in lines' bytes, also those of samples and output, and not in sentences."""
    with_many: bool = False
    """Samples and output too."""
    around: int = 0
    """So many lines before and after each that the pattern is found in, too."""


class Told(Struct, frozen=True):
    """One event, told."""

    seq: int
    at: datetime
    text: str
    """One visible line."""
    raw: bytes
    """The log's line, without its newline."""
    is_found: bool
    """The pattern is in it; else it may stand beside such a one."""


class Teller:
    """Tells one run, line after line."""

    def __init__(self, wanted: Wanted, begins: Callable[[Filter], None] | None = None) -> None:
        """`begins` is told the filter before anything is told."""
        self.run = ""
        self.found = 0
        """So many events were found."""
        self.unreadable = 0
        """Lines that count, and whose data are not those of their type."""
        self.filter: Filter | None = None
        """Known from the first line on."""
        self.state = EMPTY
        """As far as sentences need it: the profile, whether the run is over, and which step each action is of."""
        self._wanted, self._begins = wanted, begins
        self._pattern = wanted.pattern
        self._left_out = _left_out(wanted)

    @property
    def zone(self) -> tzinfo:
        """In which times are told."""
        return self.filter.zone if self.filter is not None else UTC

    def take(self, line: Envelope | Ordinary, raw: bytes) -> Told | None:
        """Take in the next line that counts; what is told of it, or None if it is not to be told.

        Raises ValueError for a zone that is none, and LogDamaged for a first line that does not tell of its run.
        """
        event = None
        if line.type in self._left_out and self.filter is not None:
            return None
        if self.filter is None:
            event = decode(raw, line=1)
            self.run, self.filter = event.run, Filter(self._wanted.asked, event)
            if self._begins is not None:
                self._begins(self.filter)
        elif line.class_ == "fact" or line.type in _OF_SEATS:
            event = self._decoded(raw)
        if event is not None:
            self._note(event)
        if not self.filter.matches(line):
            return None
        place = self._pattern.place(raw) if self._pattern is not None and self._wanted.in_bytes else None
        if self._wanted.in_bytes and place is None and not self._wanted.around:
            return None
        is_decoded = line.class_ == "fact" or line.type in _OF_SEATS
        return self._told(line, raw, event if is_decoded else self._decoded(raw), place)

    def _note(self, event: Event) -> None:
        """Keep what later sentences need: folding all of it would take as long as all the rest."""
        if isinstance(event.body, RunStarted | RunFinished | RunAborted) or event.type in _OF_SEATS:
            self.state = evolve(self.state, event)
        elif isinstance(event.body, ActionRequested) and (step := self.state.steps.get(event.body.step)) is not None:
            body = event.body
            asked = ActionState(body.action, body.step, body.attempt, "requested", event.actor, event.instant)
            self.state = replace(self.state, steps={**self.state.steps, body.step: replace(step, action=asked)})

    def _told(self, line: Envelope | Ordinary, raw: bytes, event: Event | None, place: tuple[int, int] | None) -> Told:
        if event is None:
            text = f"{shortened(name_of(line.actor), 24)}  {shortened(line.type, 60)}, whose data cannot be read"
        else:
            text = sentence(event, self.state)
        is_found = place is not None
        if self._pattern is None:
            is_found = True
        elif not self._wanted.in_bytes:
            is_found = self._pattern.is_in(text)
        elif place is not None:
            text += f"  ‹{_excerpt(raw, place)}›"
        self.found += is_found
        return Told(line.seq, line.at, text, raw, is_found)

    def _decoded(self, raw: bytes) -> Event | None:
        try:
            return decode(raw)
        except LogError:
            self.unreadable += 1
            return None


def _left_out(wanted: Wanted) -> frozenset[str]:
    """Types that are not told unless somebody asks for them, and nobody does."""
    if wanted.with_many or wanted.in_bytes or wanted.asked.class_ == "telemetry":
        return frozenset()
    asked = wanted.asked.types
    return frozenset(each for each in _MANY if each not in asked and each.partition(".")[0] + ".*" not in asked)


def _excerpt(raw: bytes, place: tuple[int, int]) -> str:
    begins, ends = max(0, place[0] - _AROUND_BYTES), min(len(raw), min(place[1], place[0] + 200) + _AROUND_BYTES)
    told = raw[begins:ends].decode(errors="ignore")
    return f"{'…' * (begins > 0)}{shortened(told, 400)}{'…' * (ends < len(raw))}"


def grouped(told: Iterable[Told], around: int) -> Iterator[tuple[Told, bool]]:
    """What was found, and so many lines before and after each; and whether lines were left out before it.

    Nothing counts as left out before the first.
    """
    before: deque[Told] = deque(maxlen=around)
    left, left_out, is_first = 0, False, True
    for each in told:
        if each.is_found:
            for shown in (*before, each):
                yield shown, left_out and not is_first
                left_out, is_first = False, False
            before.clear()
            left = around
        elif left:
            yield each, False
            left -= 1
        else:
            left_out = left_out or len(before) == around
            before.append(each)
