"""What has happened: the bodies of events, and the event itself as everything above the log sees it.

An event is a fact in the past tense. Its `type` and the JSON names of its fields are the log's format: never renamed,
never removed; new fields come with defaults, so that old logs decode. A body's class says whether it is a `fact`
(durable before anyone is told, moves the head) or `telemetry` (samples and presence; not waited for).
"""

from __future__ import annotations

from cockpit.run.events_base import Actor, Body, Event, Instant, SourceFile
from cockpit.run.events_branch import BranchMerged, BranchTold, ConflictSettled, StoreLeft, StoreReturned
from cockpit.run.events_doing import (
    ActionCancelled,
    ActionEnded,
    ActionOutput,
    ActionRequested,
    ActionSettled,
    ActionStarted,
    StepDue,
    WaitBegan,
    WaitCompleted,
    WaitEndedEarly,
    WaitRestarted,
    WaitStopped,
)
from cockpit.run.events_line import (
    AlertSent,
    HoldPlaced,
    HoldReleased,
    NoteAdded,
    PlansJudged,
    RollbackChosen,
    RollbackLeft,
    TriggerAnswered,
    TriggerCleared,
    TriggerFired,
    TriggerRaised,
)
from cockpit.run.events_people import (
    OperatorAttached,
    OperatorDetached,
    OperatorIdentified,
    OperatorMoved,
    PenAsked,
    PenOffered,
    PenPassed,
    PenTaken,
    PenWithdrawn,
)
from cockpit.run.events_signed import HeadSigned, SignatureWaived, SigningFailed
from cockpit.run.events_walk import (
    CursorJumped,
    GateOverridden,
    PhaseEntered,
    PhaseLeft,
    ProfileTrust,
    RunAborted,
    RunFinished,
    RunStarted,
    SecondWaived,
    StepConfirmed,
    StepCountersigned,
    StepDoneOutside,
    StepReopened,
    StepSkipped,
)
from cockpit.run.events_watch import (
    ClockStepped,
    GateChanged,
    KeeperAccepted,
    KeeperMoved,
    KeeperStarted,
    KeeperStopped,
    KeeperStopRequested,
    LogContinued,
    LogFilled,
    LogRecovered,
    PlaceAccepted,
    ProbeChanged,
    ProbesAsked,
    ProbesSampled,
    StoreRestored,
    StoreWaitedFor,
    TargetSeen,
    UnknownBody,
)
from cockpit.run.readings import ConditionVerdict, Evidence, Reading, Scalar, ShownStatus, Verdict

__all__ = [
    "BODIES",
    "BY_MACHINE",
    "ActionCancelled",
    "ActionEnded",
    "ActionOutput",
    "ActionRequested",
    "ActionSettled",
    "ActionStarted",
    "Actor",
    "AlertSent",
    "Body",
    "BranchMerged",
    "BranchTold",
    "ClockStepped",
    "ConditionVerdict",
    "ConflictSettled",
    "CursorJumped",
    "Event",
    "Evidence",
    "GateChanged",
    "GateOverridden",
    "HeadSigned",
    "HoldPlaced",
    "HoldReleased",
    "Instant",
    "KeeperAccepted",
    "KeeperMoved",
    "KeeperStarted",
    "KeeperStopRequested",
    "KeeperStopped",
    "LogContinued",
    "LogFilled",
    "LogRecovered",
    "NoteAdded",
    "OperatorAttached",
    "OperatorDetached",
    "OperatorIdentified",
    "OperatorMoved",
    "PenAsked",
    "PenOffered",
    "PenPassed",
    "PenTaken",
    "PenWithdrawn",
    "PhaseEntered",
    "PhaseLeft",
    "PlaceAccepted",
    "PlansJudged",
    "ProbeChanged",
    "ProbesAsked",
    "ProbesSampled",
    "ProfileTrust",
    "Reading",
    "RollbackChosen",
    "RollbackLeft",
    "RunAborted",
    "RunFinished",
    "RunStarted",
    "Scalar",
    "SecondWaived",
    "ShownStatus",
    "SignatureWaived",
    "SigningFailed",
    "SourceFile",
    "StepConfirmed",
    "StepCountersigned",
    "StepDoneOutside",
    "StepDue",
    "StepReopened",
    "StepSkipped",
    "StoreLeft",
    "StoreRestored",
    "StoreReturned",
    "StoreWaitedFor",
    "TargetSeen",
    "TriggerAnswered",
    "TriggerCleared",
    "TriggerFired",
    "TriggerRaised",
    "UnknownBody",
    "Verdict",
    "WaitBegan",
    "WaitCompleted",
    "WaitEndedEarly",
    "WaitRestarted",
    "WaitStopped",
    "exit_gate",
    "only_if_gate",
    "phase_gate",
    "run_gate",
    "step_gate",
]

BODIES: dict[str, type[Body]] = {
    body.type: body
    for body in (
        RunStarted, RunFinished, RunAborted, PhaseEntered, StepConfirmed, StepDoneOutside, StepSkipped, StepReopened,
        CursorJumped, GateOverridden, NoteAdded, HoldPlaced, HoldReleased, PenTaken, KeeperStarted, KeeperStopped,
        KeeperAccepted,
        ProbeChanged, GateChanged, LogRecovered, ProbesSampled, OperatorAttached, OperatorDetached, PlaceAccepted,
        PhaseLeft, StepCountersigned, SecondWaived, WaitEndedEarly, WaitRestarted, ActionRequested, ActionCancelled,
        ActionSettled, TriggerRaised, TriggerAnswered, RollbackChosen, RollbackLeft, TargetSeen, ActionStarted,
        KeeperStopRequested,
        ActionOutput, ActionEnded, WaitBegan, WaitStopped, WaitCompleted, StepDue, TriggerFired, TriggerCleared,
        PlansJudged, AlertSent, ClockStepped, LogContinued, OperatorMoved, OperatorIdentified, PenAsked, PenOffered,
        PenWithdrawn, PenPassed, HeadSigned, SigningFailed, SignatureWaived,
        StoreRestored, StoreWaitedFor, LogFilled,
        StoreLeft, StoreReturned, BranchMerged, BranchTold, ConflictSettled,
        KeeperMoved, ProbesAsked,
    )
}  # fmt: skip
"""Every known type, by name."""
BY_MACHINE = frozenset(
    {
        "keeper.started", "keeper.stopped", "probe.changed", "gate.changed", "log.recovered", "target.seen",
        "action.started", "action.output", "action.ended", "wait.began", "wait.stopped", "wait.completed", "step.due",
        "trigger.fired", "trigger.cleared", "plans.judged", "alert.sent", "clock.stepped", "probes.sampled",
        "store.restored", "store.waited_for", "log.filled",
    }
)  # fmt: skip
"""Types of events that a keeper (or the shim, or a writer that recovered) is behind, whosever hands it acts with."""


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
