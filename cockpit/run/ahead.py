"""What is still ahead: which open steps belong to the work, what each takes, and when set times let it go on.

Pure arithmetic over the state and one instant. Invariant: nothing is negative, and no step that has a set time is over
before that has come.
"""

from __future__ import annotations

from datetime import datetime

from cockpit.profile.steps import CheckpointSettings, settings_of
from cockpit.run.due import due_at, has_set_time
from cockpit.run.events import Instant
from cockpit.run.numbering import find_step
from cockpit.run.pace import Time, visit_s
from cockpit.run.state import RunState


def ahead_s(state: RunState, remaining_s: list[tuple[str, float]], from_at: datetime) -> float:
    """One step after the other from `from_at` on; none that has a set time is over before that has come."""
    sum_s, done_s = 0.0, dict[str, float]()
    for step_id, takes_s in remaining_s:
        sum_s = max(sum_s, _set_s(state, step_id, done_s, from_at)) + takes_s
        done_s[step_id] = sum_s
    return sum_s


def _set_s(state: RunState, step_id: str, done_s: dict[str, float], from_at: datetime) -> float:
    """How long after `from_at` a step's set time is; `done_s`: when the open steps before it will be done.

    What is not to be said before the window's end has no part in when the work is done.
    """
    found = find_step(state.profile, step_id)
    if found is None or not has_set_time(found[1]) or state.steps[step_id].due is not None:
        return 0.0
    moment, end = due_at(state, found[1]), state.started.window_end if state.started else None
    if moment is not None:
        is_after = found[1].behaviour == "message" and end is not None and moment >= end
        return 0.0 if is_after else (moment - from_at).total_seconds()
    if found[1].behaviour == "message":
        return 0.0  # of a window that this run does not have
    settings = settings_of(found[1], CheckpointSettings)
    return done_s[settings.since] + settings.delay_s if settings.since in done_s else 0.0


def counts(state: RunState, step_id: str, now: datetime) -> bool:
    """Whether a step is open and belongs to the work whose end is forecast.

    Not what is looked at afterwards; what comes before the window does only if it is not done when that opens.
    """
    found = find_step(state.profile, step_id)
    if found is None or state.steps[step_id].status != "open":
        return False
    start = state.started.window_start if state.started else None
    stage = found[0].stage
    return stage == "window" or (stage == "before" and (start is None or now >= start))


def left_s(state: RunState, step_id: str, time: Time, pace: float, at: Instant) -> float:
    """How much longer an open step takes at this pace; 0 if it is settled."""
    step = state.steps[step_id]
    if step.status != "open":
        return 0.0
    if step.wait is not None and step.wait.status == "running":
        return max(0.0, (step.wait.until - at.at).total_seconds())
    if step.wait is not None and step.wait.status != "stopped":
        return 0.0
    found = find_step(state.profile, step_id)
    if found is not None and found[1].behaviour == "wait":
        return time.planned_s  # its clock is still to begin, and nobody's pace shortens it
    # What an earlier attempt took does not shorten this one, nor does having waited for the window.
    spent_s = time.actual_s if step.attempt == 1 else visit_s(state, step_id, at)
    start = state.started.window_start if state.started else None
    if start is not None and step.entered is not None and step.entered.at < start:
        spent_s = min(spent_s, max(0.0, (at.at - start).total_seconds()))
    return max(0.0, time.planned_s * pace - spent_s)
