"""When a checkpoint or a message is due: pure arithmetic over the state, for the keeper's clock and the screen."""

from __future__ import annotations

from datetime import datetime, timedelta

from cockpit.patterns import late
from cockpit.profile.durations import seconds
from cockpit.profile.model import Step
from cockpit.profile.steps import CheckpointSettings, MessageSettings, settings_of
from cockpit.run.state import RunState

_DUE = late(r"(start|end)(?:([+-])(\w+))?")


def due_at(state: RunState, step: Step) -> datetime | None:
    """The set time of a step, aware UTC; None if it has none, or if that is not known yet.

    A checkpoint's counts from its event (a step that was settled, the run's or the window's start), a message's from
    the window.
    """
    if state.started is None:
        return None
    if step.behaviour == "checkpoint":
        return _checkpoint(state, settings_of(step, CheckpointSettings))
    if step.behaviour == "message":
        return _message(state, settings_of(step, MessageSettings))
    return None


def has_set_time(step: Step) -> bool:
    """Whether the step is due at a set time at all."""
    return step.behaviour == "checkpoint" or (
        step.behaviour == "message" and bool(settings_of(step, MessageSettings).due)
    )


def _checkpoint(state: RunState, settings: CheckpointSettings) -> datetime | None:
    assert state.started is not None
    since: datetime | None
    if settings.since == "start":
        since = state.began.at if state.began else None
    elif settings.since == "window":
        since = state.started.window_start
    else:
        step = state.steps.get(settings.since)
        is_done = step is not None and step.status in ("confirmed", "done_outside") and step.settled is not None
        since = step.settled.at if is_done and step and step.settled else None
    return None if since is None else since + timedelta(seconds=settings.delay_s)


def _message(state: RunState, settings: MessageSettings) -> datetime | None:
    assert state.started is not None
    found = _DUE.fullmatch(settings.due.replace(" ", ""))
    if found is None:
        return None
    base = state.started.window_start if found[1] == "start" else state.started.window_end
    offset_s = seconds(found[3]) if found[3] else 0.0
    if base is None or offset_s is None:
        return None
    return base + timedelta(seconds=-offset_s if found[2] == "-" else offset_s)
