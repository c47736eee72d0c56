"""Commands and waits as people read them. A part of `wording`."""

from __future__ import annotations

from cockpit.run import events as e
from cockpit.run.phrases import Sayings, because, instead, step_named
from cockpit.run.state import RunState
from cockpit.text import shortened


def _step_of_action(state: RunState | None, action: str) -> str:
    for step_id, step in state.steps.items() if state else ():
        if step.action is not None and step.action.action == action:
            return step_named(state, step_id)
    return "the action"


def _requested(event: e.Event, body: e.ActionRequested, state: RunState | None) -> str:
    again = f", attempt {body.attempt}" if body.attempt > 1 else ""
    return f"asked to run {step_named(state, body.step)}{again}{instead(state, body.not_taken)}"


def _action_started(event: e.Event, body: e.ActionStarted, state: RunState | None) -> str:
    how = {"dry_run": " (dry run)", "shown": " (shown only)", "rolled_back": " (to be rolled back)"}.get(body.mode, "")
    target = f" → {body.target}" if body.target else ""
    return f"runs {step_named(state, body.step)}{how} as {shortened(body.runs_as, 60)}{target}"


def _action_ended(event: e.Event, body: e.ActionEnded, state: RunState | None) -> str:
    how = {
        "succeeded": "ended well", "failed": "FAILED", "timed_out": "TIMED OUT", "cancelled": "was cancelled",
        "refused": "was refused, nothing was done", "lapsed": "lapsed, nothing was done",
        "unknown": "ended UNKNOWN: it may have been done",
    }[body.outcome]  # fmt: skip
    took = f" after {body.duration_s:.0f} s" if body.duration_s >= 1 and body.outcome != "unknown" else ""
    return f"{step_named(state, body.step)} {how}{took}{because(shortened(body.detail, 160))}"


def _wait_began(event: e.Event, body: e.WaitBegan, state: RunState | None) -> str:
    again = f" again, from the beginning: {shortened(body.detail, 120)}" if body.detail else ""
    return f"waits at {step_named(state, body.step)} until {body.until:%H:%M:%S} UTC{again}"


SAYINGS: Sayings = {
    e.ActionRequested: _requested,
    e.ActionStarted: _action_started,
    e.ActionOutput: lambda event, body, state: f"output of {_step_of_action(state, body.action)}",
    e.ActionCancelled: lambda event, body, state: (
        f"asked to cancel {_step_of_action(state, body.action)}{because(body.reason)}"
    ),
    e.ActionEnded: _action_ended,
    e.ActionSettled: lambda event, body, state: (
        f"says that {_step_of_action(state, body.action)} {body.outcome}{because(body.reason)}"
    ),
    e.WaitBegan: _wait_began,
    e.WaitStopped: lambda event, body, state: (
        f"stopped waiting at {step_named(state, body.step)}{because(body.detail)}"
    ),
    e.WaitCompleted: lambda event, body, state: f"the wait at {step_named(state, body.step)} is over, all was well",
    e.WaitEndedEarly: lambda event, body, state: f"cut {step_named(state, body.step)} short{because(body.reason)}",
    e.WaitRestarted: lambda event, body, state: f"begins {step_named(state, body.step)} again",
    e.StepDue: lambda event, body, state: f"{step_named(state, body.step)} is due",
}
