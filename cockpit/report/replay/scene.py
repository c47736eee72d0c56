"""What was true at a place of a log: the fold up to it, from the key frame before it.

A key frame is the fold of rows (facts, presence) alone, kept every so many rows. What samples and outputs add is read
again, from a stretch before the place that holds all that can still be seen.

Invariant: what `Scenes.at` returns is `fold` of the lines up to the place, but for two things that were said long
before: sparklines reach back `LOOK_BACK_BYTES` of the log, or to the last place from which one went on; of an action
that wrote more than can be shown, what was left out is counted among that alone. One thread calls `take`, another `at`.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cockpit.report.replay.reel import Reel, Row
from cockpit.run import doing
from cockpit.run import events as e
from cockpit.run.evolve import evolve, fold
from cockpit.run.sampled import told
from cockpit.run.state import EMPTY, RunState
from cockpit.run.state_walk import ActionState
from cockpit.run.state_watch import ProbeState

STRIDE = 400
"""Rows between key frames."""
LOOK_BACK_BYTES = 1536 * 1024
"""Of the log before a place: about ten minutes in a busy night."""
_PROBES_A_LINE = 100
"""At least so many readings are in a line of a key frame, which may take several."""
OUTPUT_LINES = 1500
"""Events of one action's output that are read again."""
_LINE_BYTES, _SHORT_BYTES = 65536, 4096
"""The longest line, and what nearly every line fits into."""
_ONWARD_BYTES = 1024 * 1024
"""From a place to one this much later it is quicker to go on than to begin at a key frame."""


class Place(Struct, frozen=True):
    """Between two lines of a log."""

    end: int
    """Bytes of the file up to it."""
    row: int
    """The last row before it, counted from 0."""
    fact: int
    """The last fact before it, counted from 0."""
    seq: int
    """Of the last line before it."""
    at: e.Instant
    """The moment that is shown: that of the line, or later, before the next one."""


class _Told(Struct, frozen=True):
    """What an action wrote."""

    tail: tuple[str, ...]
    skipped_bytes: int
    told_bytes: int
    progress: tuple[str, ...]


