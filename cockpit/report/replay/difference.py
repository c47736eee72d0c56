"""What is otherwise at two moments of one run, in words: what a reviewer would ask.

Pure. The earlier moment comes first; both states are of the same log. Everything returned is visible text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from cockpit.run.holding import holder_at
from cockpit.run.numbering import gate_label, phase_label, step_label
from cockpit.run.people import called, name_of
from cockpit.run.phrases import quantity
from cockpit.run.readings import Scalar
from cockpit.run.state import RunState
from cockpit.run.state_line import FiredTrigger
from cockpit.run.state_people import SeatState
from cockpit.run.state_walk import GateState, StepState
from cockpit.run.state_watch import ProbeState
from cockpit.text import shortened

_TEXT = 160


class Change(Struct, frozen=True):
    """One thing that is otherwise; `before` is empty for what is new, `after` for what is gone."""

    what: str
    before: str
    after: str


class Section(Struct, frozen=True):
    """Changes of one sort; at least one."""

    title: str
    changes: tuple[Change, ...]


def difference(before: RunState, after: RunState) -> tuple[Section, ...]:
    """What changed from the earlier state to the later one, in the order in which people ask; empty if nothing did."""
    if before.started is None or after.started is None:
        return ()
    found = ((title, tuple(changes(before, after))) for title, changes in _SECTIONS)
    return tuple(Section(title, changes) for title, changes in found if changes)


def _told(what: str, before: str, after: str) -> Iterator[Change]:
    if before != after:
        yield Change(what, before, after)


def _run(before: RunState, after: RunState) -> Iterator[Change]:
    yield from _told("the run", before.status, after.status)
    yield from _told("stands at", _place(before), _place(after))
    yield from _told("the way back", _back(before), _back(after))
    yield from _told("held", _hold(before), _hold(after))
    yield from _told("pen", _pen(before), _pen(after))
    yield from _told("here", _people(before), _people(after))


def _place(state: RunState) -> str:
    cursor = state.cursor
    if cursor is None:
        return "nothing is left to do" if state.status == "live" else "the run is over"
    if cursor.step is not None:
        return step_label(state.profile, cursor.step)
    return f"{'the exit of' if cursor.is_leaving else 'the door of'} phase {phase_label(state.profile, cursor.phase)}"


def _back(state: RunState) -> str:
    if state.rollback is None:
        return ""
    plan = state.profile.plan(state.rollback.plan)
    name = (plan.title or plan.id) if plan else state.rollback.plan
    return f"{shortened(name, 60)}, by {_who(name_of(state.rollback.by))}"


def _hold(state: RunState) -> str:
    return f"by {_who(name_of(state.hold.by))}: {shortened(state.hold.reason, _TEXT)}" if state.hold else ""


def _pen(state: RunState) -> str:
    return holder_at(state) if state.pen else ""


def _people(state: RunState) -> str:
    return ", ".join(sorted({f"{_called(seat)} ({seat.role})" for seat in state.seats.values()}))


def _called(seat: SeatState) -> str:
    return called(seat.by) if seat.by is not None else _who(seat.user)


def _who(name: str) -> str:
    return shortened(name, 40)


# ---- steps, gates, triggers --------------------------------------------------------------------------------------


def _steps(before: RunState, after: RunState) -> Iterator[Change]:
    for step_id, step in after.steps.items():
        was = before.steps.get(step_id, StepState())
        if was is not step:
            yield from _told(step_label(after.profile, step_id), _step(was), _step(step))


def _step(step: StepState) -> str:
    by = f" by {_who(name_of(step.by))}" if step.by and step.status not in ("open", "not_applicable") else ""
    parts = [f"{step.status.replace('_', ' ')}{by}"]
    if step.attempt > 1:
        parts.append(f"attempt {step.attempt}")
    if step.action is not None and step.action.action:
        detail = f" ({shortened(step.action.detail, 60)})" if step.action.detail else ""
        parts.append(f"action {step.action.status.replace('_', ' ')}{detail}")
    if step.wait is not None:
        parts.append(f"wait {step.wait.status.replace('_', ' ')}")
    if step.due is not None and step.status == "open":
        parts.append("due")
    if step.countersigned_by and step.status == "open":
        parts.append(f"agreed to by {shortened(step.countersigned_by, 40)}")
    return ", ".join(parts)


def _gates(before: RunState, after: RunState) -> Iterator[Change]:
    for gate, now in after.gates.items():
        was = before.gates.get(gate)
        if was is not now:
            yield from _told(gate_label(after.profile, gate), _gate(was), _gate(now))


def _gate(gate: GateState | None) -> str:
    if gate is None:
        return ""
    failing = [each.detail or each.condition for each in gate.conditions if each.holds is not True]
    why = f" ({'; '.join(shortened(each, 60) for each in failing[:3])})" if failing else ""
    return f"{gate.verdict}{why}{f', overridden by {_who(gate.overridden_by)}' if gate.overridden_by else ''}"


def _triggers(before: RunState, after: RunState) -> Iterator[Change]:
    were, are = ({each.seq: each for each in state.fired} for state in (before, after))
    for seq in sorted(were.keys() | are.keys()):
        one = are.get(seq) or were[seq]
        yield from _told(_trigger_name(after, one), _trigger(were.get(seq)), _trigger(are.get(seq)))


def _trigger_name(state: RunState, fired: FiredTrigger) -> str:
    known = next((each for each in state.profile.triggers if each.id == fired.trigger), None)
    name = (known.title or known.id) if known else fired.trigger
    return shortened(name or f"raised by {name_of(fired.by)}", 60)


def _trigger(fired: FiredTrigger | None) -> str:
    if fired is None:
        return ""
    reason = f": {shortened(fired.reason, 80)}" if fired.reason else ""
    return f"{fired.severity}, waits for an answer{' (over by then)' if fired.is_cleared else ''}{reason}"


def _deviations(before: RunState, after: RunState) -> Iterator[Change]:
    for each in after.deviations[len(before.deviations) :]:
        where = f" {shortened(each.where, 80)}" if each.where else ""
        yield Change(f"{each.kind.replace('_', ' ')}{where}", "", f"{_who(each.by)}: {shortened(each.reason, _TEXT)}")


# ---- what was watched --------------------------------------------------------------------------------------------


def _probes(before: RunState, after: RunState) -> Iterator[Change]:
    for probe_id, probe in after.probes.items():
        was = before.probes.get(probe_id, ProbeState())
        if was is not probe:
            yield from _told(shortened(probe_id, 60), _probe(was), _probe(probe))


def _probe(probe: ProbeState) -> str:
    value: Scalar = probe.reading.value if probe.reading else None
    told = quantity(value, probe.reading.unit if probe.reading else "")
    return f"{probe.status}{' ' if told else ''}{told}"


def _keeper(before: RunState, after: RunState) -> Iterator[Change]:
    yield from _told("keeper", _its_state(before), _its_state(after))
    for target in after.targets.keys() | before.targets.keys():
        was, now = before.targets.get(target), after.targets.get(target)
        yield from _told(f"target {shortened(target, 40)}", was.verdict if was else "", now.verdict if now else "")
    yield from _told("times the clock was set", _count(before.clock_steps), _count(after.clock_steps))


def _its_state(state: RunState) -> str:
    keeper = state.keeper
    if keeper is None:
        return ""
    ended = f", ended: {shortened(keeper.stopped, 80)}" if keeper.stopped else ""
    return f"epoch {keeper.epoch}, {_who(keeper.user)}@{_who(keeper.host)}{ended}"


def _values(before: RunState, after: RunState) -> Iterator[Change]:
    yield from _of_mapping(before.values, after.values)


def _plans(before: RunState, after: RunState) -> Iterator[Change]:
    yield from _of_mapping(before.plans, after.plans)


def _of_mapping(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in [*after, *(each for each in before if each not in after)]:
        was, now = (shortened(str(each.get(name, "")), 80) for each in (before, after))
        yield from _told(shortened(name, 40), was, now)


def _log(before: RunState, after: RunState) -> Iterator[Change]:
    yield from _told("damaged places stepped over", _count(before.recoveries), _count(after.recoveries))
    unknown = [shortened(each, 40) for each in after.unknown_types if each not in before.unknown_types]
    yield from _told("of a newer cockpit", "", ", ".join(unknown))


def _count(number: int) -> str:
    return str(number) if number else ""


_SECTIONS: tuple[tuple[str, Callable[[RunState, RunState], Iterator[Change]]], ...] = (
    ("Run", _run),
    ("Deviations", _deviations),
    ("Triggers", _triggers),
    ("Steps", _steps),
    ("Gates", _gates),
    ("Probes", _probes),
    ("Values", _values),
    ("Ways back", _plans),
    ("Keeper and targets", _keeper),
    ("Log", _log),
)
