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
    """`step:<id>` or `phase:<id>`."""
    opened_seq: int
    """The event that made this gate current: a verdict for an older opening does not count."""
    verdict: Verdict
    conditions: tuple[ConditionVerdict, ...] = ()


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
    )
}  # fmt: skip
"""Every known type, by name."""


def step_gate(step_id: str) -> str:
    """The id of a step's gate in events and state."""
    return f"step:{step_id}"


def phase_gate(phase_id: str) -> str:
    """The id of a phase's entry gate in events and state."""
    return f"phase:{phase_id}"
