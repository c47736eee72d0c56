"""A log that can be sought: any fact, any moment, any line, and what was true there.

Opening reads the first line alone. `start` reads on in a thread, to the end of the file and then what is appended, and
has the chain verified beside it; what was read can be sought while that goes on. Nothing is written, and nothing beside
the log is needed.

Invariant: facts are numbered from 0 in the file's order and never renumbered. One thread reads; `moment`, the finding
and the damages may be asked from any, `state` from one.
"""

from __future__ import annotations

import re
import threading
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cockpit.audit.line import Head, digest
from cockpit.patterns import late
from cockpit.report.marks import KINDS, MarkKind, mark_of
from cockpit.report.replay.reel import Damage, Reel, Row
from cockpit.report.replay.scene import Place, Scenes
from cockpit.report.replay.timeline import Timeline, TimelineBuilder
from cockpit.run.events import BY_MACHINE, Event, Instant
from cockpit.run.passing import credible
from cockpit.run.people import name_of
from cockpit.run.state import RunState
from cockpit.run.wording import KEEPER

if TYPE_CHECKING:
    from cockpit.audit.verify import Verification
    from cockpit.report.replay.proving import Prover

__all__ = ["Damage", "Film", "Moment", "Place"]

_POLL_S = 0.25
_TELL_S = 0.1
_HEADER = late(
    rb'\{"v":1,"run":"[^"]*","seq":(\d+),"prev":"[^"]*","class":"[^"]*","type":"[^"]*","id":"[^"]*","at":"([^"]*)"'
)
_LINE_BYTES, _NAMES = 65536, 65536
_KIND_NUMBERS: dict[str, int] = {"": 0, **{kind: number for number, kind in enumerate(KINDS, 1)}}


class Moment(Struct, frozen=True):
    """A fact, in short."""

    seq: int
    at: datetime
    """Aware, UTC."""
    type: str
    user: str
    """Who did it; `keeper` for what the machine did, whosever hands it acted with."""
    mark: MarkKind | str
    """Empty for what goes as planned."""


