"""What probes are known to say after some samples and changes: one event, or thousands at once.

Invariant: taking events one by one and taking them all at once give the same. Following a run takes each as it comes;
a replay that lands somewhere takes those before that place together, at a twentieth of the cost.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from cockpit.run.events import Event, ProbeChanged, ProbesSampled
from cockpit.run.readings import Reading, Scalar
from cockpit.run.state_watch import ProbeState

HISTORY = 60
"""Numbers kept for a sparkline."""


def told(probes: dict[str, ProbeState], events: Iterable[Event]) -> dict[str, ProbeState]:
    """The probes after these `probes.sampled` and `probe.changed`; other events, and other probes, are ignored.

    `probes` are in the profile's order, as the ages of a sample are. The statuses that a change tells are taken too.
    """
    known = dict(probes)
    readings: dict[str, Reading | None] = {}
    new: dict[str, list[float | None]] = {}
    ages: list[tuple[Event, tuple[int | None, ...]]] = []
    for event in events:
        body = event.body
        if isinstance(body, ProbesSampled):
            for reading in body.readings:
                if reading.probe not in known:
                    continue
                before = readings[reading.probe] if reading.probe in readings else known[reading.probe].reading
                # A key frame repeats what was told before.
                if not body.key or before != reading:
                    new.setdefault(reading.probe, []).append(number(reading.value))
                readings[reading.probe] = reading
            if ages and len(body.ages) >= len(ages[-1][1]):
                ages.pop()  # all that it said is said anew
            ages.append((event, body.ages))
        elif isinstance(body, ProbeChanged) and body.probe in known:
            known[body.probe] = _changed(known[body.probe], event, body)
            if (told_now := _reading(body)) is not None:
                readings[body.probe] = told_now
    for probe_id, latest in readings.items():
        probe = known[probe_id]
        history = (*probe.history, *new[probe_id])[-HISTORY:] if probe_id in new else probe.history
        known[probe_id] = replace(probe, reading=latest, history=history)
    for event, listed in ages:
        _age(known, event, listed)
    return known


def _changed(probe: ProbeState, event: Event, body: ProbeChanged) -> ProbeState:
    return replace(probe, status=body.status, detail=body.detail, since=event.instant)


def _reading(body: ProbeChanged) -> Reading | None:
    """What it said when it changed; None where it said nothing."""
    if body.status == "stale" or body.status == "unread":
        return None
    return Reading(
        probe=body.probe,
        status=body.status,
        value=body.value,
        unit=body.unit,
        latency_ms=body.latency_ms,
        detail=body.detail,
    )


def _age(known: dict[str, ProbeState], event: Event, ages: tuple[int | None, ...]) -> None:
    for probe_id, age_s in zip(known, ages, strict=False):
        known[probe_id] = replace(
            known[probe_id],
            age_s=None if age_s is None else float(age_s),
            as_of_mono=event.instant.mono,
            as_of_boot=event.instant.boot,
        )


def number(value: Scalar) -> float | None:
    """A value as a number; None for what is none, and for yes and no."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
