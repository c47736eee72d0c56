"""Who was there, who watched, what the targets proved to be and what happened to the log: a part of the chronicle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from cockpit.report.chronicle.happened import who
from cockpit.report.chronicle.records import KeeperRecord, LogRecord, PersonRecord, SeatRecord, TargetRecord
from cockpit.run import events as e
from cockpit.run.people import facets
from cockpit.run.state import RunState
from cockpit.run.wording import sentence
from cockpit.text import counted, visible

SEATS = 2000
"""More screens than that are told by their people alone."""
_LOGGED = 1000
_BY_MACHINE = (
    e.KeeperStarted, e.KeeperStopped, e.ProbeChanged, e.GateChanged, e.LogRecovered, e.TargetSeen, e.ActionStarted,
    e.ActionOutput, e.ActionEnded, e.WaitBegan, e.WaitStopped, e.WaitCompleted, e.StepDue, e.TriggerFired,
    e.TriggerCleared, e.PlansJudged, e.AlertSent, e.ClockStepped, e.LogContinued, e.LogFilled, e.StoreRestored,
    e.StoreWaitedFor, e.UnknownBody,
)  # fmt: skip


class Watched:
    """People, screens, keepers, targets and the log."""

    def __init__(self) -> None:
        self.started_by = ""
        self.host = ""
        self.people: dict[str, PersonRecord] = {}
        self.keepers: list[KeeperRecord] = []
        self.targets: list[TargetRecord] = []
        self.log: list[LogRecord] = []
        self._seats: list[SeatRecord] = []
        self._open: dict[str, int] = {}
        """By seat: its place in `_seats`."""

    def seats(self) -> tuple[SeatRecord, ...]:
        """Every screen."""
        return tuple(self._seats)

    def take(self, event: e.Event, before: RunState, after: RunState) -> None:
        """One event and what it changed."""
        if not isinstance(event.body, _BY_MACHINE):
            self._person(event)
        keep = _KEEPING.get(type(event.body))
        if keep is not None:
            keep(self, event, event.body)

    def _person(self, event: e.Event) -> None:
        actor, body, at = event.actor, event.body, event.instant.at
        known = self.people.get(who(event)) or PersonRecord(who=who(event), first=at, last=at)
        is_note = isinstance(body, e.NoteAdded)
        is_acting = isinstance(body, e.OperatorAttached) and body.role == "acting"
        self.people[known.who] = replace(
            known,
            via=_with(known.via, actor.via),
            keys=_with(known.keys, actor.key),
            proven=_with_all(known.proven, facets(actor, proven=True)),
            claimed=_with_all(known.claimed, facets(actor, proven=False)),
            last=max(known.last, at),
            decisions=known.decisions + (event.is_fact and not is_note),
            notes=known.notes + is_note,
            acted=known.acted or is_acting or isinstance(body, e.RunStarted | e.PenTaken | e.PenPassed),
            watched=known.watched or (isinstance(body, e.OperatorAttached) and body.role == "watching"),
        )

    def _began(self, event: e.Event, body: e.RunStarted) -> None:
        if not self.started_by:
            self.started_by, self.host = who(event), event.actor.host

    # ---- screens -------------------------------------------------------------------------------------------------

    def _attached(self, event: e.Event, body: e.OperatorAttached) -> None:
        self._close(event, body.seat, "its role changed")
        if len(self._seats) >= SEATS:
            return
        self._open[body.seat] = len(self._seats)
        self._seats.append(SeatRecord(who=who(event), via=event.actor.via, role=body.role, began=event.instant.at))

    def _detached(self, event: e.Event, body: e.OperatorDetached) -> None:
        self._close(event, body.seat, body.reason)

    def _pen_moved(self, event: e.Event, body: e.PenTaken | e.PenPassed) -> None:
        """One screen acts from here on; older logs do not tell which."""
        for seat, at in [*self._open.items()] if body.seat else []:
            record, role = self._seats[at], "acting" if seat == body.seat else "watching"
            if record.role != role and len(self._seats) < SEATS:
                self._close(event, seat, "the pen moved")
                self._open[seat] = len(self._seats)
                self._seats.append(replace(record, role=role, began=event.instant.at, ended=None, why=""))

    def _close(self, event: e.Event, seat: str, why: str) -> None:
        at = self._open.pop(seat, None)
        if at is not None:
            self._seats[at] = replace(self._seats[at], ended=event.instant.at, why=why)

    # ---- keepers ---------------------------------------------------------------------------------------------------

    def _keeper_started(self, event: e.Event, body: e.KeeperStarted) -> None:
        record = KeeperRecord(
            epoch=body.epoch, began=event.instant.at, runs_as=who(event), pid=body.pid, version=body.version,
            warnings=body.warnings,
        )  # fmt: skip
        if len(self.keepers) < _LOGGED:
            self.keepers.append(record)

    def _keeper_is(self, epoch: int, **known: Any) -> None:
        for at in range(len(self.keepers) - 1, -1, -1):
            if self.keepers[at].epoch == epoch:
                self.keepers[at] = replace(self.keepers[at], **known)
                return

    def _keeper_asked(self, event: e.Event, body: e.KeeperStopRequested) -> None:
        self._keeper_is(body.epoch, stopped_by=who(event), why=body.reason)

    def _keeper_stopped(self, event: e.Event, body: e.KeeperStopped) -> None:
        known: dict[str, Any] = {"ended": event.instant.at, "why": body.reason}
        if body.killed_by:
            known["stopped_by"] = body.killed_by
        self._keeper_is(body.epoch, **known)

    def _keeper_accepted(self, event: e.Event, body: e.KeeperAccepted) -> None:
        self._keeper_is(body.epoch, accepted_by=who(event), differences=body.shown)

    def _keeper_moved(self, event: e.Event, body: e.KeeperMoved) -> None:
        self._keeper_is(body.epoch, stopped_by=who(event), why=f"left behind for one on {body.host}: {body.reason}")

    def _target(self, event: e.Event, body: e.TargetSeen) -> None:
        if len(self.targets) < _LOGGED:
            self.targets.append(
                TargetRecord(
                    seq=event.seq, at=event.instant.at, target=body.target, verdict=body.verdict,
                    identity=body.identity, detail=body.detail,
                )
            )  # fmt: skip

    # ---- the log, its clock, and who was called ----------------------------------------------------------------------

    def _say(self, event: e.Event, kind: Any, text: str, by_s: float = 0.0) -> None:
        if len(self.log) < _LOGGED:
            self.log.append(LogRecord(seq=event.seq, at=event.instant.at, kind=kind, text=text, by_s=by_s))

    def _clock(self, event: e.Event, body: e.ClockStepped) -> None:
        way = "forward" if body.by_s > 0 else "back"
        self._say(event, "clock", f"the clock of {event.actor.host} was set {way} by {abs(body.by_s):.0f} s", body.by_s)

    def _recovered(self, event: e.Event, body: e.LogRecovered) -> None:
        self._say(
            event, "recovered", f"{counted(body.length, 'byte')} at byte {body.offset} torn by a crash: stepped over"
        )

    def _continued(self, event: e.Event, body: e.LogContinued) -> None:
        lost = f"; {counted(body.lost, 'line is', 'lines are')} lost" if body.lost else ""
        self._say(event, "continued", f"the log goes on here from {visible(body.former)}: {body.trouble}{lost}")

    def _restored(self, event: e.Event, body: e.StoreRestored) -> None:
        self._say(event, "restored", sentence(event))

    def _waited_for(self, event: e.Event, body: e.StoreWaitedFor) -> None:
        self._say(event, "waited", f"the keeper {sentence(event)}")

    def _filled(self, event: e.Event, body: e.LogFilled) -> None:
        self._say(event, "filled", sentence(event))

    def _branched(self, event: e.Event, body: e.Body) -> None:
        self._say(event, "branch", sentence(event, None))

    def _place(self, event: e.Event, body: e.PlaceAccepted) -> None:
        self._say(event, "place", f"{who(event)} keeps the log on {body.kind} ({body.source}): {body.reason}")

    def _alert(self, event: e.Event, body: e.AlertSent) -> None:
        how = "people were called" if body.ok else "people could NOT be called"
        detail = f": {body.detail}" if body.detail else ""
        self._say(event, "alert", f"{how} through {body.channel} about {body.about}{detail}")


def _with(known: tuple[str, ...], new: str) -> tuple[str, ...]:
    return known if not new or new in known or len(known) >= 20 else (*known, new)


def _with_all(known: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    for each in new:
        known = _with(known, each)
    return known


_KEEPING: dict[type[e.Body], Callable[[Watched, e.Event, Any], None]] = {
    e.RunStarted: Watched._began,
    e.OperatorAttached: Watched._attached,
    e.OperatorDetached: Watched._detached,
    e.PenTaken: Watched._pen_moved,
    e.PenPassed: Watched._pen_moved,
    e.KeeperStarted: Watched._keeper_started,
    e.KeeperStopRequested: Watched._keeper_asked,
    e.KeeperStopped: Watched._keeper_stopped,
    e.KeeperMoved: Watched._keeper_moved,
    e.KeeperAccepted: Watched._keeper_accepted,
    e.TargetSeen: Watched._target,
    e.ClockStepped: Watched._clock,
    e.LogRecovered: Watched._recovered,
    e.LogContinued: Watched._continued,
    e.StoreRestored: Watched._restored,
    e.StoreWaitedFor: Watched._waited_for,
    e.LogFilled: Watched._filled,
    e.StoreLeft: Watched._branched,
    e.StoreReturned: Watched._branched,
    e.BranchMerged: Watched._branched,
    e.PlaceAccepted: Watched._place,
    e.AlertSent: Watched._alert,
}
