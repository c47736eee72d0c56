"""How the night is going: what was planned, what it took, when it will be over and until when one can still go back.

Pure arithmetic over the state and one instant. Invariants: nothing is negative but a margin; durations are by the
monotonic clock within one boot; a step without an estimate counts as 0 s and is counted in `unestimated`, so that
a forecast never looks surer than it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cockpit.profile.model import Step
from cockpit.profile.steps import CheckpointSettings, WaitSettings, settings_of
from cockpit.run.due import due_at, has_set_time
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Instant
from cockpit.run.friction import no_return_at
from cockpit.run.numbering import find_step
from cockpit.run.state import RunState, StepState
from cockpit.run.walk import route, steps_of

PACE_LIMITS = (0.5, 3.0)
"""One quick or one stuck step must not promise, or threaten, the whole night."""


class Time(Struct, frozen=True):
    """Planned and actual time of a step or a phase, in seconds."""

    planned_s: float
    """The median of earlier runs and rehearsals if there is one, else the estimate; of a wait at least its duration."""
    actual_s: float
    """So far; 0 if never current."""


class Forecast(Struct, frozen=True, kw_only=True):
    """The run against its window. Instants are aware UTC; None where there is no window."""

    window: Literal["none", "before", "open", "over"]
    used_s: float = 0.0
    """Of the window."""
    left_s: float = 0.0
    """Until its end; before it opens, its whole length."""
    opens_in_s: float = 0.0
    window_end: datetime | None = None
    no_return_at: datetime | None = None
    """Window end - rollback estimate - reserve."""
    until_return_s: float | None = None
    """Until the point of no return; negative: past it."""
    is_past_return: bool = False
    elapsed_s: float = 0.0
    """Since the run began, until now or its end."""
    pace: float = 1.0
    """Actual / planned of the steps that say something of it (`_tells_pace`), within `PACE_LIMITS`."""
    remaining_s: float = 0.0
    """Until all open steps of the work itself (`_counts`) are done, at this run's pace; before set times nothing is."""
    unestimated: int = 0
    """Those of them without a plan."""
    from_earlier: int = 0
    """Of how many earlier runs the plans are, at most; 0: they are the profile's estimates."""
    finish_at: datetime | None = None
    """Before the window opens, counted from its opening. None before the run began."""
    margin_s: float | None = None
    """From `finish_at` to the window's end; negative: late."""
    phases: dict[str, Time] = {}
    steps: dict[str, Time] = {}


def forecast(state: RunState, now: Instant) -> Forecast:
    """The forecast at `now`; once the run is over, the account at its end."""
    if state.started is None or state.began is None:
        return Forecast(window="none")
    at = state.ended or now
    medians = state.started.medians
    steps = {
        step.id: Time(planned_s=_planned_s(step, medians), actual_s=_actual_s(state, step.id, at))
        for _, step in state.profile.every_step()
    }
    pace = _pace(state, steps)
    start, end = state.started.window_start, state.started.window_end
    open_ids = [step_id for step_id in route(state) if _counts(state, step_id, at.at)]
    is_live = state.status == "live"
    from_at = max(at.at, start) if start and is_live else at.at
    remaining_s = _ahead_s(
        state, [(each, _remaining_s(state, each, steps[each], pace, at)) for each in open_ids], from_at
    )
    finish_at = from_at + timedelta(seconds=remaining_s if is_live else 0.0)
    whole = Forecast(
        window="none",
        elapsed_s=elapsed_s(state.began, at),
        pace=pace,
        remaining_s=remaining_s if is_live else 0.0,
        unestimated=sum(steps[step_id].planned_s <= 0 for step_id in open_ids),
        from_earlier=state.started.earlier_runs if medians else 0,
        finish_at=finish_at,
        phases={
            phase.id: Time(
                planned_s=sum(steps[step.id].planned_s for step in steps_of(state, phase)),
                actual_s=sum(steps[step.id].actual_s for step in steps_of(state, phase)),
            )
            for phase in (*state.profile.phases, *(phase for plan in state.profile.rollbacks for phase in plan.phases))
        },
        steps=steps,
    )
    return _against_window(whole, state, start, end, at.at) if start and end else whole


