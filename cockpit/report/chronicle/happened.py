"""What people decided, said and answered, in the order of the log: a part of the chronicle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from cockpit.profile.steps import SignoffSettings, settings_of
from cockpit.report.chronicle.records import (
    Decision,
    DeviationRecord,
    Happening,
    NoteRecord,
    PenRecord,
    RollbackRecord,
    SignoffRecord,
    TriggerRecord,
)
from cockpit.report.marks import mark_of
from cockpit.run import events as e
from cockpit.run.numbering import find_step
from cockpit.run.people import recorded
from cockpit.run.state import RunState
from cockpit.run.subjects import step_in
from cockpit.run.told_lines import told_events
from cockpit.run.wording import sentence

HAPPENINGS = 5000
"""More facts than that are no night of people's; the log has them all."""
_TOLD_ELSEWHERE = (e.ProbeChanged, e.GateChanged, e.PlansJudged)
_DECIDING = (
    e.PhaseEntered, e.PhaseLeft, e.StepConfirmed, e.StepDoneOutside, e.StepSkipped, e.StepReopened, e.CursorJumped,
    e.GateOverridden, e.SecondWaived, e.ActionRequested, e.ActionCancelled, e.ActionSettled, e.WaitEndedEarly,
    e.WaitRestarted, e.HoldPlaced, e.HoldReleased, e.TriggerRaised, e.TriggerAnswered, e.RollbackChosen, e.RollbackLeft,
    e.KeeperAccepted, e.KeeperStopRequested, e.PenTaken, e.PenPassed, e.RunFinished, e.RunAborted, e.StoreLeft,
    e.StoreReturned, e.BranchMerged, e.ConflictSettled, e.KeeperMoved,
)  # fmt: skip
_GUARDED = (e.PhaseEntered, e.PhaseLeft, e.StepConfirmed, e.ActionRequested)
"""What a gate guards: its last verdict before the decision is told with it."""
_TAKEN_OVER = ("step", "gate", "attempt", "reason", "seen", "current", "counts", "values", "verdict", "conditions",
               "unmet", "second", "sent")  # fmt: skip


def who(event: e.Event) -> str:
    """`user@host` of whose event it is, or `name (user@host)`."""
    return recorded(event.actor)


