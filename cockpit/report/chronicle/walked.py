"""How the walk went: when each step was current, each phase under way and the line held: a part of the chronicle.

Invariant: seen as changes of the fold's own state, so that a way of moving that is added later is told too.
"""

from __future__ import annotations

from datetime import datetime

from cockpit.profile.model import Phase, Step
from cockpit.report.chronicle.records import HoldRecord, PhaseRecord, Span, StepRecord, WindowRecord
from cockpit.run import events as e
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Event, Instant
from cockpit.run.forecast import Forecast
from cockpit.run.friction import no_return_at
from cockpit.run.numbering import find_step, phase_number, step_number
from cockpit.run.people import recorded
from cockpit.run.state import RunState
from cockpit.run.state_line import Hold

Stay = tuple[Instant, Instant | None]
"""From when to when; None: still there where the log ends."""


class Walked:
    """Where the walk stood, and when."""

    def __init__(self) -> None:
        self.visits: dict[str, list[Stay]] = {}
        """By step."""
        self.waited: dict[str, float] = {}
        """By phase: seconds at its gates."""
        self.ways: dict[str, frozenset[str]] = {}
        """By rollback plan that was taken: its steps that were due, whenever it was."""
        self._holds: list[HoldRecord] = []
        self._since: Instant | None = None
        """Since when the walk has stood at a phase's gate."""
        self._held_at: Instant | None = None

    def take(self, event: Event, before: RunState, after: RunState) -> None:
        """One event and what it changed."""
        if after.rollback is not None and after.rollback is not before.rollback:
            way = after.rollback
            self.ways[way.plan] = self.ways.get(way.plan, frozenset()) | frozenset(way.steps)
        self._move(event, before, after)
        self._hold(event, before, after)

    def _move(self, event: Event, before: RunState, after: RunState) -> None:
        left = before.cursor.step if before.cursor else None
        step = after.cursor.step if after.cursor else None
        is_anew = step is not None and step == left and after.steps[step].entered is not before.steps[step].entered
        if left and (left != step or is_anew):
            began, ended = self.visits[left][-1]
            self.visits[left][-1] = (began, ended or event.instant)
        if step and (left != step or is_anew):
            self.visits.setdefault(step, []).append((event.instant, None))
        stood = before.cursor.phase if before.cursor and before.cursor.step is None else ""
        stands = after.cursor.phase if after.cursor and after.cursor.step is None else ""
        if stood and stood != stands and self._since is not None:
            self.waited[stood] = self.waited.get(stood, 0.0) + elapsed_s(self._since, event.instant)
        if stands and stands != stood:
            self._since = event.instant

    def _hold(self, event: Event, before: RunState, after: RunState) -> None:
        if before.hold is not None and after.hold is not before.hold:
            self._holds[-1] = _ended(before.hold, self._holds[-1].step, event)
        if after.hold is not None and after.hold is not before.hold:
            step = after.cursor.step or "" if after.cursor else ""
            self._holds.append(_placed(after.hold, step))
            self._held_at = event.instant

    def holds(self, end: Instant) -> tuple[HoldRecord, ...]:
        """Every hold; one that lasts is counted until `end`."""
        told = list(self._holds)
        if told and told[-1].ended is None and self._held_at is not None:
            last = told[-1]
            seconds = elapsed_s(self._held_at, end)
            told[-1] = HoldRecord(began=last.began, seconds=seconds, by=last.by, reason=last.reason, step=last.step)
        return tuple(told)


def _placed(hold: Hold, step: str) -> HoldRecord:
    return HoldRecord(began=hold.since.at, by=recorded(hold.by), reason=hold.reason, step=step)


def _ended(hold: Hold, step: str, event: Event) -> HoldRecord:
    is_released = isinstance(event.body, e.HoldReleased)
    return HoldRecord(
        began=hold.since.at,
        ended=event.instant.at,
        seconds=elapsed_s(hold.since, event.instant),
        by=recorded(hold.by),
        reason=hold.reason,
        step=step,
        released_by=recorded(event.actor) if is_released else "",
        release_reason=event.body.reason if isinstance(event.body, e.HoldReleased) else "",
    )


# ---- steps and phases, once all was seen -----------------------------------------------------------------------------


def steps_of(
    state: RunState, times: Forecast, walked: Walked, settled: dict[str, Event], end: Instant
) -> tuple[StepRecord, ...]:
    """The steps of the way forward, and of the ways back that were taken."""
    assert state.started is not None
    told = [_step(state, times, walked, settled, end, "", phase, step) for phase, step in state.profile.steps()]
    for plan in state.profile.rollbacks:
        if plan.id in walked.ways:
            told += [
                _step(state, times, walked, settled, end, plan.id, phase, step)
                for phase in plan.phases
                for step in phase.steps
                if step.id in walked.ways[plan.id]
            ]
    return tuple(told)


