"""A run along one axis: where it stood when, holds, marks, and the long stretches in which nothing was done.

Pure; built fact by fact, some microseconds each. The axis is seconds since the first fact: the wall clock's time made
monotone. Where the clock was set back the axis goes on by the monotonic clock, so that `seq` and place agree; where it
was set ahead, or the host slept, the time in between is empty. Invariant: facts in order have axis places in order.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec import Struct

from cockpit.report.marks import MarkKind, mark_of
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Event, Instant
from cockpit.run.friction import no_return_at
from cockpit.run.numbering import find_phase, find_step, phase_number, step_number
from cockpit.run.people import name_of
from cockpit.run.state import RunState
from cockpit.run.state_line import Hold
from cockpit.run.state_walk import Cursor

GAP_S = 3600.0
"""From this length on a stretch without anything done counts as idle; while an action runs, something is done."""
_JITTER_S = 2.0
"""Writers take their times before they take the lock: by so much a line may be older than the one before it."""
_WATCHED = frozenset(
    {"probe.changed", "gate.changed", "plans.judged", "target.seen", "trigger.cleared", "alert.sent", "keeper.started"}
)
"""What the keeper merely saw: nobody did anything, and no phase moved."""


class Stretch(Struct, frozen=True, gc=False):
    """The run stood in a phase, at a step, or was held, from one fact on until another."""

    id: str
    """Of the phase or step; of a hold, who placed it."""
    number: str
    """`1`, `1.2`, `R1.1`; empty for a hold."""
    title: str
    """Of a hold, its reason."""
    first: int
    """The fact by which it began."""
    start_s: float
    last: int | None = None
    """The fact by which it ended; None: it had not."""
    end_s: float | None = None
    is_back: bool = False
    """On the way back."""


class Mark(Struct, frozen=True, gc=False):
    """A fact that stands out."""

    fact: int
    seq: int
    kind: MarkKind
    at_s: float
    """On the axis."""
    at: datetime
    """Aware, UTC: what the log says."""


class Gap(Struct, frozen=True, gc=False):
    """Nothing was done between two places of the axis, at least `GAP_S` apart."""

    start_s: float
    end_s: float


class Anchor(Struct, frozen=True, gc=False):
    """From this fact on, until the next anchor, the axis moves as the wall clock does."""

    fact: int
    at_s: float
    at: datetime


class Timeline(Struct, frozen=True, kw_only=True):
    """What was known of a run when so many facts had been read."""

    facts: int = 0
    length_s: float = 0.0
    """Of the axis: the place of the last fact."""
    active_s: float = 0.0
    """The place at which something was last done; what followed was only seen."""
    is_over: bool = False
    anchors: tuple[Anchor, ...] = ()
    """At least one, once there is a fact."""
    phases: tuple[Stretch, ...] = ()
    """In the order in which they were entered; one that was come back to stands there again."""
    steps: tuple[Stretch, ...] = ()
    holds: tuple[Stretch, ...] = ()
    marks: tuple[Mark, ...] = ()
    gaps: tuple[Gap, ...] = ()
    window_start: datetime | None = None
    window_end: datetime | None = None
    no_return: datetime | None = None

    def place_s(self, at: datetime, fact: int | None = None) -> float:
        """The place of a time on the axis, which may lie before or behind it.

        A time that the clock showed twice is the later one, unless the fact at or before it is given.
        """
        return (at - self._anchor(at, fact).at).total_seconds() + self._anchor(at, fact).at_s

    def _anchor(self, at: datetime, fact: int | None) -> Anchor:
        if fact is not None:
            return self.anchors[max(0, bisect_right(self.anchors, fact, key=lambda each: each.fact) - 1)]
        return next((each for each in reversed(self.anchors) if each.at <= at), self.anchors[0])

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The earliest and the latest time that the clock showed at a fact; UTC."""
        ends = [*(each.at_s for each in self.anchors[1:]), self.length_s]
        latest = (each.at + timedelta(seconds=end - each.at_s) for each, end in zip(self.anchors, ends, strict=True))
        return min(each.at for each in self.anchors), max(latest)

    def places_s(self, at: datetime) -> tuple[float, ...]:
        """The places of the axis at which the clock showed a time: several if it was set back; none if never."""
        ends = [*(each.at_s for each in self.anchors[1:]), self.length_s]
        found = (each.at_s + (at - each.at).total_seconds() for each in self.anchors)
        return tuple(
            place_s
            for place_s, anchor, end in zip(found, self.anchors, ends, strict=True)
            if anchor.at_s <= place_s <= end
        )

    def time_at(self, place_s: float) -> datetime:
        """The wall clock's time at a place of the axis; UTC."""
        anchor = self.anchors[max(0, bisect_right(self.anchors, place_s, key=lambda each: each.at_s) - 1)]
        return anchor.at + timedelta(seconds=place_s - anchor.at_s)


