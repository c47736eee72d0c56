"""A comparison in words: tables of cells and lists of lines, for a terminal or a document.

Invariant: every cell is one visible line. A run is called by a letter, and A is the base: what stands beside a later
one's value is its difference to A's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

from msgspec import Struct

from cockpit.profile.durations import written
from cockpit.report.clocktime import duration, local, zone_name
from cockpit.report.comparison import Comparison, PhaseRow, Side, StepRow, StepSide, letter
from cockpit.report.courses import Course, ProbeSide
from cockpit.report.estimates import Estimate
from cockpit.report.phrasing import DEVIATIONS
from cockpit.run.wording import quantity
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


def heads(found: Comparison, zone: tzinfo) -> list[str]:
    """A line for each run."""
    return [f"{letter(at)}  {_about(side, zone)}" for at, side in enumerate(found.runs)]


def _about(side: Side, zone: tzinfo) -> str:
    began = f"{local(side.began, zone):%Y-%m-%d %H:%M}" if side.began else "?"
    zoned = "UTC" if zone is UTC else zone_name(zone, side.began) if side.began else ""
    named = f"{side.run[:12]}…" if len(side.run) > 26 else side.run
    kind = "rehearsal, " if side.rehearsal else ""
    people = ", ".join(dict.fromkeys(who.partition("@")[0] for who in side.people))
    told = (
        f"{visible(named)}  {side.profile} {side.environment}, {kind}{began} {zoned}, {side.outcome} "
        f"{'after' if side.outcome != 'live' else 'for'} {duration(side.duration_s)}"
        f"{f', by {people}' if people else ''}"
    )
    return shortened(told, 400)


def warnings(found: Comparison) -> list[str]:
    """What has to be known first."""
    troubles = [f"{letter(at)}: {trouble}" for at, side in enumerate(found.runs) for trouble in side.troubles]
    renamed = [
        f"{step} is called differently: {' / '.join(shortened(title, 60) for title in titles)}"
        for step, titles in found.renamed.items()
    ]
    return [visible(each) for each in (*troubles, *found.remarks, *renamed)]


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
            (f"  {_step_called(step)}", _step_times(step))
            for step in found.steps
            if (step.phase, step.plan) == (phase.id, phase.plan)
        ]
    return Table("How long it took", tuple(rows))


def _called(number: str, title: str, plan: str = "") -> str:
    return f"{number} {shortened(title, 80)}" + (f" (way back: {visible(plan)})" if plan else "")


def _step_called(step: StepRow) -> str:
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


# ---- what was done otherwise ---------------------------------------------------------------------------------------


def done_otherwise(found: Comparison) -> list[str]:
    """Steps that were not simply confirmed in every run, and tries that did not end well."""
    told = []
    for step in found.steps:
        unusual = [_unusual(side, is_done=run.is_done) for side, run in zip(step.sides, found.runs, strict=True)]
        absent = [letter(at) for at, side in enumerate(step.sides) if side is None]
        if any(unusual) or (absent and not step.plan):
            said = [
                f"{letter(at)} {what or _usual(side)}"
                for at, (what, side) in enumerate(zip(unusual, step.sides, strict=True))
                if side is not None
            ]
            gone = f"; not in {', '.join(absent)}" if absent and not step.plan else ""
            told.append(f"{_step_called(step)}: {'; '.join(said)}{gone}")
    return told


def _usual(side: StepSide) -> str:
    return "not reached" if side.status == "open" else "confirmed"


def _unusual(side: StepSide | None, *, is_done: bool) -> str:
    """What is to be said of it; that a step is open is to be said only of a run that is done."""
    if side is None:
        return ""
    said = {
        "skipped": "skipped",
        "not_applicable": "did not apply",
        "done_outside": "done outside",
        "open": "open" if is_done else "",
    }.get(side.status, "")
    reason = f" ({shortened(side.reason, 120)})" if said and side.reason else ""
    failed = f"{side.failed} {'try' if side.failed == 1 else 'tries'} failed" if side.failed else ""
    return ", ".join(each for each in (f"{said}{reason}", failed) if each)


def deviations(found: Comparison) -> list[str]:
    """Every deviation, and in which runs."""
    told = [f"{letter(at)} had {_count(side.deviations)}" for at, side in enumerate(found.runs)]
    lines = ["; ".join(told)]
    for row in found.deviations:
        lines.append(f"{DEVIATIONS.get(row.kind, row.kind)}: {shortened(row.where, 100)}")
        lines += [
            f"  {letter(at)}  {shortened(reason, 300)}" for at, reasons in enumerate(row.reasons) for reason in reasons
        ]
    return lines


def _count(deviations: int) -> str:
    return f"{deviations or 'no'} deviation{'s' * (deviations != 1)}"


def said(found: Comparison) -> list[str]:
    """Who confirmed what another person did elsewhere, and what was recorded otherwise."""
    names = dict.fromkeys(name for side in found.runs for name in side.values)
    told = []
    for name in names:
        values = [side.values.get(name) for side in found.runs]
        if len(set(values)) > 1:
            shown = [f"{letter(at)} {shortened(v, 60) if v is not None else '–'}" for at, v in enumerate(values)]
            told.append(f"{visible(name)}: {'; '.join(shown)}")
    return told


def people(found: Comparison) -> list[str]:
    """Who settled each step that was not settled by the same people everywhere."""
    told = []
    for step in found.steps:
        who = [_who(side) for side in step.sides]
        if len({each for each in who if each}) > 1:
            shown = [f"{letter(at)} {each}" for at, each in enumerate(who) if each]
            told.append(f"{_step_called(step)}: {'; '.join(shown)}")
    return told


def _who(side: StepSide | None) -> str:
    if side is None or not side.by or side.status == "not_applicable":
        return ""
    names = [each.partition("@")[0] for each in (side.by, side.second) if each]
    return shortened(" with ".join(names), 60)


# ---- estimates -----------------------------------------------------------------------------------------------------


def estimate_lines(estimates: Sequence[Estimate]) -> list[str]:
    """What to paste, with why: comments and lines of TOML."""
    lines = []
    for each in estimates:
        was = f"planned {written(each.estimate_s)}" if each.estimate_s else "no estimate"
        runs = f"median of {len(each.took_s)}" if len(each.took_s) > 1 else "in one run"
        where = f", in {' and '.join(map(visible, each.places))}" if each.places else ""
        lines += [
            f"# {each.number} {shortened(each.title or each.id, 80)} (id {each.id}{where})",
            f"# took {duration(each.median_s)}, {runs}{_again(each)}; {was}{_off(each)}",
            each.toml,
        ]
    return lines


def _again(each: Estimate) -> str:
    if not each.tried_again:
        return ""
    return " with another attempt" if len(each.took_s) == 1 else f", {each.tried_again} with another attempt"


def _off(each: Estimate) -> str:
    if each.factor is None:
        return ""
    return f": {each.factor:.1f} times that" if each.factor >= 1 else f": {each.factor:.0%} of that"