def _against_window(whole: Forecast, state: RunState, start: datetime, end: datetime, now: datetime) -> Forecast:
    return_at = no_return_at(state)
    until_return_s = (return_at - now).total_seconds() if return_at else None
    inside = min(max(now, start), end)
    return replace(
        whole,
        window="before" if now < start else "open" if now < end else "over",
        used_s=(inside - start).total_seconds(),
        left_s=(end - inside).total_seconds(),
        opens_in_s=max(0.0, (start - now).total_seconds()),
        window_end=end,
        no_return_at=return_at,
        until_return_s=until_return_s,
        is_past_return=until_return_s is not None and until_return_s <= 0,
        margin_s=(end - whole.finish_at).total_seconds() if whole.finish_at else None,
    )


def _planned_s(step: Step, medians: dict[str, float]) -> float:
    planned_s = max(0.0, medians.get(step.id, 0.0)) or step.estimate_s
    return max(planned_s, settings_of(step, WaitSettings).duration_s) if step.behaviour == "wait" else planned_s


def _ahead_s(state: RunState, remaining_s: list[tuple[str, float]], from_at: datetime) -> float:
    """One step after the other from `from_at` on; none that has a set time is over before that has come."""
    ahead_s, done_s = 0.0, dict[str, float]()
    for step_id, takes_s in remaining_s:
        ahead_s = max(ahead_s, _set_s(state, step_id, done_s, from_at)) + takes_s
        done_s[step_id] = ahead_s
    return ahead_s


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
    settings = settings_of(found[1], CheckpointSettings)
    return done_s[settings.since] + settings.delay_s if settings.since in done_s else 0.0


def _counts(state: RunState, step_id: str, now: datetime) -> bool:
    """Whether a step is open and belongs to the work whose end is forecast.

    Not what is looked at afterwards; what comes before the window does only if it is not done when that opens.
    """
    found = find_step(state.profile, step_id)
    if found is None or state.steps[step_id].status != "open":
        return False
    start = state.started.window_start if state.started else None
    stage = found[0].stage
    return stage == "window" or (stage == "before" and (start is None or now >= start))


def _visit_s(state: RunState, step: StepState, step_id: str, at: Instant) -> float:
    is_current = state.cursor is not None and state.cursor.step == step_id
    return elapsed_s(step.entered, at) if is_current and step.entered else 0.0


def _actual_s(state: RunState, step_id: str, at: Instant) -> float:
    step = state.steps[step_id]
    return step.spent_s + _visit_s(state, step, step_id, at)


def _remaining_s(state: RunState, step_id: str, time: Time, pace: float, at: Instant) -> float:
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
    spent_s = time.actual_s if step.attempt == 1 else _visit_s(state, step, step_id, at)
    start = state.started.window_start if state.started else None
    if start is not None and step.entered is not None and step.entered.at < start:
        spent_s = min(spent_s, max(0.0, (at.at - start).total_seconds()))
    return max(0.0, time.planned_s * pace - spent_s)


def _pace(state: RunState, steps: dict[str, Time]) -> float:
    done = [time for step_id, time in steps.items() if time.planned_s > 0 and _tells_pace(state, step_id)]
    planned_s = sum(time.planned_s for time in done)
    if not planned_s:
        return 1.0
    least, most = PACE_LIMITS
    return min(max(sum(time.actual_s for time in done) / planned_s, least), most)


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


def is_of_the_work(state: RunState, step_id: str) -> bool:
    """Whether a step is of the window's stage, and was not current from before the window opened until it was open."""
    step, found = state.steps[step_id], find_step(state.profile, step_id)
    if found is None or found[0].stage != "window":
        return False
    start = state.started.window_start if state.started else None
    if start is None or step.entered is None or step.settled is None:
        return True
    return not step.entered.at < start <= step.settled.at
