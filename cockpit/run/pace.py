"""How fast the work goes: what each step was planned to take and took, and what that says of those to come.

Pure arithmetic over the state and one instant. Invariants: nothing is negative; durations are by the monotonic clock
within one boot; one quick step says little, and no number of steps promises or threatens the whole night.
"""

from __future__ import annotations

from msgspec import Struct

from cockpit.profile.model import Step
from cockpit.profile.steps import WaitSettings, settings_of
from cockpit.run.due import has_set_time
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Instant
from cockpit.run.numbering import find_step
from cockpit.run.state import RunState
from cockpit.run.state_walk import StepState

PACE_LIMITS = (0.5, 3.0)
"""One quick or one stuck phase must not promise, or threaten, the whole night."""
PRIOR_S = 900.0
"""As if so much had gone as planned before the first step: a minute's step that took 20 s is no news of the night."""


class Time(Struct, frozen=True):
    """Planned and actual time of a step or a phase, in seconds."""

    planned_s: float
    """The median of earlier runs and rehearsals if there is one, else the estimate; of a wait at least its duration."""
    actual_s: float
    """So far; 0 if never current."""


def planned_s(step: Step, medians: dict[str, float]) -> float:
    """What it was planned to take; `medians`: by step, of earlier runs."""
    plan_s = max(0.0, medians.get(step.id, 0.0)) or step.estimate_s
    return max(plan_s, settings_of(step, WaitSettings).duration_s) if step.behaviour == "wait" else plan_s


def visit_s(state: RunState, step_id: str, at: Instant) -> float:
    """How long it has been current now; 0 if it is not."""
    step = state.steps[step_id]
    is_current = state.cursor is not None and state.cursor.step == step_id
    return elapsed_s(step.entered, at) if is_current and step.entered else 0.0


def actual_s(state: RunState, step_id: str, at: Instant) -> float:
    """How long it has been current, in all visits."""
    return state.steps[step_id].spent_s + visit_s(state, step_id, at)


def pace_of(state: RunState, steps: dict[str, Time]) -> float:
    """Actual / planned of the steps that say something of it, with `PRIOR_S` at 1, within `PACE_LIMITS`."""
    done = [time for step_id, time in steps.items() if time.planned_s > 0 and _tells_pace(state, step_id)]
    took_s, plan_s = sum(time.actual_s for time in done), sum(time.planned_s for time in done)
    least, most = PACE_LIMITS
    return min(max((took_s + PRIOR_S) / (plan_s + PRIOR_S), least), most)


def _tells_pace(state: RunState, step_id: str) -> bool:
    """Whether how long a step took says how fast people are: not where somebody, or something, was waited for."""
    step, found = state.steps[step_id], find_step(state.profile, step_id)
    return (
        step.status == "confirmed"
        and step.wait is None
        and found is not None
        and not has_set_time(found[1])
        and is_of_the_work(state, step_id)
    )


def did_its_work(step: StepState) -> bool:
    """Whether how long a step took says how long it takes: confirmed, and not merely shown, as in a rehearsal."""
    has_acted = step.action is None or step.action.mode in ("real", "rolled_back")
    return step.status == "confirmed" and step.spent_s > 0 and has_acted


def is_of_the_work(state: RunState, step_id: str) -> bool:
    """Whether a step is of the window's stage, and was not current from before the window opened until it was open."""
    step, found = state.steps[step_id], find_step(state.profile, step_id)
    if found is None or found[0].stage != "window":
        return False
    start = state.started.window_start if state.started else None
    if start is None or step.entered is None or step.settled is None:
        return True
    return not step.entered.at < start <= step.settled.at
