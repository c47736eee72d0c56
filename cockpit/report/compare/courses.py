"""What a probe read over a run and in each of its phases, in a few numbers that can be set beside another run's.

Invariant: a value counts for as long as it stood, since a log holds readings that changed. A stretch of a long run
(`records.Bucket`) counts by its last value and, for the worst, by its least and greatest: no spike is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from cockpit.report.chronicle.chronicle import Chronicle
from cockpit.report.chronicle.records import Bucket, ProbeRecord, Span, Threshold
from cockpit.run.readings import Scalar

Interval = tuple[datetime, datetime]
_MOMENT_S = 1e-6
"""What a reading weighs that another followed at once."""


class Course(Struct, frozen=True):
    """Numbers of one stretch of time."""

    median: float
    """By time."""
    worst: float | None
    """The greatest or the least, as the probe's own thresholds say which is bad; None: they do not."""
    least: float
    most: float
    last: float


class ProbeSide(Struct, frozen=True, kw_only=True):
    """A probe in one run."""

    readings: int
    status: str
    """Where the log ends."""
    value: Scalar
    """The last one, be it a number or not."""
    whole: Course | None
    """None: it never read a number."""
    phases: dict[str, Course]
    """By phase, those in which it has a number."""
    seconds: dict[str, float]
    """By status, how long it was shown."""
    changes: int
    """Of its status."""


def probe_sides(told: Chronicle) -> dict[str, ProbeSide]:
    """Every probe of a run, by id."""
    last = told.ended or told.last or datetime.max.replace(tzinfo=UTC)
    visits: dict[str, list[Span]] = {}
    for step in told.steps:
        visits.setdefault(step.phase, []).extend(step.visits)
    phases = {phase: [(visit.began, visit.ended or last) for visit in spans] for phase, spans in visits.items()}
    return {probe.id: _side(probe, last, phases) for probe in told.probes}


def _side(probe: ProbeRecord, last: datetime, phases: dict[str, list[Interval]]) -> ProbeSide:
    found = {phase: _course(probe, intervals, last) for phase, intervals in phases.items()}
    return ProbeSide(
        readings=probe.readings,
        status=probe.status,
        value=probe.value,
        whole=_course(probe, [(probe.buckets[0].at, last)], last) if probe.buckets else None,
        phases={phase: course for phase, course in found.items() if course is not None},
        seconds=probe.seconds,
        changes=probe.changes_total,
    )


def _course(probe: ProbeRecord, intervals: Sequence[Interval], last: datetime) -> Course | None:
    """The numbers that stood in these stretches; None if none did."""
    ends = [*(bucket.at for bucket in probe.buckets[1:]), last]
    width = timedelta(seconds=probe.bucket_s)
    stood: list[tuple[float, Bucket]] = []
    for bucket, end in zip(probe.buckets, ends, strict=False):
        shared = sum((_shared(bucket.at, end, each) for each in intervals), timedelta(0))
        is_read_here = any(since - width < bucket.at <= until for since, until in intervals)
        if shared > timedelta(0) or is_read_here:
            # What was only carried in was read before: its spikes belong there.
            kept = bucket if is_read_here else Bucket(bucket.at, bucket.last, bucket.last, bucket.last, bucket.readings)
            stood.append((max(shared.total_seconds(), _MOMENT_S), kept))
    if not stood:
        return None
    least, most = min(bucket.low for _, bucket in stood), max(bucket.high for _, bucket in stood)
    is_high_bad = high_is_bad(probe.thresholds)
    return Course(
        median=_median([(bucket.last, weight) for weight, bucket in stood]),
        worst=None if is_high_bad is None else most if is_high_bad else least,
        least=least,
        most=most,
        last=stood[-1][1].last,
    )


def _shared(began: datetime, ended: datetime, interval: Interval) -> timedelta:
    """How long both last together."""
    return max(min(ended, interval[1]) - max(began, interval[0]), timedelta(0))


def _median(weighted: list[tuple[float, float]]) -> float:
    half, passed = sum(weight for _, weight in weighted) / 2, 0.0
    for value, weight in sorted(weighted):
        passed += weight
        if passed >= half:
            return value
    return weighted[-1][0]


def high_is_bad(thresholds: Sequence[Threshold]) -> bool | None:
    """Whether great values are the bad ones, as the first thresholds that take sides say; None: none does."""
    for threshold in thresholds:
        if threshold.op in ("<", "<="):
            return threshold.level in ("pass", "gate")
        if threshold.op in (">", ">="):
            return threshold.level in ("warn", "fail", "trigger")
    return None
