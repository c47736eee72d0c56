"""What a chronicle is made of: a frozen record for each thing that a reader asks after, as `cockpit report` tells it.

Invariant: plain values alone, so that a record is its own JSON (`docs/report.md` names every field). Times are aware
UTC, durations seconds; people are `user@host`; texts are as the log has them: whoever shows them makes them visible.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from cockpit.run.readings import ConditionVerdict, Evidence, Scalar, ShownStatus

Outcome = Literal["empty", "live", "finished", "aborted"]


class Span(Struct, frozen=True):
    """A stretch of time."""

    began: datetime
    ended: datetime | None = None
    """None: it had not ended where the log ends."""
    seconds: float = 0.0
    """By the run's own rule (`cockpit.run.elapsed`), not the difference of the two times; until the log's end."""


class Happening(Struct, frozen=True, kw_only=True):
    """A fact in one sentence; what probes and gates said is told with them."""

    seq: int
    at: datetime
    type: str
    mark: str = ""
    """Its kind in `cockpit.report.marks`; empty: it went as planned."""
    who: str
    text: str
    step: str = ""


class Decision(Struct, frozen=True, kw_only=True):
    """What a person decided, and what was known then."""

    seq: int
    at: datetime
    type: str
    by: str
    text: str
    """In one sentence, without who."""
    step: str = ""
    gate: str = ""
    attempt: int = 0
    """0: it is of no step's attempt."""
    reason: str = ""
    seen: tuple[Evidence, ...] = ()
    """What they had on the screen."""
    current: tuple[Evidence, ...] = ()
    """What was current when it was decided."""
    counts: dict[str, int] = {}
    """All probes by the status that was shown."""
    values: dict[str, str] = {}
    verdict: str = ""
    """Of the gate that was overridden."""
    conditions: tuple[ConditionVerdict, ...] = ()
    """Of that gate."""
    unmet: tuple[str, ...] = ()
    """In a rehearsal: conditions that did not hold."""
    second: str = ""
    sent: dict[str, str] = {}
    """Of a message sent by hand: `to`, `digest`."""
    not_taken: str = ""
    """Title of the rollback plan that was proposed and not taken."""


class DeviationRecord(Struct, frozen=True, kw_only=True):
    """Something done against the plan: see `cockpit.run.state.Deviation` for the kinds."""

    seq: int
    at: datetime
    kind: str
    where: str
    reason: str
    by: str


class HoldRecord(Struct, frozen=True, kw_only=True):
    """The line was stopped."""

    began: datetime
    ended: datetime | None = None
    seconds: float = 0.0
    by: str
    reason: str
    step: str = ""
    """Where the walk stood."""
    released_by: str = ""
    """Empty: it was not released; the way back, or the run's end, may have ended it."""
    release_reason: str = ""


class PhaseRecord(Struct, frozen=True, kw_only=True):
    """A phase of the way forward, or of a rollback plan."""

    id: str
    number: str
    title: str
    stage: str
    plan: str = ""
    """Id of the rollback plan it is of; empty: the way forward."""
    steps: int
    planned_s: float
    actual_s: float
    waited_s: float = 0.0
    """At its entry and exit gates."""
    began: datetime | None = None
    ended: datetime | None = None
    """None: it was not begun, or not all of it is settled."""


class StepRecord(Struct, frozen=True, kw_only=True):
    """A step; of a rollback plan only if its plan was chosen."""

    id: str
    number: str
    title: str
    phase: str
    plan: str = ""
    kind: str
    behaviour: str
    risk: str
    level: str
    owner: str = ""
    status: str
    """`open`, `confirmed`, `done_outside`, `skipped`, `not_applicable`."""
    attempts: int
    planned_s: float
    """What the run planned with: the median of earlier runs where there was one, else the estimate."""
    estimate_s: float
    median_s: float | None = None
    actual_s: float
    visits: tuple[Span, ...] = ()
    settled: datetime | None = None
    by: str = ""
    second: str = ""
    reason: str = ""
    """Of a skip, of work done outside, or why it did not apply."""
    waived_reason: str = ""
    values: dict[str, str] = {}
    seen: tuple[Evidence, ...] = ()
    current: tuple[Evidence, ...] = ()


class ActionRecord(Struct, frozen=True, kw_only=True):
    """One try of a command, of SQL or of a message."""

    id: str
    step: str
    attempt: int
    by: str
    requested: datetime
    started: datetime | None = None
    ended: datetime | None = None
    outcome: str
    """As `action.ended` has it; `requested` or `running` where the log has no end."""
    mode: str = "real"
    shown: str = ""
    runs_as: str = ""
    target: str = ""
    exit_code: int | None = None
    detail: str = ""
    duration_s: float = 0.0
    timeout_s: float = 0.0
    conditions: tuple[ConditionVerdict, ...] = ()
    tail: tuple[str, ...] = ()
    """The last lines of its output, at most 200 and 16 KiB."""
    left_out: int = 0
    """Lines of those at the beginning that did not fit; what the log does not hold is told in the lines."""
    output: str = ""
    """Name of the whole output in the run's `outputs/`."""
    output_bytes: int = 0
    output_sha256: str = ""
    digest: str = ""
    """SHA-256 of what was shown when it was asked for."""
    sent: dict[str, str] = {}
    cancelled_by: str = ""
    cancel_reason: str = ""
    settled_by: str = ""
    """Who said how it ended, where that was not known."""
    settle_reason: str = ""
    nothing_done: bool = False


