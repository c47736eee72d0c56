"""The layout: at every size all panes lie inside, beside each other, and none is gone without a trace."""

from __future__ import annotations

import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.tui.layout import ACTING, READING, Box, plan, timeline_rows

ROWS_OF_A_GATE = st.integers(0, 40)
PROBES = st.integers(0, 200)


def overlap(a: Box, b: Box) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


@given(st.integers(READING[0], 200), st.integers(READING[1], 60), ROWS_OF_A_GATE, PROBES, st.booleans(), st.booleans())
@example(40, 13, 40, 200, True, True)
@example(59, 13, 3, 1, True, False)
@example(80, 24, 3, 30, False, True)
def test_at_every_readable_size_panes_lie_inside_and_none_covers_another(
    width, height, gate_rows, probes, has_banner, has_timeline
):
    boxes = _planned(width, height, gate_rows, probes, has_banner, has_timeline).boxes
    for name, box in boxes.items():
        assert box.x >= 0, name
        assert box.y >= 0, name
        assert box.width > 0, name
        assert box.x + box.width <= width, name
        assert box.y + box.height <= height, name
    drawn = {name: box for name, box in boxes.items() if box.height > 0}
    for (one, a), (other, b) in itertools.combinations(drawn.items(), 2):
        assert not overlap(a, b), f"{one} {a} covers {other} {b}"


@given(st.integers(READING[0], 200), st.integers(READING[1], 60), ROWS_OF_A_GATE, PROBES, st.booleans(), st.booleans())
@example(40, 13, 40, 200, True, True)
def test_tree_step_and_probes_keep_a_row_to_write_in_at_every_readable_size(
    width, height, gate_rows, probes, has_banner, has_timeline
):
    planned = _planned(width, height, gate_rows, probes, has_banner, has_timeline)
    rows = {name: _rows_to_write_in(name, planned) for name in planned.boxes}
    assert rows["tree"] >= 1
    assert rows["step"] >= 1
    assert rows["probes"] >= 1
    assert rows["tail"] >= 1
    assert ("gate" in rows and rows["gate"] >= 1) or not gate_rows
    assert ("banner" in rows) == has_banner
    assert rows.get("timeline", -1) == (timeline_rows(height) - 1 if has_timeline else -1)  # -1: there is none


def _planned(width, height, gate_rows, probes, has_banner, has_timeline):
    return plan(width, height, gate_rows=gate_rows, probes=probes, has_banner=has_banner, has_timeline=has_timeline)


def _rows_to_write_in(name, planned):
    box = planned.boxes[name]
    if name in ("identity", "clock", "banner", "keys", "says"):
        return box.height
    if (name == "probes" and planned.probes_in_a_line) or (name == "tree" and planned.tree_in_a_line):
        return box.height
    return box.height - (2 if planned.is_wide and name not in ("tail", "timeline") else 1)


@given(st.integers(20, 200), st.integers(5, 60), ROWS_OF_A_GATE, PROBES, st.booleans(), st.booleans())
def test_a_plan_is_made_at_any_size_without_an_error(width, height, gate_rows, probes, has_banner, has_timeline):
    assert _planned(width, height, gate_rows, probes, has_banner, has_timeline).boxes


def test_where_one_may_act_gate_and_step_have_room_for_what_they_say():
    planned = plan(*ACTING, gate_rows=3, probes=30, has_banner=True)
    assert planned.boxes["gate"].height >= 4
    assert planned.boxes["step"].height >= 3


def test_the_higher_the_terminal_the_more_rows_has_the_timeline():
    rows = [timeline_rows(height) for height in range(READING[1], 60)]
    assert rows == sorted(rows)
    assert timeline_rows(16) == 2, "its line, phases with marks over them"
    assert timeline_rows(24) == 4, "its line, marks, phases, times"
    assert timeline_rows(40) == 5, "steps too"
