"""What the keeper saw, and what became of the log: the part of `evolve` that no person decides.

Invariant: as `evolve`. What a sample says goes into probes and nowhere else; a probe that the profile does not have is
ignored.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run import hands, sampled
from cockpit.run.settled import deviate
from cockpit.run.state import RunState
from cockpit.run.state_watch import KeeperState, TargetState
from cockpit.run.walk import current_gate

# ---- the keeper and its probes -------------------------------------------------------------------------------------


def keeper_started(state: RunState, event: e.Event, body: e.KeeperStarted) -> RunState:
    keeper = KeeperState(
        epoch=body.epoch,
        user=event.actor.user,
        host=event.actor.host,
        pid=body.pid,
        version=body.version,
        started=event.instant,
        targets=body.targets,
        environment=body.environment,
        environment_key=body.environment_key,
    )
    gates = state.gates
    gate = state.cursor and current_gate(state, state.cursor.gate)
    if state.cursor and gate:
        # What an earlier keeper last said does not count for this one: it looks for itself before anyone confirms.
        gates = {**gates, state.cursor.gate: replace(gate, verdict="pending", conditions=())}
    return hands.started(replace(state, gates=gates), keeper)


def keeper_stopped(state: RunState, event: e.Event, body: e.KeeperStopped) -> RunState:
    if state.keeper is None or state.keeper.epoch != body.epoch:
        return state
    by = body.killed_by or state.keeper.stopped_by
    return replace(state, keeper=replace(state.keeper, stopped=body.reason or "stopped", stopped_by=by))


def keeper_moved(state: RunState, event: e.Event, body: e.KeeperMoved) -> RunState:
    """The last keeper is left behind; the next one begins on the host that is named."""
    if state.keeper is None or state.keeper.epoch != body.epoch:
        return state
    state = replace(state, keeper=replace(state.keeper, moved_to=body.host))
    return deviate(state, event, "moved", f"keeper {body.epoch}, from {body.previous} to {body.host}", body.reason)


def probe_told(state: RunState, event: e.Event, body: e.ProbeChanged | e.ProbesSampled) -> RunState:
    return replace(state, probes=sampled.told(state.probes, (event,)))


def target_seen(state: RunState, event: e.Event, body: e.TargetSeen) -> RunState:
    if all(target.id != body.target for target in state.profile.targets):
        return state
    seen = TargetState(verdict=body.verdict, identity=body.identity, detail=body.detail)
    state = replace(state, targets={**state.targets, body.target: seen})
    return hands.seen(state, body.target, body.identity) if body.verdict == "match" else state


def clock_stepped(state: RunState, event: e.Event, body: e.ClockStepped) -> RunState:
    return replace(state, clock_steps=state.clock_steps + 1)


# ---- the log -----------------------------------------------------------------------------------------------


def log_filled(state: RunState, event: e.Event, body: e.LogFilled) -> RunState:
    return state if state.filled == "full" else replace(state, filled=body.level)


def log_recovered(state: RunState, event: e.Event, body: e.LogRecovered) -> RunState:
    return replace(state, recoveries=state.recoveries + 1)


def log_continued(state: RunState, event: e.Event, body: e.LogContinued) -> RunState:
    """Who was there before is not here; what was lost with the former log is for ever a deviation."""
    lost = f"{body.lost} lines lost" if body.lost else ""
    steps = {
        step_id: replace(step, action=replace(step.action, home=step.action.home or body.former))
        if step.action is not None and step.action.action
        else step
        for step_id, step in state.steps.items()
    }
    return deviate(replace(state, seats={}, steps=steps), event, "continued", lost, body.trouble)


def unknown(state: RunState, event: e.Event, body: e.UnknownBody) -> RunState:
    """Nothing is decided on telemetry: one of an unknown type stops nobody from acting; a fact does."""
    if not event.is_fact or event.type in state.unknown_types:
        return state
    return replace(state, unknown_types=(*state.unknown_types, event.type))
