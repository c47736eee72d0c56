"""What has happened: the bodies of events, and the event itself as everything above the log sees it.

An event is a fact in the past tense. Its `type` and the JSON names of its fields are the log's format: never renamed,
never removed; new fields come with defaults, so that old logs decode. A body's class says whether it is a `fact`
(durable before anyone is told, moves the head) or `telemetry` (samples and presence; not waited for).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from msgspec import Struct

from cockpit.profile.model import Profile
from cockpit.run.readings import ConditionVerdict, Evidence, Reading, Scalar, ShownStatus, Verdict


class Instant(Struct, frozen=True):
    """A moment on one host. Order is by sequence and durations by `mono` within one `boot`; `at` is for people."""

    at: datetime
    """Aware, UTC."""
    boot: str
    """The kernel's boot id: `mono` values compare only within one."""
    mono: float
    """Seconds of CLOCK_MONOTONIC."""


class Actor(Struct, frozen=True, omit_defaults=True):
    """Who did it, as the system knows it."""

    user: str
    host: str
    via: str = ""
    """How they came, for example `ssh 192.0.2.7`; empty for a local terminal."""
    key: str = ""
    """Fingerprint of the key that opened the session, where known."""


class Body(Struct, frozen=True, kw_only=True):
    """The base of every event's `data`."""

    type: ClassVar[str]
    is_fact: ClassVar[bool] = True


class Event(Struct, frozen=True):
    """One line of the log, decoded. `prev` and the digest stay with the log; the fold needs neither."""

    seq: int
    id: str
    type: str
    is_fact: bool
    instant: Instant
    actor: Actor
    body: Body
    run: str = ""
    """The run's id, as the line gives it."""


class SourceFile(Struct, frozen=True):
    """A file the profile was made from."""

    name: str
    """As the profile names it; no absolute path of the host."""
    digest: str
    """SHA-256 of its bytes, hex."""
    toml: str
    """Its text."""


# ---- the run -----------------------------------------------------------------------------------------------------


class RunStarted(Body, frozen=True, kw_only=True):
    """The first line. Carries everything a reader needs: the log needs nothing beside it."""

    type: ClassVar[str] = "run.started"
    profile: Profile
    profile_digest: str
    """SHA-256 over the digests of `sources`, in order, hex: the same files give the same digest."""
    sources: tuple[SourceFile, ...]
    variables: dict[str, str] = {}
    """Values of variables that are not secret, as they were at the start."""
    probe_facts: dict[str, dict[str, str]] = {}
    """By kind: fact name to unit, so that a replay needs no plug-in."""
    cockpit_version: str
    window_start: datetime | None = None
    window_end: datetime | None = None
    despite: dict[str, str] = {}
    """Live runs of the same profile at the start (run id to the reason given for starting another)."""
    signers_digest: str = ""
    """SHA-256 of the trusted signers file; empty while signing is off."""
    rehearsal: bool = False
    """Nothing outside is changed: commands run their `dry_run` or are shown, SQL is rolled back."""
    rehearsal_reason: str = ""
    """Why a production target is rehearsed against; empty elsewhere."""
    files: dict[str, str] = {}
    """Digests of the files that commands and SQL use: path as the profile names it to SHA-256, hex."""
    medians: dict[str, float] = {}
    """By step: median seconds it took in earlier runs and rehearsals of the same profile."""
    earlier_runs: int = 0
    """How many runs those medians are of, at most."""


class RunFinished(Body, frozen=True, kw_only=True):
    """Every step is settled and the operator closed the run."""

    type: ClassVar[str] = "run.finished"


class RunAborted(Body, frozen=True, kw_only=True):
    """The operator gave the run up."""

    type: ClassVar[str] = "run.aborted"
    reason: str


# ---- phases and steps ----------------------------------------------------------------------------------------------


class PhaseEntered(Body, frozen=True, kw_only=True):
    """A phase with an entry gate was entered. (A phase without one is entered when the cursor reaches it.)"""

    type: ClassVar[str] = "phase.entered"
    phase: str
    seen: tuple[Evidence, ...] = ()
    current: tuple[Evidence, ...] = ()


