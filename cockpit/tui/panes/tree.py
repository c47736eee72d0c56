"""The walk: phases and steps with what became of each, planned and actual times; the cursor is always in sight.

A walk may have hundreds of steps, and this is drawn at every key: only the rows in sight are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Literal

from msgspec import Struct
from rich.cells import cell_len

from cockpit.profile.model import Profile, Step
from cockpit.run.numbering import find_phase, find_step, phase_number, step_label, step_number
from cockpit.run.state_walk import StepState
from cockpit.run.walk import route, steps_of
from cockpit.text import counted, shortened, visible
from cockpit.tui.ink import Ink
from cockpit.tui.lines import Line, cut, duration, fitted, padded, width_of
from cockpit.tui.panes.looking import hidden, marks
from cockpit.tui.panes.seen import Seen
from cockpit.tui.panes.signing import MISSING, is_unsigned

_MARKS: dict[str, tuple[str, Ink]] = {
    "confirmed": ("✔", "good"),
    "done_outside": ("⚑", "warn"),
    "skipped": ("↷", "warn"),
    "not_applicable": ("–", "dim"),
    "conflict": ("‡", "bad"),
    "open": ("·", "dim"),
}
_DOING: dict[str, tuple[str, str, Ink]] = {
    "requested": ("»", "asked for", "accent"),
    "running": ("»", "running", "accent"),
    "failed": ("✖", "failed", "bad"),
    "timed_out": ("✖", "timed out", "bad"),
    "cancelled": ("✖", "cancelled", "bad"),
    "refused": ("✖", "refused", "bad"),
    "lapsed": ("✖", "lapsed", "bad"),
    "unknown": ("?", "UNKNOWN", "unsure"),
}
_STAGES = {"before": "before the window", "window": "in the window", "after": "after the window"}


class _Place(Struct, frozen=True):
    """What a row stands for: a stage, a phase or a step, by id; or a line of words."""

    kind: Literal["stage", "phase", "step", "words"]
    name: str


def title(seen: Seen) -> str:
    """What stands in the pane's border."""
    return "The way back" if seen.state.rollback is not None else "Phases"


