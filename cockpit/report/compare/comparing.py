"""A comparison in words: its heads and lists, line by line, for a terminal or a document.

Invariant: every line is one visible line; those to paste are TOML. A run is called by a letter; A is the base.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

from cockpit.profile.durations import written
from cockpit.report.compare.comparing_tables import step_called
from cockpit.report.compare.comparison_records import Comparison, Side, StepSide, letter
from cockpit.report.compare.estimates import Estimate
from cockpit.report.pages.clocktime import duration, local, zone_name
from cockpit.report.pages.phrasing import DEVIATIONS
from cockpit.text import shortened, visible


def heads(found: Comparison, zone: tzinfo) -> list[str]:
    """A line for each run."""
    return [f"{letter(at)}  {_about(side, zone)}" for at, side in enumerate(found.runs)]


def _about(side: Side, zone: tzinfo) -> str:
    began = f"{local(side.began, zone):%Y-%m-%d %H:%M}" if side.began else "?"
    zoned = "UTC" if zone is UTC else zone_name(zone, side.began) if side.began else ""
    named = f"{side.run[:12]}…" if len(side.run) > 26 else side.run
    named += f" ({shortened(side.name, 40)})" if side.name else ""
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
            told.append(f"{step_called(step)}: {'; '.join(said)}{gone}")
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
        "conflict": "IN CONFLICT: settled by two sides, and by nobody since",
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
            told.append(f"{step_called(step)}: {'; '.join(shown)}")
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
            f"# {each.number} {shortened(each.title or each.id, 80)} (id {shortened(each.id, 80)}{where})",
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
