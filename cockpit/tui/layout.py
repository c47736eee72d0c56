"""Where each pane stands at a given size: pure arithmetic; panes give way in a set order and none vanishes silently.

Order of giving way: the log's tail shrinks, a replay's timeline loses its rows of steps, times and marks, then the
probes move under the step, then they become one line, then the tree does. Below `ACTING` everything can still be read,
but nothing can be confirmed.
"""

from __future__ import annotations

from msgspec import Struct

ACTING = (72, 20)
"""Columns and rows below which acting keys are refused."""
READING = (40, 13)
"""Columns and rows below which a sentence stands in place of the panes."""
STEP_ROWS = 6
"""What the step's pane keeps beside a long gate, where there is room: its title, its state, what is to be done."""


class Box(Struct, frozen=True):
    """A pane's outer rectangle, in cells from the top left. Nothing is drawn of one without height."""

    x: int
    y: int
    width: int
    height: int


class Plan(Struct, frozen=True):
    """The boxes, by pane; whether panes have a whole border; whether probes and tree are one line each."""

    boxes: dict[str, Box]
    is_wide: bool
    probes_in_a_line: bool
    tree_in_a_line: bool


def timeline_rows(height: int) -> int:
    """Rows of a replay's timeline, its title among them; 0: what it says has to stand elsewhere."""
    return 5 if height >= 36 else 4 if height >= 24 else 3 if height >= 20 else 2 if height >= 16 else 0


def plan(
    width: int,
    height: int,
    *,
    gate_rows: int,
    probes: int,
    has_banner: bool,
    says_rows: int = 1,
    has_timeline: bool = False,
) -> Plan:
    """The plan for a terminal of this size. `gate_rows` are the lines that the gate at hand would take.

    `says_rows`, 1 or 2, is what the sentence above the keys needs; the second comes out of the log's tail.
    """
    boxes = {"identity": Box(0, 0, width, 1), "clock": Box(0, 1, width, 1)}
    top = 2
    if has_banner:
        boxes["banner"] = Box(0, top, width, 1)
        top += 1
    boxes["keys"] = Box(0, height - 1, width, 1)
    boxes["says"] = Box(0, height - 1 - says_rows, width, says_rows)
    tail_rows = 9 if height >= 36 else 6 if height >= 28 else 4 if height >= 22 else 2
    below = 2
    line_rows = timeline_rows(height) if has_timeline else 0
    if line_rows:
        boxes["timeline"] = Box(0, height - 1 - says_rows - line_rows, width, line_rows)
        tail_rows = max(2, tail_rows - (2 if height >= 36 else 1))
        below += line_rows
    boxes["tail"] = Box(0, height - below - tail_rows, width, tail_rows + 1 - says_rows)
    rows = height - below - tail_rows - top
    if width >= 100:
        return _wide(boxes, width, top, rows, gate_rows)
    return _narrow(boxes, width, top, rows, gate_rows, probes)


def _wide(boxes: dict[str, Box], width: int, top: int, rows: int, gate_rows: int) -> Plan:
    tree = min(44, max(28, width * 28 // 100))
    probes = min(48, max(32, width * 32 // 100))
    step = width - tree - probes
    gate = _gate_height(gate_rows, rows, 2)
    boxes["tree"] = Box(0, top, tree, rows)
    boxes["step"] = Box(tree, top, step, rows - gate)
    boxes["gate"] = Box(tree, top + rows - gate, step, gate)
    boxes["probes"] = Box(tree + step, top, probes, rows)
    return Plan(boxes, is_wide=True, probes_in_a_line=False, tree_in_a_line=False)


def _narrow(boxes: dict[str, Box], width: int, top: int, rows: int, gate_rows: int, probes: int) -> Plan:
    tree_in_a_line = width < 60
    in_a_line = rows < 13
    if tree_in_a_line:
        boxes["tree"] = Box(0, top, width, 1)
        top, rows, tree = top + 1, rows - 1, 0
    else:
        tree = min(32, max(24, width * 34 // 100))
        boxes["tree"] = Box(0, top, tree, rows)
    right = width - tree
    gate = _gate_height(gate_rows, rows, 1)
    left = rows - gate
    below = 1 if in_a_line else min(max(1, probes) + 1, max(3, left // 2))
    if left - below < STEP_ROWS:  # who confirms a step has to see what it says: the probes give way first
        below = left - STEP_ROWS if left - STEP_ROWS >= 3 else 1
        in_a_line = in_a_line or below == 1
    boxes["step"] = Box(tree, top, right, max(1, left - below))
    boxes["gate"] = Box(tree, top + left - below, right, gate)
    boxes["probes"] = Box(tree, top + rows - below, right, below)
    return Plan(boxes, is_wide=False, probes_in_a_line=in_a_line, tree_in_a_line=tree_in_a_line)


def _gate_height(gate_rows: int, rows: int, frame: int) -> int:
    """The gate is what confirming hangs on: it gets what it needs, up to half of the room."""
    return min(gate_rows + frame, max(2, rows // 2)) if gate_rows else 0