class WaitRecord(Struct, frozen=True, kw_only=True):
    """A wait's clock, from one beginning to the next."""

    step: str
    attempt: int
    began: datetime
    until: datetime
    ended: datetime | None = None
    outcome: Literal["running", "completed", "restarted", "stopped", "ended_early", "left"] = "running"
    detail: str = ""
    """The condition that was broken, or the reason of who ended it."""
    by: str = ""
    left_s: float = 0.0


class TriggerRecord(Struct, frozen=True, kw_only=True):
    """A trigger that fired or was raised."""

    seq: int
    at: datetime
    trigger: str
    title: str
    severity: str
    by: str = ""
    """Who raised it; empty: the keeper saw it."""
    reason: str = ""
    conditions: tuple[ConditionVerdict, ...] = ()
    current: tuple[Evidence, ...] = ()
    cleared: datetime | None = None
    answered: datetime | None = None
    answered_by: str = ""
    answer: str = ""
    """`went on`, or the title of the plan by which it was rolled back."""
    answer_reason: str = ""


class RollbackRecord(Struct, frozen=True, kw_only=True):
    """A way back that was taken."""

    seq: int
    at: datetime
    plan: str
    title: str
    by: str
    reason: str = ""
    proposed: str = ""
    steps: tuple[str, ...] = ()
    left: datetime | None = None
    left_by: str = ""
    left_reason: str = ""


class SignoffRecord(Struct, frozen=True, kw_only=True):
    """Somebody's word: a role's approval, a second person's consent, or that it was gone on without one."""

    seq: int
    at: datetime
    kind: Literal["signoff", "countersign", "waived"]
    step: str
    attempt: int
    role: str = ""
    by: str
    reason: str = ""


class NoteRecord(Struct, frozen=True, kw_only=True):
    """A note."""

    seq: int
    at: datetime
    by: str
    text: str
    step: str = ""


class PenRecord(Struct, frozen=True, kw_only=True):
    """The pen changed hands."""

    seq: int
    at: datetime
    by: str
    previous: str
    epoch: int
    reason: str


class KeeperRecord(Struct, frozen=True, kw_only=True):
    """A keeper that watched."""

    epoch: int
    began: datetime
    ended: datetime | None = None
    """None: it did not say so; it may have died."""
    runs_as: str
    pid: int
    version: str
    why: str = ""
    stopped_by: str = ""
    accepted_by: str = ""
    differences: tuple[str, ...] = ()
    """What was shown of it before it was let act, where it differed from the one before."""
    warnings: tuple[str, ...] = ()


class SeatRecord(Struct, frozen=True, kw_only=True):
    """Somebody's screen."""

    who: str
    via: str = ""
    role: Literal["acting", "watching"]
    began: datetime
    ended: datetime | None = None
    why: str = ""


class PersonRecord(Struct, frozen=True, kw_only=True):
    """Somebody who was there."""

    who: str
    via: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """Fingerprints, where known."""
    first: datetime
    last: datetime
    decisions: int = 0
    notes: int = 0
    acted: bool = False
    watched: bool = False


class TargetRecord(Struct, frozen=True, kw_only=True):
    """Who a target proved to be."""

    seq: int
    at: datetime
    target: str
    verdict: str
    identity: dict[str, str] = {}
    detail: str = ""


class LogRecord(Struct, frozen=True, kw_only=True):
    """Something about the log or its clock: `clock`, `recovered`, `continued`, `place`, `alert`."""

    seq: int
    at: datetime
    kind: Literal["clock", "recovered", "continued", "place", "alert"]
    text: str
    by_s: float = 0.0
    """Of the clock: by how much it was set."""


class Threshold(Struct, frozen=True):
    """A plain comparison with a number, as the profile has it."""

    level: Literal["pass", "warn", "fail", "gate", "trigger"]
    """Whose it is: the probe's own, or of a gate or a trigger that names the probe."""
    op: Literal["<", "<=", ">", ">=", "==", "!="]
    value: float
    of: str = ""
    """Whose gate or trigger it is; empty: the probe's own."""


class StatusChange(Struct, frozen=True, kw_only=True):
    """A probe's status became another."""

    seq: int
    at: datetime
    previous: ShownStatus
    status: ShownStatus
    value: Scalar = None
    detail: str = ""


class Bucket(Struct, frozen=True):
    """The readings of one stretch: nothing between `low` and `high` is lost, however long the night was."""

    at: datetime
    """When the first of them ended."""
    low: float
    high: float
    last: float
    readings: int


class ProbeRecord(Struct, frozen=True, kw_only=True):
    """A probe over the run."""

    id: str
    title: str
    kind: str
    unit: str
    interval_s: float
    pass_when: tuple[str, ...] = ()
    warn_when: tuple[str, ...] = ()
    fail_when: tuple[str, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    status: ShownStatus = "unread"
    """Where the log ends."""
    value: Scalar = None
    detail: str = ""
    readings: int = 0
    """That the log holds: changed ones, and all of them once a minute."""
    least: float | None = None
    most: float | None = None
    changes: tuple[StatusChange, ...] = ()
    """The first 200."""
    changes_total: int = 0
    seconds: dict[str, float] = {}
    """By status, how long it was shown."""
    bucket_s: float = 0.0
    """Width of a bucket."""
    buckets: tuple[Bucket, ...] = ()
    """At most 600, oldest first; only numbers."""


class WindowRecord(Struct, frozen=True, kw_only=True):
    """The agreed times, and how the work stood to them."""

    start: datetime
    end: datetime
    timezone: str
    reserve_s: float
    rollback_estimate_s: float
    no_return: datetime | None = None
    work_ended: datetime | None = None
    """When the last step of the window's work was settled; None: something of it is open."""
    margin_s: float | None = None
    """From then to the window's end; negative: late."""
