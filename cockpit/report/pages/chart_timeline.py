"""The picture of a night against its plan: phases and steps, planned and as they were, under lanes of what stood out.

Pure: see `charting`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cockpit.report.chronicle.chronicle import Chronicle
from cockpit.report.chronicle.records import PhaseRecord, StepRecord
from cockpit.report.pages.axis import WIDTH, Axis
from cockpit.report.pages.charting import Spec, framed, labels, on_axis
from cockpit.report.pages.clocktime import duration
from cockpit.report.pages.plan import planned
from cockpit.report.pages.standouts import LANES, StandOut
from cockpit.text import shortened

MOST_ROWS = 70
"""More rows are no picture: then the steps stand in their table alone."""
_DONE, _OPEN, _BACK, _PLAN, _SKIPPED = "#2b6d99", "#9cc3dd", "#a0522d", "#dcdcdc", "#ffffff"
_SHAPES = {"trigger": "triangle-up", "failure": "cross", "unknown": "cross", "rollback": "triangle-left",
           "hold": "square", "pen": "circle", "aborted": "square", "damage": "cross"}  # fmt: skip
_WORDS_APART = 150.0
_WORDS = {
    "done_outside": "done outside",
    "not_applicable": "did not apply",
    "skipped": "skipped",
    "conflict": "IN CONFLICT",
}


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
    names = [*[LANES[kind] for kind in lanes], *[_row_label(row, wide=wide) for row in rows]]
    bold = [True] * len(lanes) + [isinstance(row, PhaseRecord) for row in rows]
    layers = [
        *_cuts(axis, count, x, y),
        *_unproven(told, axis, count, x, y),
        *_window(told, axis, x, y),
        *_lanes(told, axis, marks, lanes, x, y, wide=wide),
        *_bars(told, axis, rows, len(lanes), x, y, wide=wide),
        *labels(names, y, wide=wide, bold=bold),
        # Nothing is drawn by it: it gives the axis to a run without any of the others.
        {"data": {"values": [{"x": 0, "y": 0}]}, "mark": {"type": "point", "opacity": 0},
         "encoding": {"x": x, "y": {"field": "y", **y}}},
    ]  # fmt: skip
    return framed({"layer": layers}, max(40, height), wide=wide, top=36 if axis.cuts else 20)


def _row_label(row: PhaseRecord | StepRecord, *, wide: bool) -> str:
    if wide:
        return shortened(f"{row.number} {row.title or row.id}", 60)
    took = f": {_took(row)}" if _is_begun(row) else ""
    return f"{shortened(f'{row.number} {row.title or row.id}', 24)}{took}"


def _is_begun(row: PhaseRecord | StepRecord) -> bool:
    return bool(row.visits) if isinstance(row, StepRecord) else row.began is not None


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
    assert last is not None
    if isinstance(row, StepRecord):
        return [(visit.began, visit.ended or last) for visit in row.visits]
    if row.began is None:
        return []
    visits = [visit for step in told.steps if step.phase == row.id and step.plan == row.plan for visit in step.visits]
    left = max((visit.ended or last for visit in visits), default=last)  # it may have been left for a way back
    return [(row.began, row.ended or left)]


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
        own = [(axis.x(each.at), each.number) for each in marks if each.kind == kind]
        points: list[Spec] = [
            {"x": at, "y": row + middle, "number": number} for at, number in _numbered(own, 16 if wide else 36)
        ]
        shape: Spec = {"type": "point", "shape": _SHAPES.get(kind, "diamond"), "filled": True, "size": 70,
                       "color": "#1b1b1b", "opacity": 1}  # fmt: skip
        number: Spec = {"type": "text", "dx": 7, "align": "left", "baseline": "middle", "fontSize": 11}
        layers.append({
            "data": {"values": points},
            "encoding": {"x": x, "y": {"field": "y", **y}},
            "layer": [{"mark": shape}, {"mark": number, "encoding": {"text": {"field": "number"}}}],
        })  # fmt: skip
    return layers


def _numbered(places: list[tuple[float, int]], apart: float) -> list[tuple[float, str]]:
    """Each place with its number; those that stand nearer than `apart` have theirs together, at the last of them."""
    told, together = list[tuple[float, str]](), list[int]()
    for at, (x, number) in enumerate(places):
        together.append(number)
        has_room = at + 1 == len(places) or places[at + 1][0] - x > apart
        label = f"{together[0]}…{together[-1]}" if len(together) > 2 else ", ".join(map(str, together))
        told.append((x, label if has_room else ""))
        together = [] if has_room else together
    return told


def _cuts(axis: Axis, count: int, x: Spec, y: Spec) -> list[Spec]:
    if not axis.cuts:
        return []
    data = [{"x": cut.x, "x2": cut.x2, "y": 0, "y2": count, "label": f"// {cut.says}"} for cut in axis.cuts]
    return [
        {"data": {"values": data}, "mark": {"type": "rect", "fill": "#f1f1f1"},
         "encoding": {"x": x, "x2": {"field": "x2"}, "y": {"field": "y", **y}, "y2": {"field": "y2"}}},
        {"data": {"values": data},
         "mark": {"type": "text", "align": "center", "baseline": "bottom", "dy": -18, "dx": 10, "fontSize": 11},
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
    lined: list[Spec] = [{"x": axis.x(at)} for at, _ in lines if at and axis.holds(at)]
    data: list[Spec] = [{"x": axis.x(at), "y": 0, "label": label} for at, label in lines if at and axis.holds(at)]
    for at in range(len(data) - 1, 0, -1):
        if data[at]["x"] - data[at - 1]["x"] < _WORDS_APART:  # one after the other instead of one upon the other
            data[at - 1]["label"] += f", {data.pop(at)['label']}"
    layers: list[Spec] = [
        {
            "data": {"values": lined},
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
