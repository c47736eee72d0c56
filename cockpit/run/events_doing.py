"""Actions, waits and set times: what was asked for, what was begun, how it ended.

A part of the log's format: see `events`.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from cockpit.run.events_base import Body
from cockpit.run.readings import ConditionVerdict, Evidence


class ActionRequested(Body, frozen=True, kw_only=True):
    """A person pressed the key: do it. A keeper of another epoch, or one that sees it too late, lets it lapse."""

    type: ClassVar[str] = "action.requested"
    action: str
    """A new id."""
    step: str
    attempt: int
    """Each try is an attempt of its own."""
    epoch: int
    """Of the keeper that is asked."""
    digest: str = ""
    """SHA-256 of what was shown (`StepKind.shown`, filled for display; a message's filled text), hex."""
    seen: tuple[Evidence, ...] = ()
    current: tuple[Evidence, ...] = ()
    not_taken: str = ""
    """As of `step.confirmed`: the try before this one had failed."""


class ActionStarted(Body, frozen=True, kw_only=True):
    """The intent, durable before anything is done."""

    type: ClassVar[str] = "action.started"
    action: str
    step: str
    attempt: int
    shown: str
    """What is done, secrets as their names, at most 4 KiB."""
    runs_as: str
    """user@host"""
    target: str = ""
    """Id of the target, if the step names one."""
    mode: Literal["real", "dry_run", "shown", "rolled_back"] = "real"
    """`shown`: a rehearsal of what has no dry run does nothing."""
    timeout_s: float = 0.0
    output: str = ""
    """Name of the file in `outputs/` that will hold the whole output; empty: there is none."""


class ActionOutput(Body, frozen=True, kw_only=True):
    """What it wrote since, masked and made visible; not all of it where it is much. The file has it whole."""

    type: ClassVar[str] = "action.output"
    is_fact: ClassVar[bool] = False
    action: str
    text: str = ""
    """Whole lines or the part of one, to be appended to what was told before."""
    skipped_bytes: int = 0
    """Left out before `text`."""
    progress: tuple[str, ...] = ()
    """What stands in place of the last `progress`: locks waited for, a progress view, rows so far."""
    end: int = 0
    """Where `text` ends in the output file, bytes: another keeper goes on from there; 0: not known."""


class ActionCancelled(Body, frozen=True, kw_only=True):
    """A person asked for the running action to be stopped."""

    type: ClassVar[str] = "action.cancelled"
    action: str
    reason: str


class ActionEnded(Body, frozen=True, kw_only=True):
    """How it ended, and where its output is. `outcome`:

    `succeeded`; `failed` (exit status, an SQL error, a condition of `expect`); `timed_out`; `cancelled`; `refused`
    (nothing was done: a changed file, a wrong target, a missing value, a condition of `requires`); `lapsed` (nothing
    was done: another epoch, or too late); `unknown` (it may have been done, wholly or in part).
    """

    type: ClassVar[str] = "action.ended"
    action: str
    step: str
    outcome: Literal["succeeded", "failed", "timed_out", "cancelled", "refused", "lapsed", "unknown"]
    exit_code: int | None = None
    detail: str = ""
    """One visible line: why it is not `succeeded`, or what it did (`3 rows`)."""
    duration_s: float = 0.0
    conditions: tuple[ConditionVerdict, ...] = ()
    """Of `expect`."""
    output: str = ""
    output_bytes: int = 0
    output_sha256: str = ""
    sent: dict[str, str] = {}
    """Of a message: `to`, `channel`, `digest` (SHA-256 of the text, hex)."""
    nothing_done: bool = False
    """It was begun, and is known to have left nothing (its transaction was rolled back): there is nothing to undo."""


class ActionSettled(Body, frozen=True, kw_only=True):
    """A person says, with a reason, how an action ended whose end is not known."""

    type: ClassVar[str] = "action.settled"
    action: str
    outcome: Literal["succeeded", "failed"]
    reason: str


class WaitBegan(Body, frozen=True, kw_only=True):
    """A wait's clock runs, for the first time or again."""

    type: ClassVar[str] = "wait.began"
    step: str
    attempt: int
    until: datetime
    """Aware, UTC."""
    detail: str = ""
    """Why it began again: the condition that was broken; empty the first time."""


class WaitStopped(Body, frozen=True, kw_only=True):
    """A breach stopped a wait: a person has to say how it goes on."""

    type: ClassVar[str] = "wait.stopped"
    step: str
    attempt: int
    detail: str


class WaitCompleted(Body, frozen=True, kw_only=True):
    """The time is over and all was well throughout."""

    type: ClassVar[str] = "wait.completed"
    step: str
    attempt: int


class WaitEndedEarly(Body, frozen=True, kw_only=True):
    """A wait, or the time until a checkpoint or message is due, was cut short by a person."""

    type: ClassVar[str] = "wait.ended_early"
    step: str
    attempt: int
    reason: str
    left_s: float = 0.0


class WaitRestarted(Body, frozen=True, kw_only=True):
    """A wait that was stopped by a breach begins again."""

    type: ClassVar[str] = "wait.restarted"
    step: str
    attempt: int


class StepDue(Body, frozen=True, kw_only=True):
    """The set time of a checkpoint or a message has come."""

    type: ClassVar[str] = "step.due"
    step: str
