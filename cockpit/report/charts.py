"""The specifications of a report's pictures, as Vega-Lite: the night against its plan, the probes, their statuses.

Pure. Text of a log stands in the data alone, where the library shows it and never runs it; places come from the shared
axis. Everything is told by shape, place and word; colour, in steps of lightness, repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cockpit.report.axis import WIDTH, Axis
from cockpit.report.chronicle import Chronicle
from cockpit.report.clocktime import duration
from cockpit.report.plan import planned
from cockpit.report.records import PhaseRecord, ProbeRecord, StepRecord
from cockpit.report.standouts import LANES, StandOut
from cockpit.text import shortened

Spec = dict[str, Any]
MOST_ROWS = 70
"""More rows are no picture: then the steps stand in their table alone."""
_POINTS = 300
_MOMENTS = 60
"""Lines of confirmations in one picture; of more, some that stand close to others are left out."""
_DONE, _OPEN, _BACK, _PLAN, _SKIPPED = "#2b6d99", "#9cc3dd", "#a0522d", "#dcdcdc", "#ffffff"
_SHAPES = {"trigger": "triangle-up", "failure": "cross", "unknown": "cross", "rollback": "triangle-left",
           "hold": "square", "pen": "circle", "aborted": "square", "damage": "cross"}  # fmt: skip
STATUS_INKS = {"pass": "#d5ecd5", "warn": "#e3a835", "fail": "#a11d2b", "error": "#4b2a63", "stale": "#bdbdbd"}
"""From light to dark as it gets worse."""
_WORDS = {"done_outside": "done outside", "not_applicable": "did not apply", "skipped": "skipped"}


def on_axis(axis: Axis, most: int) -> Spec:
    """The shared axis as an encoding's scale and labels. The labels are times that were written here."""
    ticks = axis.ticks(most)
    written = "{" + ",".join(f'"{tick.x:g}":["{tick.label}","{tick.day}"]' for tick in ticks) + "}[datum.value]"
    shown: Spec = {"values": [tick.x for tick in ticks], "labelExpr": written, "title": None, "grid": True,
                   "labelLineHeight": 14, "labelOverlap": False}  # fmt: skip
    return {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [0, WIDTH], "nice": False, "zero": False},
        "axis": shown,
    }


# ---- the night against its plan --------------------------------------------------------------------------------------


def timeline(told: Chronicle, axis: Axis, marks: Iterable[StandOut], *, wide: bool) -> Spec:
    """Phases and steps, planned (pale, above) and actual (below), under lanes of what stood out.

    The narrow one has phases alone, and its labels above the bars.
    """
    marks = [each for each in marks if axis.holds(each.at)]
    lanes = [kind for kind in LANES if any(each.kind == kind for each in marks)]
    rows: list[PhaseRecord | StepRecord] = []
    with_steps = wide and len(told.steps) + len(told.phases) + len(lanes) <= MOST_ROWS
    for phase in told.phases[:MOST_ROWS]:
        rows.append(phase)
        if with_steps:
            rows += [step for step in told.steps if step.phase == phase.id and step.plan == phase.plan]
    count = len(lanes) + len(rows)
    height = count * (24 if wide else 36)
    y: Spec = {"type": "quantitative", "scale": {"domain": [0, count], "reverse": True, "nice": False}, "axis": None}
    x = on_axis(axis, 9 if wide else 4)
    labels = [*[LANES[kind] for kind in lanes], *[_row_label(row, wide=wide) for row in rows]]
    bold = [True] * len(lanes) + [isinstance(row, PhaseRecord) for row in rows]
    layers = [
        *_cuts(axis, count, x, y),
        *_unproven(told, axis, count, x, y),
        *_window(told, axis, x, y),
        *_lanes(told, axis, marks, lanes, x, y, wide=wide),
        *_bars(told, axis, rows, len(lanes), x, y, wide=wide),
        *_labels(labels, y, wide=wide, bold=bold),
        # Nothing is drawn by it: it gives the axis to a run without any of the others.
        {"data": {"values": [{"x": 0, "y": 0}]}, "mark": {"type": "point", "opacity": 0},
         "encoding": {"x": x, "y": {"field": "y", **y}}},
    ]  # fmt: skip
    return _framed({"layer": layers}, max(40, height), wide=wide, top=20)


