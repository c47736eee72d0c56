"""The walk: phases and steps with what became of each, planned and actual times; the cursor is always in sight."""

from __future__ import annotations

from cockpit.profile.model import Phase, Step
from cockpit.run.numbering import step_label
from cockpit.run.state import StepState
from cockpit.text import visible
from cockpit.tui.ink import Ink
from cockpit.tui.lines import Line, cut, duration, padded
from cockpit.tui.panes.seen import Seen

_MARKS: dict[str, tuple[str, Ink]] = {
    "confirmed": ("✔", "good"),
    "done_outside": ("⚑", "warn"),
    "skipped": ("↷", "warn"),
    "open": ("·", "dim"),
}


class _Row:
    """A line of the tree with the step it stands for."""

    def __init__(self, line: Line, *, step: str | None = None, is_here: bool = False) -> None:
        self.line = line
        self.step = step
        self.is_here = is_here


def tree(seen: Seen, width: int, height: int) -> list[Line]:
    """The rows that fit, around the step on show, with how many are hidden above and below."""
    rows = [
        row for number, phase in enumerate(seen.state.profile.phases, 1) for row in _phase(seen, number, phase, width)
    ]
    if len(rows) <= height:
        return [row.line for row in rows]
    shown = seen.shown_step()
    at = next((k for k, row in enumerate(rows) if row.step is not None and row.step == shown), None)
    if at is None:
        at = next((k for k, row in enumerate(rows) if row.is_here), 0)
    room = max(1, height - 2)
    first = min(max(0, at - room // 2), len(rows) - room)
    above: Line = ((f"  ↑ {first} more" if first else "", "dim"),)
    hidden = len(rows) - first - room
    below: Line = ((f"  ↓ {hidden} more" if hidden else "", "dim"),)
    return [above, *(row.line for row in rows[first : first + room]), below]


def _phase(seen: Seen, number: int, phase: Phase, width: int) -> list[_Row]:
    state = seen.state
    cursor = state.cursor
    is_current = cursor is not None and cursor.phase == phase.id
    at_door = is_current and cursor is not None and cursor.step is None
    settled = all(state.steps[step.id].status != "open" for step in phase.steps)
    mark: tuple[str, Ink] = (
        ("✔", "good") if settled and phase.steps else ("▶", "accent") if is_current else ("·", "dim")
    )
    time = seen.forecast.phases.get(phase.id)
    actual, planned = (time.actual_s, time.planned_s) if time else (0.0, 0.0)
    head = _row(
        mark,
        f"{number} {visible(phase.title or phase.id)}",
        _times(actual, planned, is_current or settled),
        width,
        "",
        at_door,
        "bold",
    )
    rows = [_Row(head, is_here=at_door)]
    for minor, step in enumerate(phase.steps, 1):
        rows.append(_step(seen, f"{number}.{minor}", step, width))
    return rows


def _step(seen: Seen, number: str, step: Step, width: int) -> _Row:
    known = seen.state.steps[step.id]
    cursor = seen.state.cursor
    is_here = cursor is not None and cursor.step == step.id
    mark: tuple[str, Ink] = ("▶", "accent") if is_here else _MARKS[known.status]
    time = seen.forecast.steps.get(step.id)
    actual, planned = (time.actual_s, time.planned_s) if time else (0.0, 0.0)
    title = f"{number} {visible(step.title or step.id)}{_attempt(known)}"
    is_shown = seen.selected == step.id
    ink: Ink = "bold" if is_here else "dim" if known.status != "open" else "plain"
    times = _times(actual, planned, is_here) if known.status == "open" else _took(actual)
    line = _row(mark, title, times, width, "  ", is_shown, ink)
    return _Row(line, step=step.id, is_here=is_here)


def _row(mark: tuple[str, Ink], title: str, times: str, width: int, indent: str, is_shown: bool, ink: Ink) -> Line:
    room = width - len(indent) - 2 - len(times) - 1
    text = padded(cut(title, room), room) if times else cut(title, width - len(indent) - 2)
    tail: Line = ((f" {times}", "dim"),) if times else ()
    return ((f"{indent}{mark[0]} ", mark[1]), (text, "here" if is_shown else ink), *tail)


def _attempt(known: StepState) -> str:
    return f" (attempt {known.attempt})" if known.attempt > 1 else ""


def _took(actual_s: float) -> str:
    """What a settled step took; nothing for one that was never current."""
    return duration(actual_s) if actual_s >= 60 else "<1m" if actual_s > 0 else ""


def _times(actual_s: float, planned_s: float, is_current: bool) -> str:
    """`24m/30m`: spent and planned; either alone where the other is nothing. Minutes, so that it rests."""
    spent = duration(actual_s) if actual_s >= 60 else ("<1m" if actual_s > 0 and is_current else "")
    planned = duration(planned_s) if planned_s else ""
    if spent and planned:
        return f"{spent}/{planned}"
    return spent or planned


def line(seen: Seen) -> Line:
    """The walk in one line: `step 4 of 12 · 1.3 Validate`."""
    steps = [step.id for _, step in seen.state.profile.steps()]
    settled = sum(seen.state.steps[step_id].status != "open" for step_id in steps)
    shown = seen.shown_step()
    where = f" · {step_label(seen.state.profile, shown)}" if shown else ""
    return ((f"{settled} of {len(steps)} steps settled", "bold"), (where, "plain"))
