"""Which word a person has to type before something dangerous happens, and when a second person has to agree.

Friction grows with risk: the word is what would be hurt, so that typing it means having read it. The rule lives here
alone; the screen asks for what this says, and `decide` refuses what does not match. Rolling back and aborting are never
blocked by a missing person, a hold or the window: they cost a typed word and a reason.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from cockpit.profile.model import Profile, Step
from cockpit.run.events import Instant
from cockpit.run.numbering import find_step
from cockpit.run.state import RunState

Dangerous = Literal[
    "confirm", "run", "skip", "override", "abort", "end_wait", "waive", "rollback", "go_on", "forward", "keeper", "pen",
    "unsigned", "offline",
]  # fmt: skip


def required_word(state: RunState, what: Dangerous, step_id: str = "", now: Instant | None = None) -> str:
    """The word to type, or an empty text if none is asked for. `step_id` is the plan's id for `rollback`.

    The step's id before an irreversible step is run (or confirmed, if it is none that is run): in production always,
    elsewhere past the point of no return. The plan's id before a rollback in production, under a hold or outside the
    window. In production the environment's name to leave out an irreversible step, a wait or somebody's approval, to
    end a wait before it is over, to override any gate, to go on in spite of an immediate trigger, without a second
    person or without a signature, to walk forward again, to have a keeper act that differs from the last one, to take
    the pen from somebody who is gone or silent, to go on without the database, and to abort.
    """
    if state.started is None:
        return ""
    profile, is_rehearsal = state.profile, state.is_rehearsal
    found = find_step(profile, step_id)
    is_irreversible = found is not None and found[1].risk == "irreversible"
    is_production = profile.production and not is_rehearsal
    if what in ("confirm", "run"):
        if found is None or not is_irreversible or is_rehearsal or (what == "run") != is_run(found[1]):
            return ""
        return step_id if is_production or is_past_return(state, now) else ""
    if what == "rollback":
        return step_id if is_production or state.hold is not None or _is_outside(state, now) else ""
    if not is_production:
        return ""
    if what == "skip":
        is_guard = found is not None and found[1].behaviour in ("signoff", "wait")
        return profile.environment if is_irreversible or is_guard else ""
    if what == "go_on":
        return profile.environment if any(each.severity == "immediate" for each in state.fired) else ""
    return profile.environment


def is_run(step: Step) -> bool:
    """Whether the danger of a step lies in running it, not in confirming it."""
    return step.behaviour == "action"


def needs_second(state: RunState, step_id: str, now: Instant | None = None) -> bool:
    """Whether a second person has to agree and has not: an irreversible step in production past the point of no return.

    Never on the way back, and not in a rehearsal.
    """
    found = find_step(state.profile, step_id) if state.started else None
    known = state.steps.get(step_id)
    if found is None or known is None or found[1].risk != "irreversible" or not state.profile.production:
        return False
    if state.rollback is not None or state.is_rehearsal or known.countersigned_by or known.waived_reason:
        return False
    if is_run(found[1]) and known.action is not None and known.action.status == "succeeded":
        return False  # it was agreed to, or waived, when it was run
    return is_past_return(state, now)


def is_past_return(state: RunState, now: Instant | None) -> bool:
    """Whether the point of no return has passed; false where there is no window."""
    at = no_return_at(state)
    return at is not None and now is not None and now.at >= at


def no_return_at(state: RunState) -> datetime | None:
    """Window end - rollback estimate - reserve; None without a window."""
    if state.started is None or state.started.window_end is None:
        return None
    window = state.profile.window
    reserve_s = window.reserve_s if window else 0.0
    return state.started.window_end - timedelta(seconds=rollback_estimate_s(state.profile) + reserve_s)


def rollback_estimate_s(profile: Profile) -> float:
    """The window's own estimate, else that of the longest rollback plan; seconds."""
    if profile.window is not None and profile.window.rollback_estimate_s:
        return profile.window.rollback_estimate_s
    return max((plan.estimate_s for plan in profile.rollbacks), default=0.0)


def _is_outside(state: RunState, now: Instant | None) -> bool:
    assert state.started is not None
    start, end = state.started.window_start, state.started.window_end
    return now is not None and start is not None and end is not None and not start <= now.at < end
