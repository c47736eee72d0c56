"""What is read, and how often: everything within the window; outside of it, only what somebody waits for.

The run rests while its log is full; and while the phase at the cursor is of stage `before` or `after`, or every step is
settled, and the window has not begun, or is over.
Then regular probes are read only if the gate at the cursor, a running wait or an armed trigger needs them; those of an
open checkpoint at the checkpoint's own interval, and those of an armed trigger no oftener than the checkpoint that is
waited for has its own read, until its conditions hold and its time runs. Probes that are read on demand are read at
their interval while a wait or an armed trigger needs them, and rest in the same way. Pure: it is told the time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from cockpit.profile.model import Profile
from cockpit.profile.steps import CheckpointSettings, settings_of
from cockpit.run.numbering import find_phase
from cockpit.run.state import RunState

DETAIL = "resting outside the window"
DETAIL_FULL = "resting, since the log is full"


class Pace(Struct, frozen=True):
    """How probes are read now."""

    resting: frozenset[str] = frozenset()
    """Regular probes that are not read at their own interval."""
    asked: Mapping[str, float] = {}
    """Probes to be asked for, since nothing else reads them often enough: the interval, seconds."""
    detail: str = DETAIL
    """Why those rest that do."""


class Checkpoint(Struct, frozen=True):
    """A checkpoint and what it looks at."""

    step: str
    interval_s: float
    probes: tuple[str, ...]


def is_resting(state: RunState, at: datetime) -> bool:
    """Whether the run rests at this moment (aware)."""
    started, cursor = state.started, state.cursor
    if state.filled == "full":
        return True
    if started is None or started.window_start is None or started.window_end is None:
        return False
    phase = find_phase(state.profile, cursor.phase) if cursor is not None else None
    if cursor is not None and (phase is None or phase.stage == "window"):
        return False
    return not started.window_start <= at < started.window_end


def pace(
    state: RunState,
    at: datetime,
    *,
    gate: Collection[str],
    watched: Collection[str],
    armed: Collection[str] = (),
    checkpoints: Collection[Checkpoint],
) -> Pace:
    """How probes are read now: `gate` are those of the gate at the cursor, `watched` those of waits and of triggers
    whose time runs, `armed` those of all other armed triggers.
    """
    rests = is_resting(state, at)
    probes = state.profile.probes
    intervals = {probe.id: probe.interval_s for probe in probes}
    slow_s = _waited_for_s(state, checkpoints) if rests else 0.0
    slow = set(armed) - set(watched) if slow_s else set[str]()
    watched = {*watched, *armed} - slow
    asked = {probe.id: probe.interval_s for probe in probes if probe.on_demand and probe.id in watched}
    asked |= {probe.id: max(probe.interval_s, slow_s) for probe in probes if probe.id in slow}
    for probe, interval_s in _opened(state, checkpoints):
        if rests or probe not in watched:
            asked[probe] = min(interval_s, asked.get(probe, interval_s))
    regular = {probe.id for probe in probes if not probe.on_demand}
    if not rests:
        return Pace(
            asked={probe: every for probe, every in asked.items() if probe in intervals and probe not in regular}
        )
    at_a_checkpoint = state.cursor is not None and any(one.step == state.cursor.step for one in checkpoints)
    awake = {*watched, *(() if at_a_checkpoint else gate)}
    return Pace(
        resting=frozenset(regular - awake),
        detail=DETAIL_FULL if state.filled == "full" else DETAIL,
        asked={probe: every for probe, every in asked.items() if probe in intervals and probe not in regular & awake},
    )


def _waited_for_s(state: RunState, checkpoints: Collection[Checkpoint]) -> float:
    """The interval of the checkpoint at the cursor, else of the most frequent one that is open; 0: there is none."""
    open_ = [one for one in checkpoints if one.interval_s > 0 and _is_open(state, one.step)]
    here = [one.interval_s for one in open_ if state.cursor is not None and state.cursor.step == one.step]
    return min(here or [one.interval_s for one in open_], default=0.0)


def _is_open(state: RunState, step_id: str) -> bool:
    step = state.steps.get(step_id)
    return step is not None and step.status == "open"


def _opened(state: RunState, checkpoints: Collection[Checkpoint]) -> Iterator[tuple[str, float]]:
    """What open checkpoints look at, and how often; an interval of 0 means only when one opens."""
    for one in checkpoints:
        step = state.steps.get(one.step)
        if step is not None and step.status == "open" and step.due is not None and one.interval_s > 0:
            yield from ((probe, one.interval_s) for probe in one.probes)


def checkpoints_of(profile: Profile, probes_of: Mapping[str, tuple[str, ...]]) -> tuple[Checkpoint, ...]:
    """Every checkpoint of a profile; `probes_of`: by step, the probes that its gate reads."""
    return tuple(
        Checkpoint(step.id, settings_of(step, CheckpointSettings).interval_s, probes_of.get(step.id, ()))
        for _, step in profile.every_step()
        if step.behaviour == "checkpoint"
    )


class Rounds:
    """When the probes of `Pace.asked` are to be asked for."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def due(self, asked: Mapping[str, float], now_mono: float, slack_s: float) -> tuple[str, ...]:
        """Those whose time has come, or comes within `slack_s`; one that is new at once."""
        due = tuple(
            probe
            for probe, every_s in asked.items()
            if now_mono - self._last.get(probe, -every_s + now_mono - slack_s) >= every_s - slack_s
        )
        self._last = {probe: now_mono if probe in due else self._last[probe] for probe in asked}
        return due