def _framed(spec: Spec, height: int, *, wide: bool, top: int = 4) -> Spec:
    """A picture of a fixed size, with room for names at its left: fonts differ from one reader to the next."""
    padding = {"left": 230 if wide else 10, "right": 20, "top": top, "bottom": 40}
    spec = {**spec, "layer": [each for each in spec["layer"] if each["data"]["values"]]}
    return {**spec, "width": 660 if wide else 330, "height": height, "padding": padding, "autosize": {"type": "none"}}


def _row_label(row: PhaseRecord | StepRecord, *, wide: bool) -> str:
    if wide:
        return shortened(f"{row.number} {row.title or row.id}", 60)
    took = f": {_took(row)}" if _is_begun(row) else ""
    return f"{shortened(f'{row.number} {row.title or row.id}', 24)}{took}"


def _is_begun(row: PhaseRecord | StepRecord) -> bool:
    return bool(row.visits) if isinstance(row, StepRecord) else row.began is not None


def _labels(texts: list[str], y: Spec, *, wide: bool, bold: list[bool]) -> list[Spec]:
    """Names of rows: to the left, or above the bars where there is no room."""
    data = [{"label": text, "y": row + (0.5 if wide else 0.2), "bold": heavy}
            for row, (text, heavy) in enumerate(zip(texts, bold, strict=True))]  # fmt: skip
    mark: Spec = {"type": "text", "align": "right" if wide else "left", "baseline": "middle", "fontSize": 13}
    limit = 180 if wide else 290  # as the library measures them; a reader's bold font may be a fifth wider
    return [
        {
            "data": {"values": [each for each in data if each["bold"] is heavy]},
            "mark": {**mark, "fontWeight": "bold" if heavy else "normal", "limit": limit - (20 if heavy else 0)},
            "encoding": {"x": {"value": -8 if wide else 2}, "y": {"field": "y", **y}, "text": {"field": "label"}},
        }
        for heavy in (True, False)
    ]


def _bars(
    told: Chronicle, axis: Axis, rows: list[PhaseRecord | StepRecord], first: int, x: Spec, y: Spec, *, wide: bool
) -> list[Spec]:
    plans, bars, words = list[Spec](), list[Spec](), list[Spec]()
    of_phases, of_steps = planned(told)
    top = 0.0 if wide else 0.3
    for row, each in enumerate(rows, first):
        plan = (of_phases if isinstance(each, PhaseRecord) else of_steps).get(each.id)
        if plan is not None and axis.holds(plan[0]):
            plans.append({"x": axis.x(plan[0]), "x2": axis.x(plan[1]), "y": row + top + (1 - top) * 0.1,
                          "y2": row + top + (1 - top) * 0.4})  # fmt: skip
        stays = _stays(told, each)
        for began, ended in stays:
            at = axis.x(began)
            bars.append({"x": at, "x2": max(at + 1.5, axis.x(ended)), "y": row + top + (1 - top) * 0.42,
                         "y2": row + top + (1 - top) * 0.9, "ink": _ink(each)})  # fmt: skip
        if stays and wide:
            words.append(_beside(axis.x(stays[0][0]), axis.x(stays[-1][1])) | {"y": row + 0.66, "label": _took(each)})
    rect: Spec = {"x": x, "x2": {"field": "x2"}, "y": {"field": "y", **y}, "y2": {"field": "y2"}}
    layers: list[Spec] = [
        {"data": {"values": plans}, "mark": {"type": "rect", "fill": _PLAN, "stroke": "#8a8a8a", "strokeWidth": 0.8},
         "encoding": rect},
        {"data": {"values": bars}, "mark": {"type": "rect", "stroke": "#1f3d52", "strokeWidth": 0.8},
         "encoding": {**rect, "fill": {"field": "ink", "type": "nominal", "scale": None}}},
    ]  # fmt: skip
    for side, align, dx in (("after", "left", 4), ("before", "right", -4), ("within", "left", 4)):
        mark: Spec = {"type": "text", "align": align, "baseline": "middle", "dx": dx, "fontSize": 11,
                      "color": "white" if side == "within" else "#1b1b1b"}  # fmt: skip
        data = [each for each in words if each["side"] == side]
        encoding: Spec = {"x": x, "y": {"field": "y", **y}, "text": {"field": "label"}}
        layers.append({"data": {"values": data}, "mark": mark, "encoding": encoding})
    return layers


