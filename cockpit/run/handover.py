"""The handover card: what whoever takes the pen over has to know, on at most `LINES` lines, and what it stands on.

Pure. Invariant: whatever the run is, the card is short enough to be read whole, its first lines are what is urgent, and
what it leaves out it counts. Every line is visible text. A card counts for as long as what it stands on stands: see
`Standing`. That a probe got well, or that time passed, makes a card no worse than the truth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from cockpit.profile.model import Step
from cockpit.run.conflicts import both, label
from cockpit.run.due import has_set_time
from cockpit.run.elapsed import duration, elapsed_s
from cockpit.run.events import Instant
from cockpit.run.forecast import forecast
from cockpit.run.friction import needs_second
from cockpit.run.holding import holds
from cockpit.run.numbering import find_step, phase_label, step_label
from cockpit.run.people import called
from cockpit.run.state import RunState
from cockpit.run.state_walk import ActionState
from cockpit.run.walk import open_steps, waits_to_be_finished
from cockpit.text import counted, shortened, visible

LINES = 16
COLUMNS = 76
_RED = ("fail", "error", "stale")
_NAMED = 3


class Standing(Struct, frozen=True):
    """What a card was made of, as far as anything that comes to it makes the card untrue."""

    opened_seq: int = 0
    """Of the cursor; 0: none is left."""
    way: str = ""
    """The rollback plan that is walked; empty: forward."""
    hold: str = ""
    actions: tuple[str, ...] = ()
    """Actions under way or of unknown end, with their status."""
    fired: frozenset[int] = frozenset()
    conflicts: frozenset[str] = frozenset()
    is_offline: bool = False
    deviations: int = 0
    unsigned: frozenset[int] = frozenset()
    red: frozenset[str] = frozenset()
    keeper: int = 0
    """Epoch of the one that acts."""


def standing(state: RunState) -> Standing:
    """What a card that is made now stands on."""
    return Standing(
        opened_seq=state.cursor.opened_seq if state.cursor is not None else 0,
        way=state.rollback.plan if state.rollback is not None else "",
        hold=f"{state.hold.since.mono} {state.hold.reason}" if state.hold is not None else "",
        actions=tuple(f"{action.action} {action.status}" for action in _actions(state)),
        fired=frozenset(each.seq for each in state.fired),
        conflicts=frozenset(each.subject for each in state.conflicts),
        is_offline=state.offline is not None,
        deviations=len(state.deviations),
        unsigned=frozenset(each.seq for each in state.unsigned),
        red=frozenset(_red(state)),
        keeper=state.keeper.epoch if state.keeper is not None else 0,
    )


def moved_on(read: Standing, now: Standing) -> str:
    """What came about since a card was read, in words; empty: it still tells all there is."""
    if read.opened_seq != now.opened_seq or read.way != now.way:
        return "the run is at another place"
    if read.hold != now.hold:
        return "the line was stopped" if now.hold else "the hold was released"
    if now.fired - read.fired:
        return "a trigger fired"
    if read.actions != now.actions:
        return "an action began or ended"
    if read.conflicts != now.conflicts:
        return "a conflict came up" if now.conflicts - read.conflicts else "a conflict was settled"
    if read.is_offline != now.is_offline:
        return "the run went offline" if now.is_offline else "the run came back to its database"
    if now.deviations > read.deviations:
        return "another deviation is in the log"
    if now.red - read.red:
        return f"the probe {shortened(min(now.red - read.red), 40)} is not well"
    if now.unsigned - read.unsigned:
        return "another fact waits for its signature"
    return "another keeper is there" if now.keeper != read.keeper else ""


def card(state: RunState, now: Instant, here: Collection[str] = ()) -> tuple[str, ...]:
    """The card at `now`, a line each, urgent things first; `here`: ids of the seats whose screens live.

    Lines are of at most `COLUMNS` characters.
    """
    lines = [
        *_position(state, now),
        *_alarms(state, now),
        *_actions_told(state, now),
        *_probes(state),
        *_time(state, now),
        *_ahead(state, now),
        *_deviations(state),
        *_unsigned(state),
        *_keeper(state),
        *_people(state, here),
    ]
    told = [shortened(line, COLUMNS) for line in lines]
    return tuple(told) if len(told) <= LINES else (*told[: LINES - 1], f"… {len(told) - LINES + 1} more lines")


def _position(state: RunState, now: Instant) -> Iterator[str]:
    cursor = state.cursor
    if state.rollback is not None:
        plan = state.profile.plan(state.rollback.plan)
        name = plan.title or plan.id if plan is not None else state.rollback.plan
        since = duration(elapsed_s(state.rollback.since, now))
        yield f"ROLLING BACK by {shortened(name, 40)} for {since}: {visible(state.rollback.reason)}"
    if cursor is None:
        yield "at: every step is settled" + (", the run waits to be finished" if waits_to_be_finished(state) else "")
        return
    here = duration(elapsed_s(cursor.opened, now))
    if cursor.step is None:
        yield f"at: phase {phase_label(state.profile, cursor.phase)}, to be {_door(cursor.is_leaving)} for {here}"
        return
    known = state.steps[cursor.step]
    since = duration(elapsed_s(known.entered, now)) if known.entered is not None else here
    attempt = f", attempt {known.attempt}" if known.attempt > 1 else ""
    yield f"at: {step_label(state.profile, cursor.step)}, for {since}{attempt}"
    gate = state.gates.get(cursor.gate)
    if gate is not None and gate.opened_seq == cursor.opened_seq and gate.verdict in ("blocked", "unknown"):
        how = "is blocked" if gate.verdict == "blocked" else "cannot be judged"
        why = next((each for each in gate.conditions if each.holds is not True), None)
        opened = f", overridden by {visible(gate.overridden_by)}" if gate.overridden_by else ""
        yield f"    its gate {how}{opened}{f': {visible(why.detail or why.condition)}' if why is not None else ''}"


def _door(is_leaving: bool) -> str:
    return "left" if is_leaving else "entered"


def _alarms(state: RunState, now: Instant) -> Iterator[str]:
    for conflict in state.conflicts[:_NAMED]:
        yield f"CONFLICT over {label(state, conflict.subject)} (u): {both(conflict)}"
    if len(state.conflicts) > _NAMED:
        yield f"    and {len(state.conflicts) - _NAMED} more that two sides settled"
    if state.offline is not None:
        since = duration(elapsed_s(state.offline.since, now))
        yield f"OFFLINE for {since}, others may act and nobody here knows: {visible(state.offline.reason)}"
    if state.hold is not None:
        since = duration(elapsed_s(state.hold.since, now))
        yield f"HELD by {called(state.hold.by)} for {since}: {visible(state.hold.reason)}"
    names = {trigger.id: trigger.title or trigger.id for trigger in state.profile.triggers}
    fired = sorted(state.fired, key=lambda each: each.severity != "immediate")
    for each in fired[:_NAMED]:
        name = names.get(each.trigger, each.trigger)
        told = ", ".join(shortened(part, 50) for part in (name, each.reason) if part)
        yield f"{each.severity.upper()} unanswered for {duration(elapsed_s(each.since, now))}: {told}"
    if len(fired) > _NAMED:
        more = len(fired) - _NAMED
        yield f"    and {counted(more, 'more trigger that waits', 'more triggers that wait')} for an answer"


def _actions(state: RunState) -> tuple[ActionState, ...]:
    """Those under way, and those of open steps whose end is not known."""
    return tuple(
        step.action
        for step in state.steps.values()
        if step.action is not None
        and (step.action.is_under_way or (step.action.status == "unknown" and step.status == "open"))
    )


def _actions_told(state: RunState, now: Instant) -> Iterator[str]:
    for action in _actions(state):
        label = step_label(state.profile, action.step)
        if action.status == "unknown":
            yield f"UNKNOWN how {label} ended: look, then say how (u)"
        else:
            since = duration(elapsed_s(action.started or action.requested, now))
            yield f"running: {label} for {since}, asked for by {called(action.by)}"
    cursor = state.cursor
    step = state.steps.get(cursor.step) if cursor is not None and cursor.step else None
    if step is not None and step.wait is not None and step.wait.status == "running":
        yield f"waiting: {duration((step.wait.until - now.at).total_seconds())} are left"
    if step is not None and step.wait is not None and step.wait.status == "stopped":
        yield f"WAIT STOPPED: {visible(step.wait.detail)}"
    if cursor is not None and cursor.step and needs_second(state, cursor.step, now):
        yield "a second person has to agree here, and has not"


def _red(state: RunState) -> list[str]:
    """Probes that are not well, the worst first."""
    return sorted(
        (name for name, probe in state.probes.items() if probe.status in _RED),
        key=lambda name: (_RED.index(state.probes[name].status), name),
    )


def _probes(state: RunState) -> Iterator[str]:
    red = [f"{visible(name)} {state.probes[name].status}" for name in _red(state)]
    warned = sum(probe.status == "warn" for probe in state.probes.values())
    also = f"; {warned} warn" if warned else ""
    if red:
        yield f"probes not well: {_some(red)}{also}"
    elif state.probes:
        yield f"probes: none is red{also}"


def _time(state: RunState, now: Instant) -> Iterator[str]:
    known = forecast(state, now)
    if known.window == "none":
        return
    told = {
        "before": f"the window opens in {duration(known.opens_in_s)}",
        "open": f"{duration(known.left_s)} of the window left",
        "over": "THE WINDOW IS OVER",
    }[known.window]
    if known.until_return_s is not None:
        told += (
            f"; NO RETURN for {duration(-known.until_return_s)}"
            if known.is_past_return
            else f"; no return in {duration(known.until_return_s)}"
        )
    if known.margin_s is not None and known.margin_s < 0:
        told += f"; {duration(-known.margin_s)} LATE by the forecast"
    yield f"time: {told}"


def _ahead(state: RunState, now: Instant) -> Iterator[str]:
    """The next step that cannot be taken back, and the next that takes its time."""
    ahead = [found[1] for step_id in open_steps(state) if (found := find_step(state.profile, step_id)) is not None]
    risk = next((step for step in ahead if step.risk == "irreversible"), None)
    if risk is not None:
        yield f"next risk: {step_label(state.profile, risk.id)} cannot be taken back{_how_far(ahead, risk)}"
    slow = next((step for step in ahead if step.behaviour == "wait" or has_set_time(step)), None)
    if slow is not None:
        kind = "wait" if slow.behaviour == "wait" else "set time"
        yield f"next {kind}: {step_label(state.profile, slow.id)}{_how_far(ahead, slow)}"
    yield f"left to do: {counted(len(ahead), 'step')}"


def _how_far(ahead: list[Step], step: Step) -> str:
    place = ahead.index(step)
    return ", now" if place == 0 else f", in {counted(place, 'step')}"


def _deviations(state: RunState) -> Iterator[str]:
    found = state.deviations
    if not found:
        yield "deviations: none"
        return
    last = found[-1]
    told = f"{last.kind.replace('_', ' ')} {last.where}".strip()
    yield f"deviations: {len(found)}, the last by {visible(last.by)}: {visible(told)}: {visible(last.reason)}"


def _unsigned(state: RunState) -> Iterator[str]:
    if not state.unsigned:
        return
    by = _some(sorted({called(each.by) for each in state.unsigned}))
    count = len(state.unsigned)
    yield f"unsigned: {counted(count, 'fact')} of {by}"


def _keeper(state: RunState) -> Iterator[str]:
    keeper = state.keeper
    if keeper is None:
        yield "keeper: none has begun"
    elif keeper.stopped or keeper.stopped_by:
        yield f"keeper: {keeper.epoch} was stopped: {visible(keeper.stopped or keeper.stop_reason)}"
    else:
        yield f"keeper: {keeper.epoch} runs commands as {visible(keeper.user)}@{visible(keeper.host)}"


def _people(state: RunState, here: Collection[str]) -> Iterator[str]:
    seats = [seat for seat in state.seats.values() if seat.seat in here]
    names = dict.fromkeys(
        f"{called(seat.by)}{' (pen)' if holds(state, seat.by) else ''}" for seat in seats if seat.by is not None
    )
    if names:
        yield f"here: {_some(list(names))}"


def _some(names: Iterable[str]) -> str:
    """The first few, and how many more."""
    listed = list(names)
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return ", ".join(shortened(name, 30) for name in listed[:_NAMED]) + more
