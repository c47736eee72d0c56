"""Runs beside each other: what took how long, what was done otherwise, what probes read, where the plan was wrong.

Invariant: pure, and told in the order of the first run, which is the base: what only others have stands after what
comes before it there. Steps, phases and probes of different profiles are the same where they have the same id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.report.chronicle.chronicle import Chronicle
from cockpit.report.chronicle.records import PhaseRecord, StepRecord
from cockpit.report.compare.compared import Compared
from cockpit.report.compare.comparison_records import (
    Comparison,
    DeviationRow,
    PhaseRow,
    PhaseSide,
    ProbeRow,
    Side,
    StepRow,
    StepSide,
    letter,
)
from cockpit.report.compare.courses import ProbeSide, probe_sides
from cockpit.report.compare.estimates import OFF_BY, wrong_estimates


def compare(runs: Sequence[Compared], off_by: float = OFF_BY) -> Comparison:
    """Compare runs with the first of them."""
    told = [run.told for run in runs]
    steps = tuple(_step_row(told, *key) for key in _merged([[(s.plan, s.id) for s in each.steps] for each in told]))
    phases = tuple(_phase_row(told, *key) for key in _merged([[(p.plan, p.id) for p in each.phases] for each in told]))
    probes = _merged([[("", probe.id) for probe in each.probes] for each in told])
    sides = [probe_sides(each) for each in told]
    return Comparison(
        runs=tuple(map(_side, runs)),
        remarks=tuple(_remarks(told)),
        phases=phases,
        steps=steps,
        renamed={row.id: titles for row in steps if len(titles := _titles(row)) > 1},
        deviations=tuple(_deviations(told)),
        probes=tuple(_probe_row(told, sides, probe) for _, probe in probes),
        estimates=wrong_estimates([run.state for run in runs], off_by),
    )


def _merged(orders: Sequence[Sequence[tuple[str, str]]]) -> list[tuple[str, str]]:
    """All keys once: the first list's, and what only others have after what comes before it there."""
    merged = list(orders[0])
    for order in orders[1:]:
        known, at = set(merged), -1
        for key in order:
            if key in known:
                at = merged.index(key)
            else:
                at += 1
                merged.insert(at, key)
    return merged


# ---- runs ----------------------------------------------------------------------------------------------------------


def _side(run: Compared) -> Side:
    told = run.told
    return Side(
        run=told.run,
        name=run.name,
        profile=told.profile,
        title=told.title,
        environment=told.environment,
        rehearsal=told.rehearsal,
        outcome="rolled-back" if told.rolled_back and told.outcome == "finished" else told.outcome,
        began=told.began,
        ended=told.ended,
        duration_s=round(told.duration_s, 1),
        planned_s=round(sum(phase.planned_s for phase in told.phases if not phase.plan), 1),
        held_s=round(sum(hold.seconds for hold in told.holds), 1),
        holds=len(told.holds),
        margin_s=round(told.window.margin_s, 1) if told.window and told.window.margin_s is not None else None,
        deviations=len(told.deviations),
        people=tuple(person.who for person in told.people if person.decisions or person.notes),
        values=told.values,
        profile_digest=told.profile_digest,
        cockpit_version=told.cockpit_version,
        troubles=run.troubles,
    )


def _remarks(told: Sequence[Chronicle]) -> Iterable[str]:
    base = told[0]
    for at, other in enumerate(told[1:], 1):
        named = letter(at)
        if other.run == base.run:
            yield f"{named} is a log of the same run as A"
        if other.profile != base.profile:
            yield (
                f"{named} is of another profile ({other.profile}) than A ({base.profile}): "
                "compared as far as ids of phases, steps and probes meet; it does not count for the estimates"
            )
        elif other.profile_digest != base.profile_digest and other.environment == base.environment:
            yield f"the profile was changed between A and {named}"
    for at, each in enumerate(told):
        named = letter(at)
        if each.outcome == "live":
            yield f"{named} is live: compared as far as it goes"
        elif each.outcome == "aborted":
            why = f": {each.outcome_reason}" if each.outcome_reason else ""
            yield f"{named} was aborted{why}; compared as far as it went"
        elif each.rolled_back:
            yield f"{named} was rolled back: the whole run is its way there and back"
        if each.unknown_types:
            yield f"{named} holds events of a newer cockpit, which are not compared"
    if len({each.rehearsal for each in told}) > 1:
        yield "a rehearsal changes nothing outside: what was only shown there (~) does not take its real time"


# ---- steps and phases ----------------------------------------------------------------------------------------------


def _step_row(told: Sequence[Chronicle], plan: str, step_id: str) -> StepRow:
    found = [next((s for s in each.steps if (s.plan, s.id) == (plan, step_id)), None) for each in told]
    known = next(step for step in found if step is not None)
    return StepRow(
        id=step_id,
        number=known.number,
        title=known.title,
        phase=known.phase,
        plan=plan,
        behaviour=known.behaviour,
        sides=tuple(_step_side(each, step) if step else None for each, step in zip(told, found, strict=True)),
    )


def _step_side(told: Chronicle, step: StepRecord) -> StepSide:
    tries = [action for action in told.actions if action.step == step.id]
    return StepSide(
        title=step.title,
        status=step.status,
        attempts=step.attempts,
        actual_s=round(step.actual_s, 1),
        planned_s=round(step.planned_s, 1),
        estimate_s=step.estimate_s,
        mode=tries[-1].mode if tries else "",
        failed=sum(action.outcome in ("failed", "timed_out", "cancelled", "unknown") for action in tries),
        by=step.by,
        second=step.second,
        reason=step.reason,
    )


def _titles(row: StepRow) -> tuple[str, ...]:
    return tuple(dict.fromkeys(side.title for side in row.sides if side is not None))


def _phase_row(told: Sequence[Chronicle], plan: str, phase_id: str) -> PhaseRow:
    found = [next((p for p in each.phases if (p.plan, p.id) == (plan, phase_id)), None) for each in told]
    known = next(phase for phase in found if phase is not None)
    return PhaseRow(
        id=phase_id,
        number=known.number,
        title=known.title,
        plan=plan,
        sides=tuple(_phase_side(phase) if phase else None for phase in found),
    )


def _phase_side(phase: PhaseRecord) -> PhaseSide:
    is_over = phase.ended is not None
    return PhaseSide(round(phase.actual_s, 1), round(phase.planned_s, 1), round(phase.waited_s, 1), is_over)


# ---- deviations and probes -----------------------------------------------------------------------------------------


def _deviations(told: Sequence[Chronicle]) -> Iterable[DeviationRow]:
    keys = dict.fromkeys((deviation.kind, deviation.where) for each in told for deviation in each.deviations)
    for kind, where in keys:
        reasons = [
            tuple(f"{d.reason or 'no reason'} ({d.by})" for d in each.deviations if (d.kind, d.where) == (kind, where))
            for each in told
        ]
        yield DeviationRow(kind=kind, where=where, reasons=tuple(reasons))


def _probe_row(told: Sequence[Chronicle], sides: Sequence[dict[str, ProbeSide]], probe_id: str) -> ProbeRow:
    known = next(probe for each in told for probe in each.probes if probe.id == probe_id)
    return ProbeRow(id=probe_id, title=known.title, unit=known.unit, sides=tuple(each.get(probe_id) for each in sides))
