"""Where the walk stands, as a part of `state`: the cursor, steps, their actions and waits, gates."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from cockpit.run.events import Actor, Instant
from cockpit.run.readings import ConditionVerdict, Evidence, Verdict

StepStatus = Literal["open", "confirmed", "done_outside", "skipped", "not_applicable", "conflict"]
"""`conflict`: two sides settled it without knowing of each other, and nobody has said yet which of both counts."""
ActionStatus = Literal[
    "requested", "running", "succeeded", "failed", "timed_out", "cancelled", "refused", "lapsed", "unknown"
]


class Cursor(Struct, frozen=True):
    """Where the run stands. `step` is None while a phase waits to be entered or left: then `gate` says which."""

    phase: str
    step: str | None
    opened_seq: int
    """The event by which this became current, or by which its last attempt ended."""
    opened: Instant
    gate: str = ""
    """The id of the gate that guards this position: see `GateChanged.gate`."""

    @property
    def is_leaving(self) -> bool:
        """Whether it stands at the exit of its phase."""
        return self.gate.startswith("exit:")

    @property
    def is_considering(self) -> bool:
        """Whether the step's `only_if` is being read, so that it is not known yet if it applies."""
        return self.gate.startswith("if:")


class ActionState(Struct, frozen=True):
    """One try of a step's action."""

    action: str
    step: str
    attempt: int
    status: ActionStatus
    by: Actor
    requested: Instant
    started: Instant | None = None
    ended: Instant | None = None
    shown: str = ""
    runs_as: str = ""
    target: str = ""
    mode: Literal["real", "dry_run", "shown", "rolled_back"] = "real"
    timeout_s: float = 0.0
    touched_before: int = 0
    """The step's `touched_seq` before it was begun."""
    last_touched: Instant | None = None
    """The step's `touched` before it was begun."""
    exit_code: int | None = None
    detail: str = ""
    conditions: tuple[ConditionVerdict, ...] = ()
    tail: tuple[str, ...] = ()
    """The last lines of its output, at most 200; the last one may still grow."""
    skipped_bytes: int = 0
    told_bytes: int = 0
    """How far into its output file was told."""
    progress: tuple[str, ...] = ()
    output: str = ""
    output_bytes: int = 0
    output_sha256: str = ""
    sent: dict[str, str] = {}
    cancel_reason: str = ""
    home: str = ""
    """The run's folder that its files are in, if the log has gone on elsewhere since."""
    settled_by: str = ""
    """Who said how it ended, where that was not known."""

    @property
    def is_under_way(self) -> bool:
        """Whether it was asked for or runs, and has not ended."""
        return self.status in ("requested", "running")


class WaitState(Struct, frozen=True):
    """A wait's clock."""

    status: Literal["running", "stopped", "completed", "ended_early"]
    began: Instant
    """When it last began."""
    until: datetime
    breaches: int = 0
    detail: str = ""
    """The last breach."""


class StepState(Struct, frozen=True):
    """One step so far."""

    status: StepStatus = "open"
    attempt: int = 1
    entered: Instant | None = None
    """When it last became current."""
    spent_s: float = 0.0
    """Time it was current in all earlier visits, seconds."""
    settled: Instant | None = None
    settled_seq: int = 0
    by: Actor | None = None
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    applies: bool = False
    """Its `only_if` was found to hold, or a person said so."""
    action: ActionState | None = None
    """Its latest try."""
    actors: tuple[str, ...] = ()
    """Users who ran or settled it, in any attempt, each once."""
    workers: tuple[Actor, ...] = ()
    """The same people, each once, as `people.known` tells them: whom that was, since several may be one user."""
    touched_seq: int = 0
    """The last event by which something may have been done for it, in any attempt; 0: nothing was."""
    touched: Instant | None = None
    """When that was: the end of its action, or its beginning where the end is not known; else when it was settled."""
    wait: WaitState | None = None
    due: Instant | None = None
    """When the keeper said that its time had come."""
    countersigned_by: str = ""
    """user@host of the second person, for the current attempt."""
    countersigner: Actor | None = None
    """That person, whole."""
    waived_reason: str = ""
    """Why it goes on without one."""
    sent: dict[str, str] = {}


class GateState(Struct, frozen=True):
    """The latest verdict on a gate."""

    verdict: Verdict = "pending"
    opened_seq: int = 0
    conditions: tuple[ConditionVerdict, ...] = ()
    overridden_by: str = ""
    """User who opened it for the current attempt; empty if nobody did."""
    override_reason: str = ""