class Happened:
    """The decisions and what belongs to them."""

    def __init__(self) -> None:
        self.happenings: list[Happening] = []
        self.total = 0
        self.decisions: list[Decision] = []
        self.deviations: list[DeviationRecord] = []
        self.confirmed: dict[str, e.Event] = {}
        """By step: the last event that settled it."""
        self.signoffs: list[SignoffRecord] = []
        self.triggers: dict[int, TriggerRecord] = {}
        """By the event that fired or raised it."""
        self.rollbacks: list[RollbackRecord] = []
        self.notes: list[NoteRecord] = []
        self.pens: list[PenRecord] = []

    def take(self, event: e.Event, before: RunState, after: RunState) -> None:
        """One event and what it changed."""
        body = event.body
        for each in after.deviations[len(before.deviations) :]:
            where = ", ".join(_fired_titles(before, body)) if isinstance(body, e.TriggerAnswered) else each.where
            deviation = DeviationRecord(
                seq=each.seq, at=event.instant.at, kind=each.kind, where=where, reason=each.reason, by=who(event)
            )
            self.deviations.append(deviation)
        if event.is_fact and not isinstance(body, _TOLD_ELSEWHERE):
            self._tell(event, after)
        self._keep(event, before, after)
        if isinstance(body, e.BranchTold):  # what was decided there, by whom and when
            for fact in told_events(body.text)[0]:
                self._keep(replace(fact, seq=event.seq), before, after, where="on a branch: ")

    def _keep(self, event: e.Event, before: RunState, after: RunState, where: str = "") -> None:
        if isinstance(event.body, _DECIDING):
            decision = _decision(event, before, after)
            self.decisions.append(replace(decision, text=f"{where}{decision.text}"))
        keep = _KEEPING.get(type(event.body))
        if keep is not None and not (where and isinstance(event.body, e.TriggerAnswered)):
            keep(self, event, event.body, before, after)

    def _tell(self, event: e.Event, state: RunState) -> None:
        self.total += 1
        if len(self.happenings) >= HAPPENINGS:
            return
        speaker, _, text = sentence(event, state).partition("  ")
        happening = Happening(
            seq=event.seq, at=event.instant.at, type=event.type, mark=mark_of(event), who=speaker, text=text,
            step=str(getattr(event.body, "step", "")),
        )  # fmt: skip
        self.happenings.append(happening)

    # ---- what is kept by itself --------------------------------------------------------------------------------------

    def _settled(self, event: e.Event, body: Any, before: RunState, after: RunState) -> None:
        step = after.steps.get(body.step)
        if step is None or step.settled_seq != event.seq:
            return
        self.confirmed[body.step] = event
        found = find_step(after.profile, body.step)
        if isinstance(body, e.StepConfirmed) and found is not None and found[1].behaviour == "signoff":
            role = settings_of(found[1], SignoffSettings).role
            self._word(event, "signoff", body.step, body.attempt, role=role)

    def _word(self, event: e.Event, kind: Any, step: str, attempt: int, *, role: str = "", reason: str = "") -> None:
        record = SignoffRecord(
            seq=event.seq, at=event.instant.at, kind=kind, step=step, attempt=attempt, role=role, by=who(event),
            reason=reason,
        )  # fmt: skip
        self.signoffs.append(record)

    def _countersigned(self, event: e.Event, body: e.StepCountersigned, before: RunState, after: RunState) -> None:
        self._word(event, "countersign", body.step, body.attempt)

    def _waived(self, event: e.Event, body: e.SecondWaived, before: RunState, after: RunState) -> None:
        self._word(event, "waived", body.step, body.attempt, reason=body.reason)

    def _noted(self, event: e.Event, body: e.NoteAdded, before: RunState, after: RunState) -> None:
        self.notes.append(NoteRecord(seq=event.seq, at=event.instant.at, by=who(event), text=body.text, step=body.step))

    def _pen(self, event: e.Event, body: e.PenTaken | e.PenPassed, before: RunState, after: RunState) -> None:
        reason, found = (body.reason, body.found) if isinstance(body, e.PenTaken) else ("", "")
        pen = PenRecord(
            seq=event.seq, at=event.instant.at, by=who(event), previous=body.previous, epoch=body.epoch, reason=reason,
            found=found, is_passed=isinstance(body, e.PenPassed), card=body.card,
        )  # fmt: skip
        self.pens.append(pen)

    # ---- triggers, and the way back ----------------------------------------------------------------------------------

    def _fired(self, event: e.Event, body: e.TriggerFired | e.TriggerRaised, before: RunState, after: RunState) -> None:
        fired = next((each for each in after.fired if each.seq == event.seq), None)
        if fired is None:
            return
        declared = next((each for each in after.profile.triggers if each.id == body.trigger), None)
        self.triggers[event.seq] = TriggerRecord(
            seq=event.seq,
            at=event.instant.at,
            trigger=body.trigger,
            title=declared.title if declared else "",
            severity=fired.severity,
            by=who(event) if isinstance(body, e.TriggerRaised) else "",
            reason=fired.reason,
            conditions=fired.conditions,
            current=body.current if isinstance(body, e.TriggerFired) else (),
        )

    def _cleared(self, event: e.Event, body: e.TriggerCleared, before: RunState, after: RunState) -> None:
        for seq, record in self.triggers.items():
            if record.trigger == body.trigger and record.cleared is None and record.conditions:
                self.triggers[seq] = replace(record, cleared=event.instant.at)

    def _answered(self, event: e.Event, body: e.TriggerAnswered, before: RunState, after: RunState) -> None:
        self._answer(event, body.seqs, "went on", body.reason)

    def _answer(self, event: e.Event, seqs: tuple[int, ...], how: str, reason: str) -> None:
        for seq in seqs:
            if (record := self.triggers.get(seq)) is not None and record.answered is None:
                self.triggers[seq] = replace(
                    record, answered=event.instant.at, answered_by=who(event), answer=how, answer_reason=reason
                )

    def _back(self, event: e.Event, body: e.RollbackChosen, before: RunState, after: RunState) -> None:
        if after.rollback is None or after.rollback is before.rollback:
            return
        title = plan_title(after, body.plan)
        self._answer(event, body.answers, title, body.reason)
        record = RollbackRecord(
            seq=event.seq, at=event.instant.at, plan=body.plan, title=title, by=who(event), reason=body.reason,
            proposed=body.proposed, steps=after.rollback.steps,
        )  # fmt: skip
        self.rollbacks.append(record)

    def _forward(self, event: e.Event, body: e.RollbackLeft, before: RunState, after: RunState) -> None:
        if before.rollback is not None and after.rollback is None and self.rollbacks:
            self.rollbacks[-1] = replace(
                self.rollbacks[-1], left=event.instant.at, left_by=who(event), left_reason=body.reason
            )


