"""What an operator asks for. Imperative names; `decide` turns each into events or a refusal.

Time, identity and what the seat can see of the keeper arrive inside: `decide` reads no clock and does no I/O.
"""

from __future__ import annotations

from cockpit.run.commands_base import Command, KeeperSight, PlanCommand, Refusal, Role
from cockpit.run.commands_branch import GoOffline, ReturnToStore, SettleConflict
from cockpit.run.commands_doing import CancelAction, EndWait, RestartWait, RunAction, SettleAction
from cockpit.run.commands_keeper import AcceptKeeper, MoveKeeper, StopKeeper
from cockpit.run.commands_line import (
    AddNote,
    AnswerTriggers,
    ChooseRollback,
    LeaveRollback,
    PlaceHold,
    RaiseTrigger,
    ReleaseHold,
)
from cockpit.run.commands_people import (
    AcceptPen,
    AskPen,
    DeclinePen,
    Identify,
    OfferPen,
    PenCommand,
    RecordSignature,
    RecordSigningFailure,
    TakeoverCommand,
    TakePen,
    WaiveSignature,
    WithdrawPen,
)
from cockpit.run.commands_walk import (
    AbortRun,
    ConfirmStep,
    Countersign,
    EnterPhase,
    FinishRun,
    JumpTo,
    LeavePhase,
    OverrideGate,
    RecordDoneOutside,
    ReopenStep,
    SignOff,
    SkipStep,
    WaiveSecond,
)

__all__ = [
    "AbortRun",
    "AcceptKeeper",
    "AcceptPen",
    "AddNote",
    "AnswerTriggers",
    "AskPen",
    "CancelAction",
    "ChooseRollback",
    "Command",
    "ConfirmStep",
    "Countersign",
    "DeclinePen",
    "EndWait",
    "EnterPhase",
    "FinishRun",
    "GoOffline",
    "Identify",
    "JumpTo",
    "KeeperSight",
    "LeavePhase",
    "LeaveRollback",
    "MoveKeeper",
    "OfferPen",
    "OverrideGate",
    "PenCommand",
    "PlaceHold",
    "PlanCommand",
    "RaiseTrigger",
    "RecordDoneOutside",
    "RecordSignature",
    "RecordSigningFailure",
    "Refusal",
    "ReleaseHold",
    "ReopenStep",
    "RestartWait",
    "ReturnToStore",
    "Role",
    "RunAction",
    "SettleAction",
    "SettleConflict",
    "SignOff",
    "SkipStep",
    "StopKeeper",
    "TakePen",
    "TakeoverCommand",
    "WaiveSecond",
    "WaiveSignature",
    "WithdrawPen",
]
