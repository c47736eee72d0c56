"""Moments and readings for tests of what is told the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cockpit.keeper.gates import Known
from cockpit.profile.conditions import Environment
from cockpit.run.events import Instant
from cockpit.run.readings import Reading

START = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
BOOT = "one"

ENVIRONMENT = Environment(
    {"rate": "double", "rate.passing": "bool", "rate.status": "string", "rate.latency_ms": "double",
     "recorded.go": "string", "recorded.count": "double", "since.deploy": "double"},
    ("rate",),
)  # fmt: skip


def at(seconds: float, *, wall: float | None = None, boot: str = BOOT) -> Instant:
    """So long after the start; `wall`: what the wall clock says, if it was set."""
    return Instant(at=START + timedelta(seconds=seconds if wall is None else wall), boot=boot, mono=1000.0 + seconds)


def rate(value: float | None, read: float = 0.0, *, stale: bool = False) -> dict[str, Known]:
    """What is known of the probe `rate`, read so long after the start; None: it is in error."""
    mono = 1000.0 + read
    if value is None:
        reading = Reading(probe="rate", status="error", detail="refused", began_mono=mono, ended_mono=mono)
        return {"rate": Known("fresh", reading)}
    reading = Reading(probe="rate", status="pass", value=value, began_mono=mono, ended_mono=mono)
    return {"rate": Known("stale" if stale else "fresh", reading, value)}


UNREAD = {"rate": Known("waiting")}
