"""Records of the walk: phases, steps, decisions, actions, waits, the window.

A part of the chronicle: see `records`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from cockpit.run.readings import ConditionVerdict, Evidence


class Span(Struct, frozen=True):
    """A stretch of time."""

    began: datetime
    ended: datetime | None = None
    """None: it had not ended where the log ends."""
    seconds: float = 0.0
    """By the run's own rule (`cockpit.run.elapsed`), not the difference of the two times; until the log's end."""


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
    source: str = ""
    """The lines of the runbook that it was imported from: `RUNBOOK.md:57-61`; empty: from none."""
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
    stood: tuple[str, ...] | None = None
    """Of a decision that carries no evidence: the probes that were read then and did not pass, with their status, as
    the keeper's facts say; None where there is evidence, or no probe was ever read."""
    counts: dict[str, int] = {}
    """All probes by the status that was shown."""
    values: dict[str, str] = {}
    verdict: str = ""
    """Of the gate that guarded it, as the keeper had last said; empty: there was none."""
    conditions: tuple[ConditionVerdict, ...] = ()
    """Of that gate."""
    unmet: tuple[str, ...] = ()
    """In a rehearsal: conditions that did not hold."""
    second: str = ""
    sent: dict[str, str] = {}
    """Of a message sent by hand: `to`, `digest`."""
    not_taken: str = ""
    """Title of the rollback plan that was proposed and not taken."""


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