def _beside(begin: float, end: float) -> Spec:
    """Where a bar's words have room: after it, before it, else within it."""
    if end < WIDTH * 0.66:
        return {"x": end, "side": "after"}
    return {"x": begin, "side": "before"} if begin > WIDTH * 0.34 else {"x": begin, "side": "within"}


def _stays(told: Chronicle, row: PhaseRecord | StepRecord) -> list[tuple[Any, Any]]:
    """From when to when it was current; of a phase, from its first beginning to its end."""
    last = told.ended or told.last
    if isinstance(row, StepRecord):
        return [(visit.began, visit.ended or last) for visit in row.visits]
    return [(row.began, row.ended or last)] if row.began else []


def _ink(row: PhaseRecord | StepRecord) -> str:
    if row.plan:
        return _BACK
    if isinstance(row, PhaseRecord):
        return _DONE if row.ended else _OPEN
    if row.status in ("skipped", "not_applicable"):
        return _SKIPPED
    return _OPEN if row.status == "open" else _DONE


def _took(row: PhaseRecord | StepRecord) -> str:
    plan = f" (planned {duration(row.planned_s)})" if row.planned_s > 0 else ""
    status = row.status if isinstance(row, StepRecord) else "" if row.ended else "open"
    word = {"confirmed": "", "": ""}.get(status, f" {_WORDS.get(status, status)}")
    again = f", attempt {row.attempts}" if isinstance(row, StepRecord) and row.attempts > 1 else ""
    return f"{duration(row.actual_s)}{plan}{again}{',' if word else ''}{word}"


def _lanes(
    told: Chronicle, axis: Axis, marks: list[StandOut], lanes: list[Any], x: Spec, y: Spec, *, wide: bool
) -> list[Spec]:
    layers: list[Spec] = []
    middle = 0.5 if wide else 0.68
    holds = [
        {"x": axis.x(each.began), "x2": max(axis.x(each.ended or told.last or each.began), axis.x(each.began) + 2),
         "y": lanes.index("hold") + middle - 0.2, "y2": lanes.index("hold") + middle + 0.2}
        for each in told.holds if "hold" in lanes
    ]  # fmt: skip
    if holds:
        layers.append({"data": {"values": holds},
                       "mark": {"type": "rect", "fill": "#c9c9c9", "stroke": "#555", "strokeDash": [3, 2]},
                       "encoding": {"x": x, "x2": {"field": "x2"}, "y": {"field": "y", **y},
                                    "y2": {"field": "y2"}}})  # fmt: skip
    for row, kind in enumerate(lanes):
        points, last_x = list[Spec](), -WIDTH
        for each in marks:
            if each.kind != kind:
                continue
            at = axis.x(each.at)
            has_room = at - last_x > (16 if wide else 36)
            points.append({"x": at, "y": row + middle, "number": str(each.number) if has_room else ""})
            last_x = at if has_room else last_x
        shape: Spec = {"type": "point", "shape": _SHAPES.get(kind, "diamond"), "filled": True, "size": 70,
                       "color": "#1b1b1b", "opacity": 1}  # fmt: skip
        number: Spec = {"type": "text", "dx": 7, "align": "left", "baseline": "middle", "fontSize": 11}
        layers.append({
            "data": {"values": points},
            "encoding": {"x": x, "y": {"field": "y", **y}},
            "layer": [{"mark": shape}, {"mark": number, "encoding": {"text": {"field": "number"}}}],
        })  # fmt: skip
    return layers