class StepConfirmed(Body, frozen=True, kw_only=True):
    """The operator says the step is done, on this evidence."""

    type: ClassVar[str] = "step.confirmed"
    step: str
    attempt: int
    seen: tuple[Evidence, ...] = ()
    """What the operator had on screen."""
    current: tuple[Evidence, ...] = ()
    """What was current when the event was decided."""
    counts: dict[str, int] = {}
    """All probes by shown status."""
    values: dict[str, str] = {}
    """What was entered or chosen: by the record's name, or the decision's step id."""
    sent: dict[str, str] = {}
    """Of a message sent by hand: `to`, `digest` (SHA-256 of the text, hex)."""
    second: str = ""
    """user@host who countersigned, where a second person was asked for."""
    unmet: tuple[str, ...] = ()
    """In a rehearsal, where no gate binds: the conditions that did not hold."""


class StepDoneOutside(Body, frozen=True, kw_only=True):
    """The step was done by hand, outside of the plan's way: recorded as such."""

    type: ClassVar[str] = "step.done_outside"
    step: str
    attempt: int
    reason: str
    current: tuple[Evidence, ...] = ()


class StepSkipped(Body, frozen=True, kw_only=True):
    """The step was left out."""

    type: ClassVar[str] = "step.skipped"
    step: str
    attempt: int
    reason: str


class StepReopened(Body, frozen=True, kw_only=True):
    """A settled step is to be done again; the cursor moves to it."""

    type: ClassVar[str] = "step.reopened"
    step: str
    attempt: int
    """The number of the attempt that now begins."""
    reason: str


class CursorJumped(Body, frozen=True, kw_only=True):
    """The operator left the order."""

    type: ClassVar[str] = "cursor.jumped"
    step: str
    """Where to."""
    left: str = ""
    """Where from; empty if no step was current."""
    reason: str


class GateOverridden(Body, frozen=True, kw_only=True):
    """A gate that does not pass was opened by a person, for the current attempt only."""

    type: ClassVar[str] = "gate.overridden"
    gate: str
    attempt: int = 1
    reason: str
    verdict: Verdict
    conditions: tuple[ConditionVerdict, ...] = ()
    current: tuple[Evidence, ...] = ()


class PhaseLeft(Body, frozen=True, kw_only=True):
    """A phase with an exit gate was left."""

    type: ClassVar[str] = "phase.left"
    phase: str
    seen: tuple[Evidence, ...] = ()
    current: tuple[Evidence, ...] = ()


class StepCountersigned(Body, frozen=True, kw_only=True):
    """A second person agrees to what is about to be confirmed or run."""

    type: ClassVar[str] = "step.countersigned"
    step: str
    attempt: int


class SecondWaived(Body, frozen=True, kw_only=True):
    """A second person was asked for and is missing; it goes on without, for this attempt."""

    type: ClassVar[str] = "second.waived"
    step: str
    attempt: int
    reason: str


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


class ActionCancelled(Body, frozen=True, kw_only=True):
    """A person asked for the running action to be stopped."""

    type: ClassVar[str] = "action.cancelled"
    action: str
    reason: str


class ActionSettled(Body, frozen=True, kw_only=True):
    """A person says, with a reason, how an action ended whose end is not known."""

    type: ClassVar[str] = "action.settled"
    action: str
    outcome: Literal["succeeded", "failed"]
    reason: str


class TriggerRaised(Body, frozen=True, kw_only=True):
    """Somebody saw what no probe can see."""

    type: ClassVar[str] = "trigger.raised"
    trigger: str = ""
    """Id of a trigger of the profile; empty: none of them."""
    reason: str


class TriggerAnswered(Body, frozen=True, kw_only=True):
    """Fired or raised triggers were answered: go on, with a reason. (Rolling back answers them too.)"""

    type: ClassVar[str] = "trigger.answered"
    seqs: tuple[int, ...]
    """The events by which they fired or were raised."""
    reason: str