def _step(
    state: RunState,
    times: Forecast,
    walked: Walked,
    settled: dict[str, Event],
    end: Instant,
    plan: str,
    phase: Phase,
    step: Step,
) -> StepRecord:
    known, event = state.steps[step.id], settled.get(step.id)
    # What a step was settled by does not count any more once it is open again.
    body = event.body if event is not None and known.settled_seq == event.seq else None
    confirmed = body if isinstance(body, e.StepConfirmed) else None
    median = state.started.medians.get(step.id) if state.started else None
    is_passed_by = known.status == "not_applicable"
    return StepRecord(
        id=step.id,
        number=step_number(state.profile, step.id),
        title=step.title,
        phase=phase.id,
        plan=plan,
        kind=step.kind,
        behaviour=step.behaviour,
        risk=step.risk,
        level=step.level,
        owner=step.owner,
        source=step.source,
        status=known.status,
        attempts=known.attempt,
        planned_s=times.steps[step.id].planned_s,
        estimate_s=step.estimate_s,
        median_s=median,
        actual_s=times.steps[step.id].actual_s,
        visits=tuple(
            Span(began.at, ended.at if ended else None, elapsed_s(began, ended or end))
            for began, ended in walked.visits.get(step.id, [])
        ),
        settled=known.settled.at if known.settled else None,
        by=recorded(known.by) if known.by and not is_passed_by else "",
        second=confirmed.second if confirmed else "",
        reason=known.reason,
        waived_reason=known.waived_reason,
        values=confirmed.values if confirmed else {},
        seen=confirmed.seen if confirmed else (),
        current=known.evidence,
    )


def phases_of(
    state: RunState, times: Forecast, walked: Walked, steps: tuple[StepRecord, ...], end: Instant
) -> tuple[PhaseRecord, ...]:
    """The phases of those steps."""
    plans = [("", phase) for phase in state.profile.phases]
    plans += [(plan.id, phase) for plan in state.profile.rollbacks if plan.id in walked.ways for phase in plan.phases]
    return tuple(_phase(state, times, walked, plan, phase, steps) for plan, phase in plans)


def _phase(
    state: RunState, times: Forecast, walked: Walked, plan: str, phase: Phase, steps: tuple[StepRecord, ...]
) -> PhaseRecord:
    own = [step for step in steps if step.phase == phase.id and step.plan == plan]
    began = [visit.began for step in own for visit in step.visits]
    ended = [visit.ended for step in own for visit in step.visits if visit.ended]
    settled = [step.settled for step in own if step.settled and step.status != "not_applicable"]
    left = state.phases_left.get(phase.id)
    is_over = bool(own) and all(step.status != "open" for step in own)
    return PhaseRecord(
        id=phase.id,
        number=phase_number(state.profile, phase.id),
        title=phase.title,
        stage=phase.stage,
        plan=plan,
        steps=len(own),
        planned_s=times.phases[phase.id].planned_s,
        actual_s=times.phases[phase.id].actual_s,
        waited_s=walked.waited.get(phase.id, 0.0),
        began=min([*began, *settled], default=None),
        ended=max([*ended, *settled, *([left.at] if left else [])], default=None) if is_over else None,
    )


def window_of(state: RunState) -> WindowRecord | None:
    """The run against its window; None where there is none."""
    started = state.started
    if started is None or started.window_start is None or started.window_end is None:
        return None
    declared = state.profile.window
    work_ended = _work_ended(state)
    return WindowRecord(
        start=started.window_start,
        end=started.window_end,
        timezone=declared.timezone if declared else "UTC",
        reserve_s=declared.reserve_s if declared else 0.0,
        rollback_estimate_s=declared.rollback_estimate_s if declared else 0.0,
        no_return=no_return_at(state),
        work_ended=work_ended,
        margin_s=(started.window_end - work_ended).total_seconds() if work_ended else None,
    )


def _work_ended(state: RunState) -> datetime | None:
    """When the last step was settled of those that are walked in the window."""
    walked = state.rollback.steps if state.rollback else [step.id for _, step in state.profile.steps()]
    ends: list[datetime] = []
    for step_id in walked:
        found, known = find_step(state.profile, step_id), state.steps[step_id]
        if found is None or (found[0].stage != "window" and state.rollback is None):
            continue
        if known.status == "open" or known.settled is None:
            return None
        ends.append(known.settled.at)
    return max(ends, default=None)
