"""What a comparison is made of: plain values, so that it is its own JSON.

Invariant: a tuple named `sides` has one place for each run, in their order; None where a run does not have it.
Durations are seconds, people `user@host`; texts are as the logs have them.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from cockpit.report.compare.courses import ProbeSide
from cockpit.report.compare.estimates import Estimate


class Side(Struct, frozen=True, kw_only=True):
    """One of the runs."""

    run: str
    name: str
    """Of its log's file, where it was given as one; else empty."""
    profile: str
    title: str
    environment: str
    rehearsal: bool
    outcome: str
    """`live`, `finished`, `aborted`, `rolled-back`."""
    began: datetime | None
    ended: datetime | None
    """None: it is live."""
    duration_s: float
    planned_s: float
    """Of the phases of the way forward."""
    held_s: float
    holds: int
    margin_s: float | None
    """From the end of the window's work to the window's end; negative: late; None: no window, or it was not done."""
    deviations: int
    people: tuple[str, ...]
    """user@host of those who decided or noted something."""
    values: dict[str, str]
    """What was recorded and decided, by name."""
    profile_digest: str
    cockpit_version: str
    troubles: tuple[str, ...]
    """What is wrong with its log; it is compared as far as it goes."""

    @property
    def is_done(self) -> bool:
        """Whether the walk was gone to its end."""
        return self.outcome in ("finished", "rolled-back")


class StepSide(Struct, frozen=True, kw_only=True):
    """A step in one run."""

    title: str
    status: str
    """`open`, `confirmed`, `done_outside`, `skipped`, `not_applicable`."""
    attempts: int
    actual_s: float
    planned_s: float
    estimate_s: float
    mode: str
    """Of its last try, if it acts: `real`, `dry_run`, `shown`, `rolled_back`; else empty."""
    failed: int
    """Tries that did not end well."""
    by: str
    second: str
    reason: str


class StepRow(Struct, frozen=True, kw_only=True):
    """A step in all of the runs."""

    id: str
    number: str
    title: str
    phase: str
    plan: str
    behaviour: str
    sides: tuple[StepSide | None, ...]
    """None: that run's walk does not have it."""


class PhaseSide(Struct, frozen=True):
    """A phase in one run."""

    actual_s: float
    planned_s: float
    waited_s: float
    """At its gates."""
    is_over: bool
    """All of its steps are settled: else its time says nothing of another run's."""


class PhaseRow(Struct, frozen=True, kw_only=True):
    """A phase in all of the runs."""

    id: str
    number: str
    title: str
    plan: str
    sides: tuple[PhaseSide | None, ...]


class DeviationRow(Struct, frozen=True, kw_only=True):
    """What was done against the plan, at one place."""

    kind: str
    where: str
    reasons: tuple[tuple[str, ...], ...]
    """By run: `reason (who)`, as often as it was done."""


class ProbeRow(Struct, frozen=True, kw_only=True):
    """A probe in all of the runs."""

    id: str
    title: str
    unit: str
    sides: tuple[ProbeSide | None, ...]


class Comparison(Struct, frozen=True, kw_only=True):
    """The first run, and the others beside it."""

    runs: tuple[Side, ...]
    remarks: tuple[str, ...]
    """What has to be known before the numbers are read."""
    phases: tuple[PhaseRow, ...]
    steps: tuple[StepRow, ...]
    renamed: dict[str, tuple[str, ...]]
    """By step: its titles, where runs call it differently."""
    deviations: tuple[DeviationRow, ...]
    probes: tuple[ProbeRow, ...]
    estimates: tuple[Estimate, ...]


def letter(at: int) -> str:
    """What a run is called by in a comparison: A is the base."""
    return chr(ord("A") + at) if at < 26 else f"#{at + 1}"
