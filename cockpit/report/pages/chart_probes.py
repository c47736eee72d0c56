"""The pictures of probes: what one read, with its thresholds, and how all of them stood over time.

Pure: see `charting`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cockpit.report.chronicle.records import ProbeRecord
from cockpit.report.pages.axis import WIDTH, Axis
from cockpit.report.pages.charting import Spec, framed, labels, on_axis
from cockpit.text import shortened

_POINTS = 300
_MOMENTS = 60
"""Lines of confirmations in one picture; of more, some that stand close to others are left out."""
STATUS_INKS = {"pass": "#d5ecd5", "warn": "#e3a835", "fail": "#a11d2b", "error": "#4b2a63", "stale": "#bdbdbd"}
"""From light to dark as it gets worse."""


def probe_chart(probe: ProbeRecord, axis: Axis, confirmed: Iterable[tuple[Any, str]]) -> Spec:
    """One probe's numbers, thresholds and statuses; `confirmed`: when people confirmed, and what."""
    low, high = _reach(probe)
    y: Spec = {"type": "quantitative", "scale": {"domain": [low, high], "nice": False, "zero": False},
               "axis": {"title": shortened(probe.unit, 12) or None, "tickCount": 4, "grid": True}}  # fmt: skip
    x = on_axis(axis, 5)
    values = [
        {"x": axis.x(each.at), "low": each.low, "high": each.high, "last": each.last}
        for each in _fewer(probe)
    ]  # fmt: skip
    if values:
        end = axis.x(axis.ended)
        values.append({**values[-1], "x": end, "low": values[-1]["last"], "high": values[-1]["last"]})
    every = [{"x": axis.x(at), "label": label} for at, label in confirmed if axis.holds(at)]
    moments = _apart(every, 3.0 if len(every) <= _MOMENTS else WIDTH / _MOMENTS)
    limits = [
        {"y": each.value, "label": f"{each.level} {each.op} {each.value:g}"}
        for each in probe.thresholds
        if low <= each.value <= high
    ]
    limits = list({each["y"]: each for each in reversed(limits)}.values())  # one word a line, the probe's own first
    layers: list[Spec] = [
        {"data": {"values": moments}, "mark": {"type": "rule", "color": "#9a9a9a", "strokeDash": [2, 2]},
         "encoding": {"x": x}},
        {"data": {"values": _apart(moments, 62)},
         "mark": {"type": "text", "align": "center", "baseline": "bottom", "dy": -2, "fontSize": 10, "color": "#444"},
         "encoding": {"x": x, "y": {"value": 0}, "text": {"field": "label"}}},
        {"data": {"values": values}, "mark": {"type": "area", "interpolate": "step-after", "fill": "#2b6d99",
                                              "opacity": 0.22},
         "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}}},
        {"data": {"values": values}, "mark": {"type": "line", "interpolate": "step-after", "stroke": "#17486a",
                                              "strokeWidth": 1.3},
         "encoding": {"x": x, "y": {"field": "last", **y}}},
        {"data": {"values": limits}, "mark": {"type": "rule", "color": "#a11d2b", "strokeDash": [7, 3]},
         "encoding": {"y": {"field": "y", **y}}},
        {"data": {"values": limits}, "mark": {"type": "text", "align": "right", "baseline": "bottom", "dy": -2,
                                              "fontSize": 11, "color": "#8a1522"},
         "encoding": {"x": {"value": 378}, "y": {"field": "y", **y}, "text": {"field": "label"}}},
    ]  # fmt: skip
    return {"width": 380, "height": 120, "layer": [each for each in layers if each["data"]["values"]]}


def _fewer(probe: ProbeRecord) -> list[Any]:
    """At most `_POINTS` of its stretches, neighbours put together: no spike is lost."""
    told = list(probe.buckets)
    while len(told) > _POINTS:
        told = [_both(told[at : at + 2]) for at in range(0, len(told), 2)]
    return told


def _both(pair: list[Any]) -> Any:
    first, later = pair[0], pair[-1]
    return type(first)(
        first.at, min(each.low for each in pair), max(each.high for each in pair), later.last,
        sum(each.readings for each in pair),
    )  # fmt: skip


def _reach(probe: ProbeRecord) -> tuple[float, float]:
    """From the least to the greatest number, and thresholds that lie near."""
    low, high = probe.least or 0.0, probe.most or 0.0
    span = (high - low) or abs(high) or 1.0
    near = [each.value for each in probe.thresholds if low - 1.5 * span <= each.value <= high + 1.5 * span]
    low, high = min([low, *near]), max([high, *near])
    margin = (high - low or abs(high) or 1.0) * 0.06
    return (low if low == 0 else low - margin), high + 3 * margin


def beyond(probe: ProbeRecord) -> list[str]:
    """The thresholds that are too far away for the picture, in words."""
    low, high = _reach(probe)
    return [f"{each.level} {each.op} {each.value:g}" for each in probe.thresholds if not low <= each.value <= high]


def _apart(moments: list[Spec], least: float) -> list[Spec]:
    """Those that are at least so far apart."""
    told, last = list[Spec](), -WIDTH
    for each in moments:
        if each["x"] - last >= least:
            told.append(each)
            last = each["x"]
    return told


def statuses(probes: list[ProbeRecord], axis: Axis, *, wide: bool) -> Spec:
    """How each probe stood over time: a strip a probe, darker as it got worse, each change in words in its table."""
    data, count = list[Spec](), len(probes)
    for row, probe in enumerate(probes):
        since, status = axis.began, "unread"
        for change in [*probe.changes, None]:
            until = change.at if change else axis.ended
            if status != "unread" and axis.x(until) > axis.x(since):
                data.append({"x": axis.x(since), "x2": axis.x(until), "y": row + (0.2 if wide else 0.5),
                             "y2": row + 0.85, "ink": STATUS_INKS.get(status, "#ffffff")})  # fmt: skip
            if change:
                since, status = change.at, change.status
    y: Spec = {"type": "quantitative", "scale": {"domain": [0, count], "reverse": True, "nice": False}, "axis": None}
    x = on_axis(axis, 9 if wide else 4)
    rect: Spec = {"x": x, "x2": {"field": "x2"}, "y": {"field": "y", **y}, "y2": {"field": "y2"}}
    names = labels([shortened(probe.id, 40) for probe in probes], y, wide=wide, bold=[False] * count)
    bars: Spec = {"data": {"values": data}, "mark": {"type": "rect", "stroke": "#777", "strokeWidth": 0.5},
                  "encoding": {**rect, "fill": {"field": "ink", "type": "nominal", "scale": None}}}  # fmt: skip
    return framed({"layer": [bars, *names]}, count * (20 if wide else 32), wide=wide)
