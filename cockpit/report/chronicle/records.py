"""What a chronicle is made of: a frozen record for each thing that a reader asks after, as `cockpit report` tells it.

Invariant: plain values alone, so that a record is its own JSON (`docs/report.md` names every field). Times are aware
UTC, durations seconds; people are `user@host`, or `name (user@host)` where another is proven to act by that account;
texts are as the log has them: whoever shows them makes them visible.
"""

from __future__ import annotations

from typing import Literal

from cockpit.report.chronicle.records_line import (
    DeviationRecord,
    Happening,
    HoldRecord,
    NoteRecord,
    PenRecord,
    RollbackRecord,
    SignoffRecord,
    TriggerRecord,
)
from cockpit.report.chronicle.records_walk import (
    ActionRecord,
    Decision,
    PhaseRecord,
    Span,
    StepRecord,
    WaitRecord,
    WindowRecord,
)
from cockpit.report.chronicle.records_watch import (
    Bucket,
    KeeperRecord,
    LogRecord,
    PersonRecord,
    ProbeRecord,
    SeatRecord,
    StatusChange,
    TargetRecord,
    Threshold,
)

__all__ = [
    "ActionRecord",
    "Bucket",
    "Decision",
    "DeviationRecord",
    "Happening",
    "HoldRecord",
    "KeeperRecord",
    "LogRecord",
    "NoteRecord",
    "Outcome",
    "PenRecord",
    "PersonRecord",
    "PhaseRecord",
    "ProbeRecord",
    "RollbackRecord",
    "SeatRecord",
    "SignoffRecord",
    "Span",
    "StatusChange",
    "StepRecord",
    "TargetRecord",
    "Threshold",
    "TriggerRecord",
    "WaitRecord",
    "WindowRecord",
]

Outcome = Literal["empty", "live", "finished", "aborted"]
"""How a run stands; `empty`: none began."""
