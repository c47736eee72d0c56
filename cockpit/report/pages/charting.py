"""What the pictures of a report share, as Vega-Lite: the time axis, the frame, the names of rows.

Pure. Text of a log stands in the data alone, where the library shows it and never runs it; places come from the shared
axis. Everything is told by shape, place and word; colour, in steps of lightness, repeats it.
"""

from __future__ import annotations

from typing import Any

from cockpit.report.pages.axis import WIDTH, Axis

Spec = dict[str, Any]


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


def framed(spec: Spec, height: int, *, wide: bool, top: int = 4) -> Spec:
    """A picture of a fixed size, with room for names at its left: fonts differ from one reader to the next."""
    padding = {"left": 230 if wide else 10, "right": 20, "top": top, "bottom": 40}
    spec = {**spec, "layer": [each for each in spec["layer"] if each["data"]["values"]]}
    return {**spec, "width": 660 if wide else 330, "height": height, "padding": padding, "autosize": {"type": "none"}}


def labels(texts: list[str], y: Spec, *, wide: bool, bold: list[bool]) -> list[Spec]:
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
