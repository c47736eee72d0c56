"""The difference between two moments as lines: earlier on the left, later on the right, whichever was noted first."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from cockpit.report.replay.difference import Change, difference
from cockpit.run.state import RunState
from cockpit.tui.lines import Line, cut, duration, padded, wrapped

Moment = tuple[datetime, RunState]
"""When, and what was true."""


def differing(one: Moment, other: Moment, zone: ZoneInfo, width: int) -> list[Line]:
    """Both moments, then each change: what it is of, before, after."""
    before, after = (one, other) if one[1].last_seq <= other[1].last_seq else (other, one)
    times = [f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" for at, _ in (before, after)]
    passed = duration(abs((after[0] - before[0]).total_seconds()))
    lines: list[Line] = [
        ((f"{times[0]}  →  {times[1]}", "bold"), (f"  {zone.key}  ", "accent"), (f"{passed}", "plain"))
    ]
    sections = difference(before[1], after[1])
    for section in sections:
        lines += [(), ((section.title, "bold"),)]
        for change in section.changes:
            lines += _change(change, width)
    return lines if sections else [*lines, (), (("nothing is otherwise", "dim"),)]


def _change(change: Change, width: int) -> list[Line]:
    """`  what   before → after`, on as many lines as it needs."""
    name = min(34, max(12, width // 3))
    first: Line = (("  ", "plain"), (padded(change.what, name) + " ", "plain"))
    told = f"{change.before or '–'} → {change.after or '–'}"
    rows = wrapped(told, max(10, width - name - 3))
    lines: list[Line] = [(*first, (rows[0], "accent"))]
    lines += [((" " * (name + 3), "plain"), (row, "accent")) for row in rows[1:]]
    if len(change.what) > name:
        lines.insert(0, (("  ", "plain"), (cut(change.what, width - 2), "plain")))
        lines[1] = ((" " * (name + 3), "plain"), (rows[0], "accent"))
    return lines
