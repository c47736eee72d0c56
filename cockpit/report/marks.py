"""What stands out in a log: each event that a reviewer would look for, by kind, with a glyph and a word.

Pure: a kind is found from the event alone. Glyph and word carry the meaning; a colour may repeat it. Every glyph is one
cell wide. The order of `SIGNS` is gravity: where several marks share a place, the first of them is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from msgspec import Struct

from cockpit.profile.unverified import unverified
from cockpit.run import events as e
from cockpit.run.events_watch import RUN_OVER
from cockpit.run.told_lines import told_events

MarkKind = Literal[
    "damage", "branch", "rollback", "trigger", "aborted", "unknown", "failure", "hold", "deviation", "probe", "keeper",
    "clock", "alert", "pen", "release", "due", "note", "finished",
]  # fmt: skip


class Sign(Struct, frozen=True):
    """How a kind of mark is written and called."""

    glyph: str
    """One cell."""
    means: str
    """In a few words, for legends and help."""


SIGNS: dict[MarkKind, Sign] = {
    "damage": Sign("≠", "the log was damaged, or goes on elsewhere"),
    "branch": Sign("Y", "the database was left or waited for, came back, or two sides were merged or settled"),
    "rollback": Sign("◀", "the way back was taken, or given up"),
    "trigger": Sign("▲", "a trigger fired, or was raised"),
    "aborted": Sign("⊘", "the run was aborted"),
    "unknown": Sign("?", "how an action ended is not known"),
    "failure": Sign("✖", "an action or a wait failed, or a target was the wrong one"),
    "hold": Sign("■", "the line was held"),
    "deviation": Sign("⚑", "something was done against the plan"),
    "probe": Sign("×", "a probe began to fail"),
    "keeper": Sign("◇", "the keeper ended before the run: nothing was watched"),
    "clock": Sign("±", "the host's clock was set"),
    "alert": Sign("@", "people were called"),
    "pen": Sign("✎", "the pen was passed, or taken"),
    "release": Sign("□", "a hold was released"),
    "due": Sign("◆", "a checkpoint or message was due"),
    "note": Sign("¶", "somebody wrote a note"),
    "finished": Sign("✔", "the run was finished"),
}
"""Every kind, the gravest first."""
KINDS: tuple[MarkKind, ...] = tuple(SIGNS)
"""The kinds in the order of their gravity: a place in it is a number that stands for the kind."""

_GRAVITY = {kind: at for at, kind in enumerate(KINDS)}


def mark_of(event: e.Event) -> MarkKind | Literal[""]:
    """The mark of an event; empty for what goes as planned, and for telemetry. Never raises."""
    rule = _RULES.get(type(event.body))
    return rule(event.body) if rule is not None else _MARKS.get(type(event.body), "")


def gravest(kinds: Iterable[MarkKind]) -> MarkKind:
    """The kind that is shown for several at one place; at least one is wanted."""
    return min(kinds, key=_GRAVITY.__getitem__)


def _started(body: e.RunStarted) -> MarkKind | Literal[""]:
    return (
        "deviation"
        if body.despite or body.rehearsal_reason or body.trust.unreviewed or unverified(body.profile)
        else ""
    )


def _ended(body: e.ActionEnded) -> MarkKind | Literal[""]:
    if body.outcome == "unknown":
        return "unknown"
    return "" if body.outcome in ("succeeded", "lapsed") else "failure"  # lapsed: it is only to be pressed again


def _jumped(body: e.CursorJumped) -> MarkKind | Literal[""]:
    return "deviation" if body.reason else ""  # no reason is asked for where the order is free


def _probe(body: e.ProbeChanged) -> MarkKind | Literal[""]:
    return "probe" if body.status == "fail" else ""


def _target(body: e.TargetSeen) -> MarkKind | Literal[""]:
    return "failure" if body.verdict == "mismatch" else ""


def _stopped(body: e.KeeperStopped) -> MarkKind | Literal[""]:
    return "" if body.reason == RUN_OVER and not body.killed_by else "keeper"  # there was nothing left to watch


def _told(body: e.BranchTold) -> MarkKind | Literal[""]:
    """Of what it tells: the same that stood out there."""
    facts = [fact for fact in told_events(body.text)[0] if not isinstance(fact.body, e.BranchTold)]
    kinds = [kind for fact in facts if (kind := mark_of(fact))]
    return gravest(kinds) if kinds else ""


def _alert(body: e.AlertSent) -> MarkKind | Literal[""]:
    return "alert" if body.ok else "failure"


_MARKS: dict[type[e.Body], MarkKind] = {
    e.LogRecovered: "damage",
    e.LogContinued: "damage",
    e.LogFilled: "damage",
    e.StoreRestored: "damage",
    e.StoreLeft: "branch",
    e.StoreReturned: "branch",
    e.StoreWaitedFor: "branch",
    e.BranchMerged: "branch",
    e.ConflictSettled: "branch",
    e.RollbackChosen: "rollback",
    e.RollbackLeft: "rollback",
    e.TriggerFired: "trigger",
    e.TriggerRaised: "trigger",
    e.RunAborted: "aborted",
    e.RunFinished: "finished",
    e.WaitStopped: "failure",
    e.HoldPlaced: "hold",
    e.HoldReleased: "release",
    e.StepSkipped: "deviation",
    e.StepDoneOutside: "deviation",
    e.StepReopened: "deviation",
    e.GateOverridden: "deviation",
    e.SecondWaived: "deviation",
    e.SignatureWaived: "deviation",
    e.WaitEndedEarly: "deviation",
    e.ActionSettled: "deviation",
    e.TriggerAnswered: "deviation",
    e.PlaceAccepted: "deviation",
    e.KeeperStopRequested: "deviation",
    e.KeeperAccepted: "deviation",
    e.KeeperMoved: "deviation",
    e.ClockStepped: "clock",
    e.PenTaken: "pen",
    e.PenPassed: "pen",
    e.SigningFailed: "failure",
    e.StepDue: "due",
    e.NoteAdded: "note",
}
_RULES: dict[type[e.Body], Callable[[Any], MarkKind | Literal[""]]] = {
    e.RunStarted: _started,
    e.ActionEnded: _ended,
    e.BranchTold: _told,
    e.CursorJumped: _jumped,
    e.ProbeChanged: _probe,
    e.TargetSeen: _target,
    e.AlertSent: _alert,
    e.KeeperStopped: _stopped,
}
"""Where the type alone does not say it."""
