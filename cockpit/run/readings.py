"""What a probe said and what a gate said: the values that events, state and evidence are made of.

They are part of the log's format: fields are only ever added, with defaults.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cockpit.text import shortened

Status = Literal["pass", "warn", "fail", "error"]
"""What one reading says. `error`: the probe could not tell."""
ShownStatus = Literal["pass", "warn", "fail", "error", "stale", "unread"]
"""What a screen may show for a probe: a reading's status, `stale` (too old to count), `unread` (never taken)."""
Verdict = Literal["pending", "pass", "blocked", "unknown"]
"""A gate: `pending` (no fresh readings yet), `pass`, `blocked` (a condition is false), `unknown` (error or stale)."""
Scalar = bool | int | float | str | None


class Reading(Struct, frozen=True, omit_defaults=True):
    """One result of a probe."""

    probe: str
    status: Status
    value: Scalar = None
    unit: str = ""
    latency_ms: float | None = None
    detail: str = ""
    """One visible line: the condition that did not hold, or why there is no reading."""
    parts: tuple[tuple[str, float], ...] = ()
    """What its time was spent on, in ms, in this order, where the probe tells it; the last is all of it."""
    began_mono: float = 0.0
    """On the keeper's clock."""
    ended_mono: float = 0.0

    def told_parts(self) -> str:
        """The parts of its time for people: `DNS 0.4, connect 1.2, total 12 ms`; empty if it does not tell them."""
        told = ", ".join(f"{shortened(name, 20)} {_brief(ms)}" for name, ms in self.parts[:10])
        return f"{told} ms" if told else ""


def _brief(ms: float) -> str:
    return f"{ms:.0f}" if ms >= 10 else f"{ms:.1f}"


class Evidence(Struct, frozen=True, omit_defaults=True):
    """A reading as it counted for a decision."""

    probe: str
    status: ShownStatus
    value: Scalar = None
    unit: str = ""
    age_s: float | None = None
    """At most this old, by the keeper's clock; None if it was never read."""


class ConditionVerdict(Struct, frozen=True, omit_defaults=True):
    """One condition of a gate. `holds` is None where it cannot be said."""

    condition: str
    holds: bool | None
    detail: str = ""
    """One visible line, for example `missing_profiles is 12`, or why it cannot be said."""