class RollbackChosen(Body, frozen=True, kw_only=True):
    """The way back was taken: from here on the walk goes through these steps."""

    type: ClassVar[str] = "rollback.chosen"
    plan: str
    steps: tuple[str, ...]
    """What is due of the plan, in the order in which it is walked."""
    proposed: str = ""
    """The plan that was proposed; empty: none fitted."""
    not_taken: tuple[str, ...] = ()
    """Plans that were offered beside it."""
    reason: str = ""
    answers: tuple[int, ...] = ()
    """Triggers answered by it, as in `trigger.answered`."""


class RollbackLeft(Body, frozen=True, kw_only=True):
    """The way back was given up: the walk goes on where it was left."""

    type: ClassVar[str] = "rollback.left"
    reason: str


class NoteAdded(Body, frozen=True, kw_only=True):
    """Somebody wrote something down."""

    type: ClassVar[str] = "note.added"
    text: str
    step: str = ""


class HoldPlaced(Body, frozen=True, kw_only=True):
    """Somebody stopped the line."""

    type: ClassVar[str] = "hold.placed"
    reason: str


class HoldReleased(Body, frozen=True, kw_only=True):
    """The line goes on."""

    type: ClassVar[str] = "hold.released"
    reason: str


class PenTaken(Body, frozen=True, kw_only=True):
    """The right to act moved to the actor of this event."""

    type: ClassVar[str] = "pen.taken"
    epoch: int
    reason: str
    previous: str = ""


# ---- the keeper ----------------------------------------------------------------------------------------------------


class KeeperStarted(Body, frozen=True, kw_only=True):
    """A keeper watches from here on."""

    type: ClassVar[str] = "keeper.started"
    epoch: int
    pid: int
    version: str
    targets: dict[str, str] = {}
    """By probe: what it reaches (scheme, host and port; no credentials)."""
    warnings: tuple[str, ...] = ()


class KeeperStopped(Body, frozen=True, kw_only=True):
    """The keeper ended on purpose."""

    type: ClassVar[str] = "keeper.stopped"
    epoch: int
    reason: str


class ProbeChanged(Body, frozen=True, kw_only=True):
    """A probe's status is another than before."""

    type: ClassVar[str] = "probe.changed"
    probe: str
    previous: ShownStatus
    status: ShownStatus
    value: Scalar = None
    unit: str = ""
    latency_ms: float | None = None
    detail: str = ""


class GateChanged(Body, frozen=True, kw_only=True):
    """A gate's verdict is another than before, or its conditions are."""

    type: ClassVar[str] = "gate.changed"
    gate: str
    """`step:<id>`, `run:<id>`, `if:<id>`, `phase:<id>` or `exit:<id>`."""
    opened_seq: int
    """The event that made this gate current: a verdict for an older opening does not count."""
    verdict: Verdict
    conditions: tuple[ConditionVerdict, ...] = ()


class TargetSeen(Body, frozen=True, kw_only=True):
    """Who a target proved to be, told at the start and whenever it changes."""

    type: ClassVar[str] = "target.seen"
    target: str
    identity: dict[str, str] = {}
    """postgres: `database`, `system_identifier`, `server`; kubernetes: `context`, `server`, `namespace`."""
    verdict: Literal["match", "mismatch", "unreachable"]
    detail: str = ""


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


class StepDue(Body, frozen=True, kw_only=True):
    """The set time of a checkpoint or a message has come."""

    type: ClassVar[str] = "step.due"
    step: str


class TriggerFired(Body, frozen=True, kw_only=True):
    """A trigger's conditions held for its time."""

    type: ClassVar[str] = "trigger.fired"
    trigger: str
    conditions: tuple[ConditionVerdict, ...] = ()
    current: tuple[Evidence, ...] = ()


class TriggerCleared(Body, frozen=True, kw_only=True):
    """What fired it is over. It stays until it is answered all the same."""

    type: ClassVar[str] = "trigger.cleared"
    trigger: str