def tree(seen: Seen, width: int, height: int) -> list[Line]:
    """The rows that fit, around the step on show, with how many are hidden above and below."""
    state = seen.state
    places = _places(_Kept(state.profile), state.rollback.steps if state.rollback else None)
    looks = marks(seen, width)
    if len(places) <= height:
        return [_row(seen, place, width, looks.get((place.kind, place.name), "")) for place in places]
    at = next((k for k, place in enumerate(places) if _is_sought(seen, place)), 0)
    room = max(1, height - 2)
    first = min(max(0, at - room // 2), len(places) - room)
    last = first + room
    rows = [_row(seen, place, width, looks.get((place.kind, place.name), "")) for place in places[first:last]]
    above = _more("↑", places[:first], looks)
    return [above, *rows, _more("↓", places[last:], looks)]


def _more(arrow: str, places: Sequence[_Place], looks: dict[tuple[str, str], str]) -> Line:
    """How many rows are hidden, and who looks at one of them."""
    beyond = hidden(looks, ((place.kind, place.name) for place in places)) if looks else ""
    return ((f"  {arrow} {len(places)} more{beyond}" if places else "", "dim"),)


class _Kept:
    """A profile as a key of a cache: by identity, which is cheap and right, since profiles are frozen."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def __hash__(self) -> int:
        return id(self.profile)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.profile is self.profile


@lru_cache(maxsize=8)
def _places(kept: _Kept, back: tuple[str, ...] | None) -> tuple[_Place, ...]:
    """The way back first where one is walked, then the way forward."""
    forward = tuple(_forward(kept.profile))
    if back is None:
        return forward
    return (*_back(kept.profile, back), _Place("words", "the way forward, as it was left"), *forward)


def _forward(profile: Profile) -> Iterator[_Place]:
    before = "window"
    for phase in profile.phases:
        if phase.stage != before:
            yield _Place("stage", phase.stage)
            before = phase.stage
        yield _Place("phase", phase.id)
        yield from (_Place("step", step.id) for step in phase.steps)


def _back(profile: Profile, steps: tuple[str, ...]) -> Iterator[_Place]:
    found = [pair for pair in (find_step(profile, step_id) for step_id in steps) if pair is not None]
    if not found:
        yield _Place("words", "nothing is to be undone")
    for phase_id, pairs in groupby(found, key=lambda pair: pair[0].id):
        yield _Place("phase", phase_id)
        yield from (_Place("step", step.id) for _, step in pairs)


def _is_sought(seen: Seen, place: _Place) -> bool:
    """The step on show; at the door of a phase, that phase."""
    shown = seen.shown_step()
    if shown is not None:
        return place.kind == "step" and place.name == shown
    cursor = seen.state.cursor
    return cursor is not None and place.kind == "phase" and place.name == cursor.phase


def _row(seen: Seen, place: _Place, width: int, look: str) -> Line:
    """`look`: the mark of those who look at it."""
    if look:
        row = fitted(_row(seen, place, width - cell_len(look), ""), width - cell_len(look))
        return (*row, (" " * (width - cell_len(look) - width_of(row)), "plain"), (look, "dim"))
    match place.kind:
        case "stage":
            return ((cut(f"── {_STAGES[place.name]} ", width), "accent"),)
        case "words":
            return ((cut(f"── {place.name}", width), "dim"),)
        case "phase":
            return _phase(seen, place.name, width)
        case "step":
            return _step(seen, place.name, width)


def _phase(seen: Seen, phase_id: str, width: int) -> Line:
    state, cursor = seen.state, seen.state.cursor
    phase = find_phase(state.profile, phase_id)
    assert phase is not None
    is_current = cursor is not None and cursor.phase == phase.id
    at_door = is_current and cursor is not None and cursor.step is None
    steps = steps_of(state, phase)
    settled = bool(steps) and not at_door and all(state.steps[step.id].status != "open" for step in steps)
    in_conflict = any(state.steps[step.id].status == "conflict" for step in steps)
    mark: tuple[str, Ink] = (
        _MARKS["conflict"]
        if in_conflict
        else ("✔", "good")
        if settled
        else ("▶", "accent")
        if is_current
        else ("·", "dim")
    )
    time = seen.forecast.phases.get(phase.id)
    actual, planned = (time.actual_s, time.planned_s) if time else (0.0, phase.estimate_s)
    words = _times(actual, planned, is_current or settled)
    if at_door and cursor is not None:
        words = "to be left" if cursor.is_leaving else "to be entered"
    name = f"{phase_number(state.profile, phase_id)} {visible(phase.title or phase.id)}"
    return _line(mark, name, words, width, "", at_door, "bold")


def _step(seen: Seen, step_id: str, width: int) -> Line:
    state = seen.state
    found = find_step(state.profile, step_id)
    assert found is not None
    step, known = found[1], state.steps[step_id]
    is_here = seen.is_at(step_id)
    mark, word, word_ink = _standing(seen, step, known, is_here)
    time = seen.forecast.steps.get(step_id)
    actual, planned = (time.actual_s, time.planned_s) if time else (0.0, step.estimate_s)
    title = f"{step_number(state.profile, step_id)} {visible(step.title or step_id)}{_attempt(known)}"
    is_undone = state.rollback is not None and step_id not in state.rollback.steps
    is_over = known.status not in ("open", "conflict")
    ink: Ink = "bold" if is_here else "dim" if is_over or is_undone else "plain"
    times = word or (_times(actual, planned, is_here) if known.status == "open" else _took(actual))
    return _line(mark, title, times, width, "  ", seen.selected == step_id, ink, word_ink)


def _standing(seen: Seen, step: Step, known: StepState, is_here: bool) -> tuple[tuple[str, Ink], str, Ink]:
    """Mark, word and the word's ink; without a word, its times stand there."""
    if is_unsigned(seen, step.id):
        return (("▶", "accent") if is_here else _MARKS[known.status]), MISSING, "warn"
    if known.status == "conflict":
        return _MARKS["conflict"], "CONFLICT", "bad"
    if known.status != "open":
        return _MARKS[known.status], "n/a" if known.status == "not_applicable" else "", "dim"
    if known.action is not None and known.action.status in _DOING:
        glyph, word, ink = _DOING[known.action.status]
        return (glyph, ink), word, ink
    if known.wait is not None and known.wait.status in ("running", "stopped"):
        if known.wait.status == "stopped":
            return ("✖", "bad"), "stopped", "bad"
        return ("◔", "accent"), "waiting", "accent"
    if known.due is not None:
        return (("▶", "accent") if is_here else ("◆", "warn")), "due", "warn"
    if step.claimed:
        return (("▶", "accent") if is_here else ("○", "warn")), "claimed", "warn"
    return ("▶", "accent") if is_here else _MARKS["open"], "", "dim"


def _line(
    mark: tuple[str, Ink],
    title: str,
    times: str,
    width: int,
    indent: str,
    is_shown: bool,
    ink: Ink,
    times_ink: Ink = "dim",
) -> Line:
    room = width - len(indent) - 2 - len(times) - 1
    text = padded(cut(title, room), room) if times else cut(title, width - len(indent) - 2)
    tail: Line = ((f" {times}", times_ink),) if times else ()
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
    steps = route(seen.state)
    settled = sum(seen.state.steps[step_id].status != "open" for step_id in steps)
    shown = seen.shown_step()
    where = f" · {step_label(seen.state.profile, shown)}" if shown else ""
    way = f"rolling back {shortened(seen.state.rollback.plan, 24)}: " if seen.state.rollback else ""
    return ((f"{way}{settled} of {counted(len(steps), 'step')} settled", "bold"), (where, "plain"))