def _cuts(axis: Axis, count: int, x: Spec, y: Spec) -> list[Spec]:
    if not axis.cuts:
        return []
    data = [{"x": cut.x, "x2": cut.x2, "y": 0, "y2": count, "label": f"// {cut.says}"} for cut in axis.cuts]
    return [
        {"data": {"values": data}, "mark": {"type": "rect", "fill": "#f1f1f1"},
         "encoding": {"x": x, "x2": {"field": "x2"}, "y": {"field": "y", **y}, "y2": {"field": "y2"}}},
        {"data": {"values": data}, "mark": {"type": "text", "align": "left", "baseline": "bottom", "dy": -3,
                                            "fontSize": 11, "color": "#555"},
         "encoding": {"x": x, "y": {"field": "y", **y}, "text": {"field": "label"}}},
    ]  # fmt: skip


def _unproven(told: Chronicle, axis: Axis, count: int, x: Spec, y: Spec) -> list[Spec]:
    """From where on nothing vouches for what is drawn."""
    if told.unproven_since is None:
        return []
    at = min(axis.x(told.unproven_since), WIDTH - 3)
    data: list[Spec] = [{"x": at, "x2": WIDTH, "y": 0, "y2": count, "label": "✖ not proven"}]
    is_left = at < WIDTH * 0.8
    word: Spec = {"type": "text", "align": "left" if is_left else "right", "baseline": "top", "dy": 2, "dx": 2,
                  "fontSize": 11, "fontWeight": "bold", "color": "#8a1522"}  # fmt: skip
    return [
        {"data": {"values": data},
         "mark": {"type": "rect", "fill": "#f6dfe1", "stroke": "#8a1522", "strokeDash": [3, 3]},
         "encoding": {"x": x, "x2": {"field": "x2"}, "y": {"field": "y", **y}, "y2": {"field": "y2"}}},
        {"data": {"values": data}, "mark": word,
         "encoding": {"x": x, "y": {"field": "y", **y}, "text": {"field": "label"}}},
    ]  # fmt: skip


def _window(told: Chronicle, axis: Axis, x: Spec, y: Spec) -> list[Spec]:
    """Lines where the window opens and ends, and where there is no return, if they are on the picture."""
    window = told.window
    if window is None:
        return []
    lines = [(window.start, "window opens"), (window.no_return, "no return"), (window.end, "window ends")]
    data: list[Spec] = [{"x": axis.x(at), "y": 0, "label": label} for at, label in lines if at and axis.holds(at)]
    layers: list[Spec] = [
        {
            "data": {"values": data},
            "mark": {"type": "rule", "color": "#1b1b1b", "strokeDash": [6, 3]},
            "encoding": {"x": x},
        }
    ]
    for is_left in (True, False):
        mark: Spec = {"type": "text", "align": "left" if is_left else "right", "baseline": "bottom",
                      "dx": 2 if is_left else -2, "dy": -3, "fontSize": 11}  # fmt: skip
        words = [each for each in data if (each["x"] < WIDTH * 0.8) is is_left]
        encoding: Spec = {"x": x, "y": {"field": "y", **y}, "text": {"field": "label"}}
        layers.append({"data": {"values": words}, "mark": mark, "encoding": encoding})
    return layers


# ---- probes --------------------------------------------------------------------------------------------------------


def probe_chart(probe: ProbeRecord, axis: Axis, confirmed: Iterable[tuple[Any, str]]) -> Spec:
    """One probe's numbers, thresholds and statuses; `confirmed`: when people confirmed, and what."""
    low, high = _reach(probe)
    y: Spec = {"type": "quantitative", "scale": {"domain": [low, high], "nice": False, "zero": False},
               "axis": {"title": probe.unit[:12] or None, "tickCount": 4, "grid": True}}  # fmt: skip
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
    names = _labels([shortened(probe.id, 40) for probe in probes], y, wide=wide, bold=[False] * count)
    bars: Spec = {"data": {"values": data}, "mark": {"type": "rect", "stroke": "#777", "strokeWidth": 0.5},
                  "encoding": {**rect, "fill": {"field": "ink", "type": "nominal", "scale": None}}}  # fmt: skip
    return _framed({"layer": [bars, *names]}, count * (20 if wide else 32), wide=wide)
