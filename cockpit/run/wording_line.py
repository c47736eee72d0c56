"""What stops the line or turns it round, as people read it: notes, holds, triggers, ways back. A part of `wording`."""

from __future__ import annotations

from cockpit.run import events as e
from cockpit.run.phrases import Sayings, because, instead, plan_named, step_named
from cockpit.run.state import RunState
from cockpit.text import shortened, visible


def _noted(event: e.Event, body: e.NoteAdded, state: RunState | None) -> str:
    where = f" on {step_named(state, body.step)}" if body.step else ""
    return f"note{where}: {body.text}"


def _trigger(state: RunState | None, trigger: str) -> str:
    triggers = state.profile.triggers if state and state.started else ()
    found = next((each.title for each in triggers if each.id == trigger and each.title), trigger)
    return shortened(found, 80)


def _trigger_fired(event: e.Event, body: e.TriggerFired, state: RunState | None) -> str:
    told = next((v.detail or v.condition for v in body.conditions if v.holds), "")
    return f"trigger: {_trigger(state, body.trigger)}{because(shortened(told, 160))}"


def _trigger_raised(event: e.Event, body: e.TriggerRaised, state: RunState | None) -> str:
    name = f" {_trigger(state, body.trigger)}" if body.trigger else ""
    return f"raised a trigger{name}{because(body.reason)}"


def _rollback_chosen(event: e.Event, body: e.RollbackChosen, state: RunState | None) -> str:
    proposed = "" if body.proposed in ("", body.plan) else f" instead of {plan_named(state, body.proposed)}"
    return f"rolls back by {plan_named(state, body.plan)}{proposed}{because(body.reason)}"


def _plans_judged(event: e.Event, body: e.PlansJudged, state: RunState | None) -> str:
    fitting = [plan_named(state, plan) for plan, verdict in body.verdicts.items() if verdict == "pass"]
    return f"rollback plans that fit: {', '.join(fitting) or 'none for certain'}"


def _alert_sent(event: e.Event, body: e.AlertSent, state: RunState | None) -> str:
    how = "called people" if body.ok else "could NOT call people"
    return f"{how} through {visible(body.channel)} about {shortened(body.about, 80)}{because(body.detail)}"


SAYINGS: Sayings = {
    e.NoteAdded: _noted,
    e.HoldPlaced: lambda event, body, state: f"holds the run{because(body.reason)}",
    e.HoldReleased: lambda event, body, state: f"released the hold{because(body.reason)}",
    e.TriggerFired: _trigger_fired,
    e.TriggerCleared: lambda event, body, state: f"trigger cleared: {_trigger(state, body.trigger)}",
    e.TriggerRaised: _trigger_raised,
    e.TriggerAnswered: lambda event, body, state: (
        f"goes on in spite of the trigger{instead(state, body.not_taken)}{because(body.reason)}"
    ),
    e.AlertSent: _alert_sent,
    e.PlansJudged: _plans_judged,
    e.RollbackChosen: _rollback_chosen,
    e.RollbackLeft: lambda event, body, state: f"gave the rollback up, forward again{because(body.reason)}",
}