class TimelineBuilder:
    """Takes a log's facts one by one, each with the state after it, and gives the timeline of those it took."""

    def __init__(self) -> None:
        self._facts = 0
        self._anchors: list[Anchor] = []
        self._last: Instant | None = None
        self._place_s = 0.0
        self._active_s = 0.0
        self._is_doing = False
        self._cursor: Cursor | None = None
        self._hold: Hold | None = None
        self._phases: list[Stretch] = []
        self._steps: list[Stretch] = []
        self._holds: list[Stretch] = []
        self._marks: list[Mark] = []
        self._gaps: list[Gap] = []
        self._window: tuple[datetime | None, datetime | None, datetime | None] = (None, None, None)
        self._is_over = False
        self._timeline = Timeline()

    @property
    def timeline(self) -> Timeline:
        """What is known so far; the same value until another fact is taken."""
        if self._timeline.facts != self._facts:
            start, end, no_return = self._window
            self._timeline = Timeline(
                facts=self._facts,
                length_s=self._place_s,
                active_s=self._active_s,
                is_over=self._is_over,
                anchors=tuple(self._anchors),
                phases=tuple(self._phases),
                steps=tuple(self._steps),
                holds=tuple(self._holds),
                marks=tuple(self._marks),
                gaps=tuple(self._gaps),
                window_start=start,
                window_end=end,
                no_return=no_return,
            )
        return self._timeline

    def take(self, event: Event, state: RunState) -> None:
        """Take the next fact of the log; telemetry is passed by. `state` is the one after it."""
        if not event.is_fact:
            return
        fact, self._facts = self._facts, self._facts + 1
        self._go_to(fact, event.instant)
        if event.type not in _WATCHED or self._is_doing:
            if self._place_s - self._active_s >= GAP_S and not self._is_doing:
                self._gaps.append(Gap(self._active_s, self._place_s))
            self._active_s = self._place_s
            self._is_doing = _is_doing(state)
        if kind := mark_of(event):
            self._marks.append(Mark(fact, event.seq, kind, self._place_s, event.instant.at.astimezone(UTC)))
        if state.cursor is not self._cursor:
            self._move(fact, state)
        if state.hold is not self._hold:
            self._held(fact, state.hold)
        if fact == 0 and state.started is not None:
            self._window = (state.started.window_start, state.started.window_end, no_return_at(state))
        self._is_over = state.status in ("finished", "aborted")

    def _go_to(self, fact: int, instant: Instant) -> None:
        """Find the place of a fact on the axis."""
        last, self._last = self._last, instant
        at = instant.at.astimezone(UTC)
        if last is None:
            self._anchors.append(Anchor(fact, 0.0, at))
            return
        anchor = self._anchors[-1]
        place_s = anchor.at_s + (at - anchor.at).total_seconds()
        if place_s < self._place_s - _JITTER_S:  # the clock was set back
            place_s = self._place_s + elapsed_s(last, instant)
            self._anchors.append(Anchor(fact, place_s, at))
        self._place_s = max(self._place_s, place_s)

    def _move(self, fact: int, state: RunState) -> None:
        before, cursor = self._cursor, state.cursor
        self._cursor = cursor
        is_back = state.rollback is not None
        phase = cursor.phase if cursor else ""
        if (before.phase if before else "") != phase:
            self._end(self._phases, fact)
            found = find_phase(state.profile, phase) if phase else None
            if found is not None:
                number = phase_number(state.profile, phase)
                self._phases.append(Stretch(phase, number, found.title, fact, self._place_s, is_back=is_back))
        step = (cursor.step if cursor else None) or ""
        if ((before.step if before else None) or "") != step:
            self._end(self._steps, fact)
            place = find_step(state.profile, step) if step else None
            if place is not None:
                number = step_number(state.profile, step)
                self._steps.append(Stretch(step, number, place[1].title, fact, self._place_s, is_back=is_back))

    def _held(self, fact: int, hold: Hold | None) -> None:
        self._hold = hold
        self._end(self._holds, fact)
        if hold is not None:
            self._holds.append(Stretch(name_of(hold.by), "", hold.reason, fact, self._place_s))

    def _end(self, stretches: list[Stretch], fact: int) -> None:
        """End the last stretch, if it has not ended."""
        if stretches and stretches[-1].last is None:
            was = stretches[-1]
            stretches[-1] = Stretch(
                was.id, was.number, was.title, was.first, was.start_s, fact, self._place_s, was.is_back
            )


def _is_doing(state: RunState) -> bool:
    """Whether an action or a wait is under way where the run stands."""
    step = state.steps.get(state.cursor.step) if state.cursor and state.cursor.step else None
    if step is None:
        return False
    is_waiting = step.wait is not None and step.wait.status == "running"
    return is_waiting or (step.action is not None and step.action.is_under_way)


def stretch_at(stretches: tuple[Stretch, ...], fact: int) -> Stretch | None:
    """The stretch that a fact is in; None between two, before the first and behind the last."""
    at = bisect_right(stretches, fact, key=lambda each: each.first) - 1
    if at < 0:
        return None
    found = stretches[at]
    return found if found.last is None or fact < found.last else None


def turn(stretches: tuple[Stretch, ...], fact: int, way: Literal[1, -1]) -> int | None:
    """The fact by which the next stretch began; back: by which the present one did, else the one before. None: none."""
    if way > 0:
        after = bisect_right(stretches, fact, key=lambda each: each.first)
        return stretches[after].first if after < len(stretches) else None
    before = bisect_right(stretches, fact - 1, key=lambda each: each.first) - 1
    return stretches[before].first if before >= 0 else None


def next_mark(marks: tuple[Mark, ...], fact: int, way: Literal[1, -1], kind: MarkKind | None = None) -> Mark | None:
    """The next mark after a fact, or the last before it, of one kind if one is given; None if there is none."""
    at = bisect_right(marks, fact if way > 0 else fact - 1, key=lambda each: each.fact)
    found = marks[at:] if way > 0 else reversed(marks[:at])
    return next((mark for mark in found if kind is None or mark.kind == kind), None)