class Scenes:
    """Folds rows as they come, and any place again."""

    def __init__(self, reel: Reel) -> None:
        self._reel = reel
        self._frames: list[RunState] = [EMPTY]
        """The fold of the first 0, STRIDE, 2 * STRIDE … rows."""
        self.latest = EMPTY
        """The fold of all rows taken."""
        self.offsets = array("Q")
        """Of the rows."""
        self.sizes = array("I")
        self._began: dict[str, int] = {}
        """By action: the offset at which it was asked for."""
        self._ended: dict[str, int] = {}
        self._outputs: dict[str, _Told] = {}
        """Of actions that have ended."""
        self._over_at = sys.maxsize
        """Offset of the line that ended the run: what probes say after it changes nothing."""
        self._last: tuple[Place, RunState] | None = None

    def take(self, row: Row) -> None:
        """The next row. An event that cannot be folded changes nothing."""
        self.latest = _evolved(self.latest, row.event)
        body = row.event.body
        if isinstance(body, e.ActionRequested):
            self._began.setdefault(body.action, row.offset)
        elif isinstance(body, e.ActionEnded):
            self._ended.setdefault(body.action, row.offset)
        elif isinstance(body, e.RunFinished | e.RunAborted):
            self._over_at = min(self._over_at, row.offset)
        self.sizes.append(row.size)
        self.offsets.append(row.offset)
        if len(self.offsets) % STRIDE == 0:
            self._frames.append(self.latest)

    def row_before(self, end: int) -> int:
        """The last row that ends at or before a byte of the file."""
        row = bisect_left(self.offsets, end) - 1
        return row if row < 0 or self._end(row) <= end else row - 1

    def event(self, row: int) -> e.Event:
        """The event of a row, read again."""
        event = self._reel.event(self._reel.raw(self.offsets[row], self.sizes[row]))
        assert event is not None, "a row was an event when it was taken"
        return event

    def rows_at(self, row: int) -> RunState:
        """The fold of rows 0 to `row`."""
        frame = min((row + 1) // STRIDE, len(self._frames) - 1)
        state = self._frames[frame]
        for index in range(frame * STRIDE, row + 1):
            state = _evolved(state, self.event(index))
        return state

    def at(self, place: Place) -> RunState:
        """The fold up to a place."""
        if self._last is not None:
            before, state = self._last
            if before.end == place.end:
                return state
            if before.end < place.end <= before.end + _ONWARD_BYTES:
                state = self._onward(state, before.end, place.end)
                self._last = place, state
                return state
        state = self._from_frame(place)
        self._last = place, state
        return state

    def _onward(self, state: RunState, start: int, end: int) -> RunState:
        events = [event for raw in self._reel.lines_between(start, end) if (event := self._reel.event(raw)) is not None]
        try:
            return fold(events, state)
        except Exception:  # noqa: BLE001 - as `_evolved`: events in an order that no cockpit writes
            for event in events:
                state = _evolved(state, event)
            return state

    def _from_frame(self, place: Place) -> RunState:
        state = self.rows_at(place.row)
        last = self._last_line(place)
        state = replace(state, probes=self._probes(place))
        return self._with_outputs(replace(state, last_seq=place.seq, last=last or state.last), place)

    def _last_line(self, place: Place) -> e.Instant | None:
        """The instant of the last line before a place, whatever it is."""
        start = max(0, place.end - _LINE_BYTES)
        line = self._reel.raw(start, place.end - start - 1).rpartition(b"\n")[2]
        event = self._reel.event(line)
        return event.instant if event is not None else None

    # ---- what samples say ------------------------------------------------------------------------------------------

    def _probes(self, place: Place) -> dict[str, ProbeState]:
        end = min(place.end, self._over_at)
        start = max(0, end - LOOK_BACK_BYTES)
        if keys := bisect_left(self._reel.keys, end):
            lines = 2 + len(self.latest.probes) // _PROBES_A_LINE
            start = min(start, self._reel.keys[max(0, keys - lines)])
        # The fold of rows before it is known. A row that it cuts is taken whole, another line that it cuts left out.
        row = max(0, self.row_before(start))
        start = max(start, self._end(0))
        if row + 1 < len(self.offsets) and self.offsets[row + 1] < start:
            start = self.offsets[row + 1]
        return told(self.rows_at(row).probes, self._of_probes(start, end))

    def _end(self, row: int) -> int:
        return self.offsets[row] + self.sizes[row]

    def _of_probes(self, start: int, end: int) -> Iterator[e.Event]:
        """Events about probes in a stretch of the file."""
        for raw in self._reel.lines_between(start, end, b'"type":"prob'):
            if (event := self._reel.event(raw)) is not None:
                yield event

    # ---- what actions wrote ----------------------------------------------------------------------------------------

    def _with_outputs(self, state: RunState, place: Place) -> RunState:
        steps = dict(state.steps)
        for step_id, step in state.steps.items():
            if step.action is not None and step.action.action in self._began:
                written = self._written(step.action, place)
                if written is not None:
                    progress = written.progress if step.action.ended is None else ()
                    action = replace(step.action, tail=written.tail, skipped_bytes=written.skipped_bytes,
                                     told_bytes=written.told_bytes, progress=progress)  # fmt: skip
                    steps[step_id] = replace(step, action=action)
        return replace(state, steps=steps)

    def _written(self, action: ActionState, place: Place) -> _Told | None:
        name = action.action
        is_over = action.ended is not None
        if is_over and (known := self._outputs.get(name)) is not None:
            return known
        outputs = self._reel.outputs
        end = min(place.end, self._ended.get(name, place.end)) if is_over else place.end
        first = bisect_left(outputs, self._began[name])
        last = bisect_left(outputs, end)
        offsets = outputs[max(first, last - OUTPUT_LINES) : last]
        if not offsets:
            return None
        told_so_far = replace(action, tail=(), skipped_bytes=0, told_bytes=0, progress=())
        for body in reversed(list(self._last_outputs(offsets, name))):
            told_so_far = doing.wrote(told_so_far, body)
        found = _Told(told_so_far.tail, told_so_far.skipped_bytes, told_so_far.told_bytes, told_so_far.progress)
        if is_over:
            self._outputs[name] = found
        return found

    def _last_outputs(self, offsets: Sequence[int], action: str) -> Iterator[e.ActionOutput]:
        """What it wrote last, the newest first: all that can still be shown of it."""
        lines = 0
        for offset in reversed(offsets):
            raw, newline, _ = self._reel.raw(offset, _SHORT_BYTES).partition(b"\n")
            if not newline:
                raw = self._reel.raw(offset, _LINE_BYTES).partition(b"\n")[0]
            event = self._reel.event(raw)
            if event is None or not isinstance(event.body, e.ActionOutput) or event.body.action != action:
                continue
            yield event.body
            lines += event.body.text.count("\n")
            if lines > doing.TAIL_LINES + 1:
                return


def _evolved(state: RunState, event: e.Event) -> RunState:
    """`evolve`, which never raises for what a cockpit wrote; a log may come from anybody."""
    try:
        return evolve(state, event)
    except Exception:  # noqa: BLE001
        return state