class PlansJudged(Body, frozen=True, kw_only=True):
    """Which rollback plans fit now, told whenever that changes."""

    type: ClassVar[str] = "plans.judged"
    verdicts: dict[str, Verdict] = {}
    """`pass`: it fits; `blocked`: it does not; `unknown`, `pending`: it cannot be said."""
    details: dict[str, str] = {}


class AlertSent(Body, frozen=True, kw_only=True):
    """People were called through the profile's alert channel, since no seat was attached."""

    type: ClassVar[str] = "alert.sent"
    about: str
    channel: str
    ok: bool
    detail: str = ""


class ClockStepped(Body, frozen=True, kw_only=True):
    """The wall clock of the keeper's host was set: times before and after it do not compare."""

    type: ClassVar[str] = "clock.stepped"
    by_s: float
    """Positive: set forward."""


class LogRecovered(Body, frozen=True, kw_only=True):
    """Bytes that were no valid line were stepped over; they stay in the file."""

    type: ClassVar[str] = "log.recovered"
    offset: int
    length: int
    sha256: str
    """Of exactly those bytes, hex."""


# ---- telemetry -----------------------------------------------------------------------------------------------------


class ProbesSampled(Body, frozen=True, kw_only=True):
    """Readings since the last sample: changed ones only, or all of them in a key frame."""

    type: ClassVar[str] = "probes.sampled"
    is_fact: ClassVar[bool] = False
    key: bool = False
    readings: tuple[Reading, ...] = ()
    ages: tuple[int | None, ...] = ()
    """Whole seconds since each probe's last reading ended, in the profile's order; None: never read."""


class OperatorAttached(Body, frozen=True, kw_only=True):
    """A seat opened."""

    type: ClassVar[str] = "operator.attached"
    is_fact: ClassVar[bool] = False
    seat: str
    role: Literal["acting", "watching"]
    version: str = ""


class OperatorDetached(Body, frozen=True, kw_only=True):
    """A seat closed; the run goes on."""

    type: ClassVar[str] = "operator.detached"
    is_fact: ClassVar[bool] = False
    seat: str
    reason: str = ""


class UnknownBody(Body, frozen=True, kw_only=True):
    """An event of a type this version does not know: kept, shown generically, and acting stops."""

    type: ClassVar[str] = "?"
    data: dict[str, object] = {}


BODIES: dict[str, type[Body]] = {
    body.type: body
    for body in (
        RunStarted, RunFinished, RunAborted, PhaseEntered, StepConfirmed, StepDoneOutside, StepSkipped, StepReopened,
        CursorJumped, GateOverridden, NoteAdded, HoldPlaced, HoldReleased, PenTaken, KeeperStarted, KeeperStopped,
        ProbeChanged, GateChanged, LogRecovered, ProbesSampled, OperatorAttached, OperatorDetached,
        PhaseLeft, StepCountersigned, SecondWaived, WaitEndedEarly, WaitRestarted, ActionRequested, ActionCancelled,
        ActionSettled, TriggerRaised, TriggerAnswered, RollbackChosen, RollbackLeft, TargetSeen, ActionStarted,
        ActionOutput, ActionEnded, WaitBegan, WaitStopped, WaitCompleted, StepDue, TriggerFired, TriggerCleared,
        PlansJudged, AlertSent, ClockStepped,
    )
}  # fmt: skip
"""Every known type, by name."""


def run_gate(step_id: str) -> str:
    """The id of the gate before a step's action: its `requires`."""
    return f"run:{step_id}"


def only_if_gate(step_id: str) -> str:
    """The id of the gate that says whether a step applies: its `only_if`."""
    return f"if:{step_id}"


def exit_gate(phase_id: str) -> str:
    """The id of a phase's exit gate."""
    return f"exit:{phase_id}"


def step_gate(step_id: str) -> str:
    """The id of a step's gate in events and state."""
    return f"step:{step_id}"


def phase_gate(phase_id: str) -> str:
    """The id of a phase's entry gate in events and state."""
    return f"phase:{phase_id}"
