"""Events as people read them: one short line each, the same on the screen's tail, in `cockpit log` and in a replay.

Every line is plain visible text; whatever came from outside is shown literally. Must never raise on any event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.run import events as e
from cockpit.run.numbering import gate_label, phase_label, step_label
from cockpit.run.readings import Scalar
from cockpit.run.state import RunState
from cockpit.text import shortened, visible

_LINE = 240
_NAME = 24
_BY_MACHINE = frozenset({"keeper.started", "keeper.stopped", "probe.changed", "gate.changed", "log.recovered"})


def sentence(event: e.Event, state: RunState | None = None) -> str:
    """`ana  confirmed 1.2 Migrate (4 probes passing)`.

    `state` is any state of the same run from which titles and numbers are taken, before or after the event; without one
    ids stand in their place.
    """
    say = _SAYINGS.get(type(event.body), _generic)
    who = "keeper" if event.type in _BY_MACHINE else shortened(event.actor.user, _NAME)
    return shortened(f"{who}  {say(event, event.body, state)}", _LINE)


def quantity(value: Scalar, unit: str = "") -> str:
    """A value as people read it: `1.4 %`, `yes`, `142 ms`; an empty text for no value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, float):
        text = f"{value:.4g}" if abs(value) < 1e6 else f"{value:.3e}"
    else:
        text = shortened(str(value), 80)
    return f"{text} {shortened(unit, 20)}" if unit else text


def _step(state: RunState | None, step_id: str) -> str:
    return step_label(state.profile, step_id) if state and state.started else visible(step_id)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _run_started(event: e.Event, body: e.RunStarted, state: RunState | None) -> str:
    profile = body.profile
    despite = f", despite {len(body.despite)} live" if body.despite else ""
    return f"started {profile.title or profile.id} on {profile.environment}{despite}"


def _phase_entered(event: e.Event, body: e.PhaseEntered, state: RunState | None) -> str:
    label = phase_label(state.profile, body.phase) if state and state.started else visible(body.phase)
    return f"entered phase {label}"


def _step_confirmed(event: e.Event, body: e.StepConfirmed, state: RunState | None) -> str:
    again = f", attempt {body.attempt}" if body.attempt > 1 else ""
    return f"confirmed {_step(state, body.step)}{again}{_tally(body.counts)}"


def _tally(counts: dict[str, int]) -> str:
    """` (4 probes passing, 1 failing)`: the noun once, the worst last."""
    order = {"pass": "passing", "warn": "warning", "fail": "failing", "error": "in error"}
    statuses = sorted(counts, key=lambda status: list(order).index(status) if status in order else len(order))
    parts: list[str] = []
    for status in statuses:
        noun = "" if parts else " probe" if counts[status] == 1 else " probes"
        parts.append(f"{counts[status]}{noun} {order.get(status, visible(status))}")
    return f" ({', '.join(parts)})" if parts else ""


def _gate_overridden(event: e.Event, body: e.GateOverridden, state: RunState | None) -> str:
    label = gate_label(state.profile, body.gate) if state and state.started else visible(body.gate)
    return f"overrode the gate of {label} ({body.verdict}){_because(body.reason)}"


def _jumped(event: e.Event, body: e.CursorJumped, state: RunState | None) -> str:
    left = f" from {_step(state, body.left)}" if body.left else ""
    return f"jumped{left} to {_step(state, body.step)}{_because(body.reason)}"


def _noted(event: e.Event, body: e.NoteAdded, state: RunState | None) -> str:
    where = f" on {_step(state, body.step)}" if body.step else ""
    return f"note{where}: {body.text}"


def _pen_taken(event: e.Event, body: e.PenTaken, state: RunState | None) -> str:
    previous = f" from {body.previous}" if body.previous else ""
    return f"took the pen{previous}{_because(body.reason)}"


def _keeper_started(event: e.Event, body: e.KeeperStarted, state: RunState | None) -> str:
    warned = f"; {'; '.join(body.warnings)}" if body.warnings else ""
    return f"watching (epoch {body.epoch}, as {event.actor.user}@{event.actor.host}){warned}"


def _probe_changed(event: e.Event, body: e.ProbeChanged, state: RunState | None) -> str:
    # The detail names what did not hold and what it was; the value beside it would say it twice.
    told = shortened(body.detail, 160) or quantity(body.value, body.unit)
    return f"{body.probe} {body.previous} → {body.status}{_because(told)}"


def _gate_changed(event: e.Event, body: e.GateChanged, state: RunState | None) -> str:
    label = gate_label(state.profile, body.gate) if state and state.started else visible(body.gate)
    verdict = {"pass": "passes", "blocked": "is blocked", "unknown": "cannot be judged", "pending": "is being read"}
    objection = next((v for v in body.conditions if not v.holds), None) if body.verdict != "pass" else None
    told = (objection.detail or objection.condition) if objection else ""
    return f"gate of {label} {verdict.get(body.verdict, body.verdict)}{_because(shortened(told, 160))}"


def _sampled(event: e.Event, body: e.ProbesSampled, state: RunState | None) -> str:
    return f"sampled {len(body.readings)} probes"


def _generic(event: e.Event, body: e.Body, state: RunState | None) -> str:
    return f"{event.type} (not known to this version)"


_SAYINGS: dict[type[e.Body], Callable[[e.Event, Any, RunState | None], str]] = {
    e.RunStarted: _run_started,
    e.RunFinished: lambda event, body, state: "finished the run",
    e.RunAborted: lambda event, body, state: f"aborted the run{_because(body.reason)}",
    e.PhaseEntered: _phase_entered,
    e.StepConfirmed: _step_confirmed,
    e.StepDoneOutside: lambda event, body, state: f"did {_step(state, body.step)} outside{_because(body.reason)}",
    e.StepSkipped: lambda event, body, state: f"skipped {_step(state, body.step)}{_because(body.reason)}",
    e.StepReopened: lambda event, body, state: (
        f"reopened {_step(state, body.step)}, attempt {body.attempt}{_because(body.reason)}"
    ),
    e.CursorJumped: _jumped,
    e.GateOverridden: _gate_overridden,
    e.NoteAdded: _noted,
    e.HoldPlaced: lambda event, body, state: f"holds the run{_because(body.reason)}",
    e.HoldReleased: lambda event, body, state: f"released the hold{_because(body.reason)}",
    e.PenTaken: _pen_taken,
    e.KeeperStarted: _keeper_started,
    e.KeeperStopped: lambda event, body, state: f"stopped watching{_because(body.reason)}",
    e.ProbeChanged: _probe_changed,
    e.GateChanged: _gate_changed,
    e.LogRecovered: lambda event, body, state: f"stepped over {body.length} damaged bytes in the log",
    e.ProbesSampled: _sampled,
    e.OperatorAttached: lambda event, body, state: f"attached ({body.role})",
    e.OperatorDetached: lambda event, body, state: f"detached{_because(body.reason)}",
}
