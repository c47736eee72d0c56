"""The tables of a comparison: how long it took, and what the probes read.

Invariant: every cell is one visible line. A run is called by a letter, and A is the base: what stands beside a later
one's value is its difference to A's, told only where both did all of the work.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from cockpit.report.compare.comparison_records import Comparison, PhaseRow, Side, StepRow, StepSide, letter
from cockpit.report.compare.courses import Course, ProbeSide
from cockpit.report.pages.clocktime import duration
from cockpit.run.phrases import quantity
from cockpit.text import shortened, visible

NOTABLE, NOTABLE_S = 1.25, 30.0
"""A difference of this factor and so many seconds is marked."""
_BAD = ("warn", "fail", "error", "stale")
"""Statuses of probes that were read and are not passing."""
LEGEND = "–: not in that run; ~: only shown there; ▲ ▼: a quarter longer or shorter than A, by 30 s or more"


class Table(Struct, frozen=True):
    """Rows with a label each, and per run a value and its difference to A's (empty for A itself)."""

    title: str
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


# ---- how long ------------------------------------------------------------------------------------------------------


def durations(found: Comparison) -> Table:
    """The run, its phases and its steps."""
    runs = found.runs
    rows = [("the whole run", _times([(side.duration_s, side.is_done) for side in runs]))]
    rows += [("  as planned", tuple((duration(side.planned_s), "") for side in runs))]
    if any(side.holds for side in runs):
        rows += [("  held", tuple((_held(side), "") for side in runs))]
    if any(side.margin_s is not None for side in runs):
        rows += [("  left of the window", tuple((_margin(side), "") for side in runs))]
    for phase in found.phases:
        rows.append((_called(phase.number, phase.title or phase.id, phase.plan), _phase_times(phase)))
        if any(side is not None and side.waited_s >= 1 for side in phase.sides):
            waited = [(side.waited_s, side.is_over) if side else None for side in phase.sides]
            rows.append(("  at its gates", _times(waited)))
        rows += [
            (f"  {step_called(step)}", _step_times(step))
            for step in found.steps
            if (step.phase, step.plan) == (phase.id, phase.plan)
        ]
    return Table("How long it took", tuple(rows))


def _called(number: str, title: str, plan: str = "") -> str:
    return f"{number} {shortened(title, 80)}" + (f" (way back: {visible(plan)})" if plan else "")


def step_called(step: StepRow) -> str:
    """By the base's number and title; what only another run has, by its title and its number there."""
    if step.sides[0] is not None:
        return _called(step.number, step.title or step.id)
    only = next(letter(at) for at, side in enumerate(step.sides) if side is not None)
    return f"{shortened(step.title or step.id, 80)} ({step.number} in {only})"


def _held(side: Side) -> str:
    return f"{duration(side.held_s)} in {side.holds}" if side.holds else "never"


def _margin(side: Side) -> str:
    return "–" if side.margin_s is None else duration(side.margin_s)


def _phase_times(phase: PhaseRow) -> tuple[tuple[str, str], ...]:
    times = _times([(side.actual_s, side.is_over) if side else None for side in phase.sides])
    return tuple(
        (told if side is None or side.is_over else f"open, {told}" if side.actual_s else "open", by)
        for side, (told, by) in zip(phase.sides, times, strict=True)
    )


def _times(sides: Sequence[tuple[float, bool] | None]) -> tuple[tuple[str, str], ...]:
    """Seconds, and whether they are all that it took: differences are told of such alone."""
    base = sides[0]
    return tuple(
        (
            "–" if side is None else duration(side[0]),
            difference(base[0], side[0]) if at and base and side and base[1] and side[1] else "",
        )
        for at, side in enumerate(sides)
    )


def _step_times(step: StepRow) -> tuple[tuple[str, str], ...]:
    base = step.sides[0]
    return tuple((_step_time(side), _step_difference(base, side) if at else "") for at, side in enumerate(step.sides))


def _step_difference(base: StepSide | None, side: StepSide | None) -> str:
    """Empty unless both did the work: else their times say nothing of each other."""
    if base is None or side is None or not (_did_it(base) and _did_it(side)):
        return ""
    return difference(base.actual_s, side.actual_s)


def _did_it(side: StepSide) -> bool:
    return side.status == "confirmed" and side.mode not in ("shown", "dry_run")


def _step_time(side: StepSide | None) -> str:
    if side is None:
        return "–"
    took = duration(side.actual_s)
    again = f" ×{side.attempts}" if side.attempts > 1 else ""
    shown = " ~" if side.mode in ("shown", "dry_run") else ""
    match side.status:
        case "confirmed":
            return f"{took}{again}{shown}"
        case "open":
            return f"open, {took}" if side.actual_s else "open"
        case "done_outside":
            return f"outside, {took}{again}"
        case "not_applicable":
            return "not due"
        case "conflict":
            return "CONFLICT"
    return side.status


def difference(base_s: float, other_s: float) -> str:
    """`▲ +2m 20s`; empty for less than a second."""
    by_s = other_s - base_s
    if abs(by_s) < 1:
        return "="
    is_notable = abs(by_s) >= NOTABLE_S and max(other_s, base_s) >= NOTABLE * min(other_s, base_s)
    mark = ("▲ " if by_s > 0 else "▼ ") if is_notable else ""
    return f"{mark}{'+' if by_s > 0 else ''}{duration(by_s)}"


# ---- what probes read ----------------------------------------------------------------------------------------------


Row = tuple[str, tuple[tuple[str, str], ...]]


def probes(found: Comparison, *, by_phase: bool = False) -> Table:
    """Median, worst and last value of each, and how long it was not passing."""
    rows: list[Row] = []
    for probe in found.probes:
        unit = f" ({shortened(probe.unit, 12)})" if probe.unit else ""
        named = f"{shortened(probe.id, 40)}{unit}"
        if any(side is not None and side.whole is not None for side in probe.sides):
            rows += _course_rows(named, [side.whole if side is not None else None for side in probe.sides])
        else:
            rows.append((named, tuple((_value(side), "") for side in probe.sides)))
        if any(side is not None and _bad_s(side) >= 1 for side in probe.sides):
            rows.append(("  not passing", tuple((_badly(side), "") for side in probe.sides)))
        for phase in found.phases if by_phase else ():
            courses = [side.phases.get(phase.id) if side is not None else None for side in probe.sides]
            if any(courses):
                rows += _course_rows(f"  {phase.number} {shortened(phase.title or phase.id, 40)}", courses)
    return Table("What the probes read", tuple(rows))


def _course_rows(named: str, courses: Sequence[Course | None]) -> list[Row]:
    indent = " " * (len(named) - len(named.lstrip()) + 2)
    return [
        (f"{named}, median", tuple((quantity(each.median) if each else "–", "") for each in courses)),
        (f"{indent}worst", tuple((worst(each), "") for each in courses)),
        (f"{indent}last", tuple((quantity(each.last) if each else "–", "") for each in courses)),
    ]


def worst(course: Course | None) -> str:
    """As a cell: least and greatest where no threshold of the probe says which is bad."""
    if course is None:
        return "–"
    return f"{quantity(course.least)}…{quantity(course.most)}" if course.worst is None else quantity(course.worst)


def _value(side: ProbeSide | None) -> str:
    if side is None:
        return "–"
    return shortened(quantity(side.value), 24) if side.value is not None else "never read"


def _bad_s(side: ProbeSide) -> float:
    return sum(s for status, s in side.seconds.items() if status in _BAD)


def _badly(side: ProbeSide | None) -> str:
    if side is None:
        return "–"
    return duration(_bad_s(side)) if _bad_s(side) >= 1 else "never"
