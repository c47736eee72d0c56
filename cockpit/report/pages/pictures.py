"""The pictures of one report: which are drawn, what each says in words, and which probes there is room for."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from cockpit.report.chronicle.chronicle import Chronicle
from cockpit.report.chronicle.records import ProbeRecord
from cockpit.report.pages.axis import Axis, axis
from cockpit.report.pages.chart_probes import beyond, probe_chart, statuses
from cockpit.report.pages.chart_timeline import timeline
from cockpit.report.pages.drawing import Painter, Picture
from cockpit.report.pages.phrasing import Phrasing
from cockpit.report.pages.standouts import StandOut
from cockpit.run.phrases import quantity
from cockpit.text import counted

CHARTS = 48
"""Probes that are drawn; of more, those that were not always well or that a gate or trigger compares come first."""
STRIPS = 60


class ProbePicture(Struct, frozen=True):
    """One probe's course."""

    probe: ProbeRecord
    picture: Picture
    beyond: str
    """Thresholds too far away for the picture; empty: none are."""


class Pictures(Struct, frozen=True):
    """Wide for a desk and for paper, narrow for a telephone."""

    wide: Picture
    narrow: Picture
    strips: Picture
    narrow_strips: Picture
    probes: tuple[ProbePicture, ...]
    not_drawn: tuple[str, ...]
    """Ids of probes with numbers for which there was no room."""


def pictures(told: Chronicle, marks: tuple[StandOut, ...], say: Phrasing) -> Pictures:
    """Draw them."""
    painter, nothing = Painter(), Picture()
    if told.began is None or told.last is None:
        return Pictures(nothing, nothing, nothing, nothing, (), ())
    shared = axis(told.began, told.ended or told.last, _busy(told), say.zone)
    what = f"{told.title or told.profile} on {told.environment}"
    words = _in_words(told, say)
    drawn, not_drawn = _chosen(told)
    troubled = [probe for probe in told.probes if set(probe.seconds) - {"pass", "unread"}][:STRIPS]
    strips_of = counted(len(troubled), "probe that was", "probes that were")
    strips, narrow_strips = (
        painter.draw(
            statuses(troubled, shared, wide=wide),
            "How the probes stood",
            f"Strips of time for {strips_of} not always passing; the table of changes has it all.",
        )
        if troubled
        else nothing
        for wide in (True, False)
    )
    return Pictures(
        painter.draw(timeline(told, shared, marks, wide=True), f"{what}: the run against its plan", words),
        painter.draw(timeline(told, shared, marks, wide=False), f"{what}: the phases against their plan", words),
        strips,
        narrow_strips,
        tuple(_probe(painter, probe, shared, _moments(told)) for probe in drawn),
        tuple(not_drawn),
    )


def _busy(told: Chronicle) -> list[datetime]:
    """When something happened, by people or by the keeper; probes that merely changed keep no stretch long."""
    times = [each.at for each in told.happenings]
    return times + [each.ended for each in told.holds if each.ended]


def _in_words(told: Chronicle, say: Phrasing) -> str:
    told_phases = [
        f"{say.phase(phase.id)}: {say.lasted(phase.actual_s)}"
        + (f", planned {say.lasted(phase.planned_s)}" if phase.planned_s else "")
        for phase in told.phases[:40]
        if phase.began
    ]
    return f"From {say.moment(told.began)} to {say.moment(told.ended or told.last)}. {'; '.join(told_phases)}."


def _moments(told: Chronicle) -> list[tuple[datetime, str]]:
    """When people confirmed, and the numbers of the steps."""
    numbers = {step.id: step.number for step in told.steps}
    found = [
        (each.at, numbers.get(each.step, ""))
        for each in told.decisions
        if each.type in ("step.confirmed", "phase.left")
    ]
    return found[:400]


def _chosen(told: Chronicle) -> tuple[list[ProbeRecord], list[str]]:
    """The probes that are drawn, in the profile's order, and the ids of the others that have numbers."""
    numeric = [probe for probe in told.probes if probe.buckets]
    by_interest = sorted(numeric, key=lambda p: (not set(p.seconds) - {"pass", "unread"}, not p.thresholds))
    chosen = {probe.id for probe in by_interest[:CHARTS]}
    return [p for p in numeric if p.id in chosen], [p.id for p in numeric if p.id not in chosen]


def _probe(painter: Painter, probe: ProbeRecord, shared: Axis, moments: list[tuple[datetime, str]]) -> ProbePicture:
    reach = f"between {quantity(probe.least, probe.unit)} and {quantity(probe.most, probe.unit)}"
    limits = (
        ", ".join(dict.fromkeys(f"{t.level} {t.op} {t.value:g}" for t in probe.thresholds))
        or "none that is a plain number"
    )
    readings = f"{counted(probe.readings, 'reading')} {reach}"
    words = f"{readings}; thresholds: {limits}; dashed lines are the moments people confirmed."
    picture = painter.draw(probe_chart(probe, shared, moments), f"{probe.id} {probe.title}".strip(), words)
    return ProbePicture(probe, picture, "; ".join(dict.fromkeys(beyond(probe))))