class Film:
    """A log and the places in it."""

    def __init__(self, path: Path) -> None:
        """Open a log: a file, or a run's folder. Raises LogUnreadable or LogTooNew if there is nothing to be shown."""
        self._reel = Reel(path)
        self._scenes = Scenes(self._reel)
        self._rows = array("I")
        """Of facts: their row."""
        self._seqs = array("Q")
        self._times = array("d")
        """POSIX time, UTC."""
        self._latest = array("d")
        """The latest time of any fact so far: never goes back, whatever was done to the clock."""
        self._marks = array("B")
        self._types, self._users = array("H"), array("H")
        self._names: dict[str, int] = {}
        self._named: list[str] = []
        self._proven_to = 0
        """Bytes of the file."""
        self.proof: Verification | None = None
        """What verifying the whole file showed, once it has; None before."""
        self.is_whole = False
        """Whether all that the file held was read."""
        self._is_closed = threading.Event()
        self._reader: threading.Thread | None = None
        self._prover: Prover | None = None
        self._builder = TimelineBuilder()
        self._lock = threading.Lock()
        """Of the builder."""
        self._take(self._reel.first)

    @property
    def path(self) -> Path:
        """Of the log."""
        return self._reel.path

    @property
    def facts(self) -> int:
        """How many are known so far."""
        return len(self._times)

    @property
    def share(self) -> float:
        """Of the file's bytes that were read, 0 to 1."""
        return min(1.0, self._reel.offset / max(1, self._reel.size))

    @property
    def damages(self) -> tuple[Damage, ...]:
        """What is out of order, as far as was read, in the file's order; what verifying found beside that too."""
        found = self._reel.damages
        if self.proof is None or self.proof.ok or any(each.line == self.proof.problem_line for each in found):
            return found
        told = Damage(self.proof.problem_line, self._proven_to, self.proof.problem)
        return tuple(sorted((*found, told), key=lambda each: each.offset))

    @property
    def damaged(self) -> tuple[int, ...]:
        """The facts at which each damage is first said to be before them; the last fact if none comes after it."""
        ends = range(self.facts)
        found = (bisect_right(ends, each.offset, key=lambda k: self._end_of(self._rows[k])) for each in self.damages)
        torn = (self.facts,) if self.is_whole and self.torn_bytes else ()
        return tuple(dict.fromkeys(min(k, self.facts - 1) for k in (*found, *torn)))

    @property
    def torn_bytes(self) -> int:
        """After the last newline of the file: no line yet."""
        return self._reel.torn_bytes

    @property
    def latest(self) -> RunState:
        """The fold of all facts that are known so far: what probes sampled and actions wrote is not in it."""
        return self._scenes.latest

    @property
    def timeline(self) -> Timeline:
        """Of the facts that are known so far."""
        with self._lock:
            return self._builder.timeline

    # ---- reading -------------------------------------------------------------------------------------------------

    def start(self, on_change: Callable[[], None]) -> None:
        """Read on, and follow the file. `on_change` is called from a thread when there is more, at most every 0.1 s."""
        self._reader = threading.Thread(target=self._read, args=(on_change,), name="cockpit-film", daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Let go of the log."""
        self._is_closed.set()
        if self._reader is not None:
            self._reader.join()
        if self._prover is not None:  # which the reader begins
            self._prover.close()
        self._reel.close()

    def _read(self, on_change: Callable[[], None]) -> None:
        told = time.monotonic()
        is_new, size = True, 0
        while not self._is_closed.is_set():
            rows = self._reel.read()
            for row in rows or ():
                self._take(row)
            is_new = is_new or rows is not None or not self.is_whole  # that this was all is news, too
            now = time.monotonic()
            if is_new and (rows is None or now - told >= _TELL_S):
                self.is_whole = self.is_whole or rows is None
                told, is_new = now, False
                on_change()
            if rows is None:
                self._prove(on_change)
                size = self._reel.offset + self._reel.torn_bytes
                while self._reel.size == size and not self._is_closed.wait(_POLL_S):
                    pass

    def _prove(self, on_change: Callable[[], None]) -> None:
        """Have the chain verified, once: by then this has been read."""
        from cockpit.report.replay.proving import Prover  # after the first paint

        def told(proof: Verification) -> None:
            # A line is vouched for by the one after it: of the last that counts before a break nothing is proven.
            self._proven_to = self.at_seq(proof.seq - 1).end if proof.seq > 1 else 0
            self.proof = proof
            on_change()

        if self._prover is None:
            self._prover = Prover(self._reel.path, told)

    def _take(self, row: Row) -> None:
        self._scenes.take(row)
        event = row.event
        if not event.is_fact:
            return
        with self._lock:
            self._builder.take(event, self._scenes.latest)
        at = event.instant.at.timestamp()
        self._rows.append(len(self._scenes.offsets) - 1)
        self._seqs.append(event.seq)
        self._marks.append(_KIND_NUMBERS[mark_of(event)])
        self._types.append(self._number(event.type))
        by = credible(self._scenes.latest, event.actor)
        self._users.append(self._number(KEEPER if event.type in BY_MACHINE else name_of(by)))
        self._latest.append(max(at, self._latest[-1]) if self._latest else at)
        self._times.append(at)  # last: now it is known

    def _number(self, name: str) -> int:
        if name not in self._names:
            if len(self._named) == _NAMES:
                return _NAMES - 1  # a log that was made to have so many: they are told apart where lines are read
            self._named.append(name)
            self._names[name] = len(self._named) - 1
        return self._names[name]

    # ---- facts -----------------------------------------------------------------------------------------------------

    def moment(self, k: int) -> Moment:
        """Fact `k`, without reading the file."""
        mark = self._marks[k]
        return Moment(
            seq=self._seqs[k],
            at=datetime.fromtimestamp(self._times[k], UTC),
            type=self._named[self._types[k]],
            user=self._named[self._users[k]],
            mark=KINDS[mark - 1] if mark else "",
        )

    def event(self, k: int) -> Event:
        """Fact `k`, read from the file."""
        return self._scenes.event(self._rows[k])

    # ---- places ----------------------------------------------------------------------------------------------------

    def at_fact(self, k: int) -> Place:
        """After fact `k`; the nearest there is."""
        k = max(0, min(k, self.facts - 1))
        row = self._rows[k]
        return Place(self._end_of(row), row, k, self._seqs[k], self.event(k).instant)

    def at_seq(self, seq: int) -> Place:
        """After the line of this sequence number, or the last one before it."""
        k = max(0, bisect_right(self._seqs, seq) - 1)
        return self._between(k, lambda header: int(header[1]) <= seq)

    def at_time(self, at: datetime) -> Place:
        """At this moment: after the last line that was written by then. Before the first one: at the first."""
        k = max(0, bisect_right(self._latest, at.timestamp()) - 1)
        place = self._between(k, lambda header: _time(header[2]) <= at)
        later_s = (at - place.at.at).total_seconds()
        if later_s <= 0:
            return place
        moved = Instant(at=at, boot=place.at.boot, mono=place.at.mono + later_s)
        return Place(place.end, place.row, place.fact, place.seq, moved)

    def _end_of(self, row: int) -> int:
        return self._scenes.offsets[row] + self._scenes.sizes[row]

    def _between(self, k: int, is_before: Callable[[re.Match[bytes]], bool]) -> Place:
        """After the last line of those from fact `k` up to the next one for which `is_before`; at least fact `k`."""
        low = self._end_of(self._rows[k])
        high = self._scenes.offsets[self._rows[k + 1]] if k + 1 < self.facts else self._reel.offset
        while low < high:
            middle = (low + high) // 2
            found = self._line_at(middle, low, high)
            if found is None:
                high = middle
                continue
            start, size, header = found
            if is_before(header):
                low = start + size
            else:
                high = middle  # nothing begins between the middle and that line
        return self._place(low, k)

    def _line_at(self, near: int, low: int, high: int) -> tuple[int, int, re.Match[bytes]] | None:
        """The first line that begins at or after `near`: where, its bytes and its header; None if none does."""
        start = near
        if near > low:
            ahead = self._reel.raw(near - 1, _LINE_BYTES + 1)
            newline = ahead.find(b"\n")
            start = near + newline
        if start >= high:
            return None
        raw = self._reel.raw(start, _LINE_BYTES)
        size, header = raw.find(b"\n") + 1, _HEADER.match(raw)
        return (start, size, header) if size and header else None

    def _place(self, end: int, k: int) -> Place:
        row = self._scenes.row_before(end)
        start = max(self._scenes.offsets[row], end - _LINE_BYTES)
        raw = self._reel.raw(start, end - start - 1).rpartition(b"\n")[2]
        event = self._reel.event(raw)
        if event is None:
            return self.at_fact(k)
        return Place(end, row, k, event.seq, event.instant)

    # ---- what was true ---------------------------------------------------------------------------------------------

    def state(self, place: Place) -> RunState:
        """The fold of the log up to a place."""
        return self._scenes.at(place)

    def recent(self, place: Place, count: int) -> list[Event]:
        """The last facts up to a place, at most `count`, oldest first."""
        return [self.event(k) for k in range(max(0, place.fact + 1 - count), place.fact + 1)]

    def head(self, k: int) -> Head:
        """What the screen showed as the head once fact `k` was the last."""
        row = self._rows[k]
        raw = self._reel.raw(self._scenes.offsets[row], self._scenes.sizes[row] - 1)
        return Head(seq=self._seqs[k], digest=digest(raw))

    def trouble(self, place: Place) -> str:
        """What is wrong with the log before a place; empty if nothing is known to be."""
        before = [each for each in self.damages if each.offset < place.end]
        more = f" (and {len(before) - 1} more before here)" if len(before) > 1 else ""
        return f"not proven from here on: {before[0].sentence}{more}" if before else ""


def _time(text: bytes) -> datetime:
    try:
        at = datetime.fromisoformat(text.decode())
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
