"""What keepers do and see, as people read it. A part of `wording`."""

from __future__ import annotations

from cockpit.run import events as e
from cockpit.run.phrases import Sayings, because, gate_named, quantity, step_named
from cockpit.run.state import RunState
from cockpit.text import counted, shortened, visible


def _keeper_started(event: e.Event, body: e.KeeperStarted, state: RunState | None) -> str:
    warned = f"; {'; '.join(body.warnings)}" if body.warnings else ""
    by = f", by {event.actor.via}" if event.actor.via.startswith("systemd ") else ""
    return f"watching (epoch {body.epoch}, as {event.actor.user}@{event.actor.host}{by}){warned}"


def _keeper_accepted(event: e.Event, body: e.KeeperAccepted, state: RunState | None) -> str:
    other = f"other than keeper {body.previous} was" if body.previous != body.epoch else "on another target than before"
    reason = f" ({body.reason})" if body.reason else ""
    return f"lets keeper {body.epoch} act, {other}{because('; '.join(body.shown))}{reason}"


def _keeper_moved(event: e.Event, body: e.KeeperMoved, state: RunState | None) -> str:
    left = f"; {len(body.unfinished)} unfinished: {', '.join(body.unfinished)}" if body.unfinished else ""
    return f"takes over from keeper {body.epoch} on {body.previous}, to {body.host}{left}{because(body.reason)}"


def _keeper_stopped(event: e.Event, body: e.KeeperStopped, state: RunState | None) -> str:
    by_person = body.reason.startswith(("stopped by ", "killed by "))
    return f"was {body.reason}" if by_person else f"stopped watching{because(body.reason)}"


def _probe_changed(event: e.Event, body: e.ProbeChanged, state: RunState | None) -> str:
    # The detail names what did not hold and what it was; the value beside it would say it twice.
    told = shortened(body.detail, 160) or quantity(body.value, body.unit)
    return f"{body.probe} {body.previous} → {body.status}{because(told)}"


def _gate_changed(event: e.Event, body: e.GateChanged, state: RunState | None) -> str:
    if body.gate.startswith("if:"):
        return _considered(body, state)
    gate = gate_named(state, body.gate)
    verdict = {"pass": "passes", "blocked": "is blocked", "unknown": "cannot be judged", "pending": "is being read"}
    return f"gate of {gate} {verdict.get(body.verdict, body.verdict)}{because(_objection(body))}"


def _considered(body: e.GateChanged, state: RunState | None) -> str:
    """Whether a step applies: one that does not is passed by, and this is all that tells of it."""
    step = step_named(state, body.gate.removeprefix("if:"))
    told = {
        "pass": "applies", "blocked": "does not apply", "unknown": "may not apply: it cannot be judged",
        "pending": "may not apply: it is being read",
    }.get(body.verdict, body.verdict)  # fmt: skip
    return f"{step} {told}{because(_objection(body))}"


def _objection(body: e.GateChanged) -> str:
    """What the first condition says that does not hold."""
    objection = next((v for v in body.conditions if not v.holds), None) if body.verdict != "pass" else None
    return shortened(objection.detail or objection.condition, 160) if objection else ""


def _target_seen(event: e.Event, body: e.TargetSeen, state: RunState | None) -> str:
    how = {"match": "is what the profile says", "mismatch": "IS NOT what the profile says"}.get(
        body.verdict, "cannot be reached"
    )
    return f"target {visible(body.target)} {how}{because(shortened(body.detail, 160))}"


def _sampled(event: e.Event, body: e.ProbesSampled, state: RunState | None) -> str:
    return f"sampled {counted(len(body.readings), 'probe')}"


SAYINGS: Sayings = {
    e.KeeperStarted: _keeper_started,
    e.KeeperAccepted: _keeper_accepted,
    e.KeeperStopRequested: lambda event, body, state: f"stops the keeper (epoch {body.epoch}){because(body.reason)}",
    e.KeeperMoved: _keeper_moved,
    e.KeeperStopped: _keeper_stopped,
    e.TargetSeen: _target_seen,
    e.ProbeChanged: _probe_changed,
    e.GateChanged: _gate_changed,
    e.ClockStepped: lambda event, body, state: f"the clock of this host was set by {body.by_s:+.0f} s",
    e.ProbesAsked: lambda event, body, state: (
        f"has {counted(len(body.probes), 'probe') if body.probes else 'the probes'} read at once"
    ),
    e.ProbesSampled: _sampled,
}