def _decision(event: e.Event, before: RunState, state: RunState) -> Decision:
    body = event.body
    fields = {name: getattr(body, name) for name in _TAKEN_OVER if hasattr(body, name)}
    if isinstance(body, e.PhaseEntered | e.PhaseLeft):
        fields["gate"] = (e.phase_gate if isinstance(body, e.PhaseEntered) else e.exit_gate)(body.phase)
    if isinstance(body, e.GateOverridden):
        kind, _, name = body.gate.partition(":")
        fields["step"] = name if kind in ("step", "run", "if") else ""
    if isinstance(body, e.ConflictSettled):
        del fields["counts"]  # says which side, not how many probes
        fields["step"] = step_in(body.subject)
    if isinstance(body, e.ActionCancelled | e.ActionSettled):
        fields["step"] = _step_of(state, body.action)
    if isinstance(body, _GUARDED) and before.cursor is not None:
        guard = before.gates.get(before.cursor.gate)
        if guard is not None and before.cursor.step == fields.get("step"):
            fields |= {"gate": before.cursor.gate, "verdict": guard.verdict, "conditions": guard.conditions}
    if not fields.get("seen") and not fields.get("current"):
        fields["stood"] = _stood(before)
    not_taken = getattr(body, "not_taken", "")
    if isinstance(not_taken, tuple):
        not_taken = ""  # of `rollback.chosen` these are the plans beside the one that was taken
    return Decision(
        seq=event.seq,
        at=event.instant.at,
        type=event.type,
        by=who(event),
        text=sentence(event, state).partition("  ")[2],
        not_taken=plan_title(state, not_taken) if not_taken else "",
        **fields,
    )


def _stood(state: RunState) -> tuple[str, ...] | None:
    read = [(probe, known.status) for probe, known in state.probes.items() if known.status != "unread"]
    return tuple(f"{probe} {status}" for probe, status in read if status != "pass") if read else None


def _fired_titles(state: RunState, body: e.TriggerAnswered) -> list[str]:
    """How the triggers that were answered are called."""
    titles = {each.id: each.title or each.id for each in state.profile.triggers}
    names = [each.trigger for each in state.fired if each.seq in body.seqs]
    return list(dict.fromkeys(titles.get(name, name) or "raised by hand" for name in names))


def _step_of(state: RunState, action: str) -> str:
    return next((key for key, step in state.steps.items() if step.action and step.action.action == action), "")


def plan_title(state: RunState, plan_id: str) -> str:
    """How a rollback plan is called; its id where the profile has none of it."""
    plan = state.profile.plan(plan_id) if state.started else None
    return (plan.title or plan.id) if plan else plan_id


_KEEPING: dict[type[e.Body], Callable[[Happened, e.Event, Any, RunState, RunState], None]] = {
    e.StepConfirmed: Happened._settled,
    e.StepDoneOutside: Happened._settled,
    e.StepSkipped: Happened._settled,
    e.StepCountersigned: Happened._countersigned,
    e.SecondWaived: Happened._waived,
    e.NoteAdded: Happened._noted,
    e.PenTaken: Happened._pen,
    e.PenPassed: Happened._pen,
    e.TriggerFired: Happened._fired,
    e.TriggerRaised: Happened._fired,
    e.TriggerCleared: Happened._cleared,
    e.TriggerAnswered: Happened._answered,
    e.RollbackChosen: Happened._back,
    e.RollbackLeft: Happened._forward,
}
