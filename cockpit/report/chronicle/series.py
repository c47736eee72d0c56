"""The readings of a probe over a whole run, in bounded memory: how many, how long in which status, and their course.

Invariant: at most `BUCKETS` stretches of one width, doubled whenever the run outgrows them; the least and the greatest
value of every stretch are kept, so that no spike is lost.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cockpit.profile.model import Probe
from cockpit.report.chronicle.records import Bucket, ProbeRecord, StatusChange, Threshold
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Event, Instant, ProbeChanged
from cockpit.run.readings import Reading, Scalar

BUCKETS = 600
CHANGES = 200
_FIRST_WIDTH_S = 1.0
_MOST = 1e300
"""Greater numbers are no measurements, and neither are those that are none."""
_LONGEST_LATE_S = 60.0
"""A sample comes soon after its readings; anything older is a clock that does not fit."""


class Course:
    """The numbers of one probe by time."""

    def __init__(self, origin: datetime) -> None:
        self._origin = origin
        self.width_s = _FIRST_WIDTH_S
        self._stretches: dict[int, _Stretch] = {}

    def add(self, at: datetime, value: float) -> None:
        """One number, at a time not far before the last."""
        passed_s = max(0.0, (at - self._origin).total_seconds())
        while passed_s / self.width_s >= BUCKETS:
            self._widen()
        index = int(passed_s / self.width_s)
        known = self._stretches.get(index)
        if known is None:
            self._stretches[index] = _Stretch(at, value)
            return
        if value < known.low:
            known.low = value
        elif value > known.high:
            known.high = value
        known.last = value
        known.readings += 1

    def _widen(self) -> None:
        self.width_s *= 2
        merged: dict[int, _Stretch] = {}
        for index in sorted(self._stretches):
            known, later = merged.get(index // 2), self._stretches[index]
            if known is None:
                merged[index // 2] = later
            else:
                known.low, known.high = min(known.low, later.low), max(known.high, later.high)
                known.last = later.last
                known.readings += later.readings
        self._stretches = merged

    def told(self) -> tuple[Bucket, ...]:
        """The stretches that hold anything, oldest first."""
        found = (self._stretches[index] for index in sorted(self._stretches))
        return tuple(Bucket(each.at, each.low, each.high, each.last, each.readings) for each in found)


class _Stretch:
    """A bucket that still grows: a long night has millions of numbers."""

    __slots__ = ("at", "high", "last", "low", "readings")

    def __init__(self, at: datetime, value: float) -> None:
        self.at = at
        self.low = self.high = self.last = value
        self.readings = 1


class ProbeSeries:
    """What one probe said."""

    def __init__(self, probe: Probe, began: Instant) -> None:
        self._probe = probe
        self._course = Course(began.at)
        self._latest: Reading | None = None
        self._value: Scalar = None
        self._detail = ""
        self._unit = probe.unit
        self._status: str = "unread"
        self._since = began
        self._seconds: dict[str, float] = {}
        self._changes: list[StatusChange] = []
        self._total = 0
        self._readings = 0

    def sampled(self, event: Event, reading: Reading) -> None:
        """A reading of a sample; a key frame repeats those that were told before."""
        if self._latest is not None and reading == self._latest:
            return
        self._latest = reading
        self._readings += 1
        self._value, self._detail, self._unit = reading.value, reading.detail, reading.unit or self._unit
        late_s = event.instant.mono - reading.ended_mono if reading.ended_mono > 0 else 0.0
        at = event.instant.at - timedelta(seconds=late_s) if 0 < late_s <= _LONGEST_LATE_S else event.instant.at
        self._number(at, reading.value)

    def changed(self, event: Event, body: ProbeChanged) -> None:
        """A change of its status."""
        self._pass_to(event.instant)
        self._status = body.status
        self._total += 1
        self._unit = body.unit or self._unit
        if len(self._changes) < CHANGES:
            change = StatusChange(
                seq=event.seq, at=event.instant.at, previous=body.previous, status=body.status, value=body.value,
                detail=body.detail,
            )  # fmt: skip
            self._changes.append(change)
        if body.status not in ("stale", "unread"):
            self._value, self._detail = body.value, body.detail
            self._number(event.instant.at, body.value)

    def _number(self, at: datetime, value: Scalar) -> None:
        if not isinstance(value, bool) and isinstance(value, int | float) and abs(value) <= _MOST:
            self._course.add(at, float(value))

    def _pass_to(self, now: Instant) -> None:
        self._seconds[self._status] = self._seconds.get(self._status, 0.0) + elapsed_s(self._since, now)
        self._since = now

    def record(self, end: Instant, thresholds: tuple[Threshold, ...]) -> ProbeRecord:
        """All of it; the status where the log ends is counted until `end`."""
        probe, buckets = self._probe, self._course.told()
        seconds = dict(self._seconds)
        seconds[self._status] = seconds.get(self._status, 0.0) + elapsed_s(self._since, end)
        return ProbeRecord(
            id=probe.id, title=probe.title, kind=probe.kind, unit=self._unit, interval_s=probe.interval_s,
            pass_when=probe.pass_when, warn_when=probe.warn_when, fail_when=probe.fail_when, thresholds=thresholds,
            status=self._status,  # type: ignore[arg-type] # as `probe.changed` has it
            value=self._value, detail=self._detail, readings=self._readings,
            least=min((each.low for each in buckets), default=None),
            most=max((each.high for each in buckets), default=None),
            changes=tuple(self._changes), changes_total=self._total,
            seconds={status: round(s, 1) for status, s in seconds.items() if s > 0},
            bucket_s=self._course.width_s, buckets=buckets,
        )  # fmt: skip
