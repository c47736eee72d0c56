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

from cockpit.run.ahead import ahead_s, counts, left_s
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import Instant
from cockpit.run.friction import no_return_at
from cockpit.run.pace import Time, actual_s, pace_of, planned_s
from cockpit.run.state import RunState
from cockpit.run.walk import route, steps_of


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
    """Actual / planned of the steps that say something of it (see `pace`)."""
    remaining_s: float = 0.0
    """Until all open steps of the work itself are done (see `ahead`), at this run's pace; none before its set time."""
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
        step.id: Time(planned_s=planned_s(step, medians), actual_s=actual_s(state, step.id, at))
        for _, step in state.profile.every_step()
    }
    pace = pace_of(state, steps)
    start, end = state.started.window_start, state.started.window_end
    open_ids = [step_id for step_id in route(state) if counts(state, step_id, at.at)]
    is_live = state.status == "live"
    from_at = max(at.at, start) if start and is_live else at.at
    remaining_s = ahead_s(state, [(each, left_s(state, each, steps[each], pace, at)) for each in open_ids], from_at)
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
