"""Deciding about the database: going on without it, coming back to it, and what both sides settled meanwhile.

Invariant: as `decide`. Going on without it is never done by itself, and only while it is away: others may act at the
same time, and nobody here will know. What is in conflict stops what goes forward from there, and no way back.
"""

from __future__ import annotations

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run import refusals_doing as rd
from cockpit.run.commands import Refusal
from cockpit.run.conflicts import both, label
from cockpit.run.deciding_walk import asks_reason_and_word as _asks_reason_and_word
from cockpit.run.deciding_walk import may_act, said
from cockpit.run.numbering import find_phase, find_step
from cockpit.run.state import RunState
from cockpit.run.subjects import step_in
from cockpit.run.walk import route
from cockpit.text import shortened, visible

ALSO_AFTER_THE_END = (c.SettleConflict, c.ReturnToStore)

# ---- the database ------------------------------------------------------------------------------------------------


def may_go_offline(state: RunState, command: c.GoOffline) -> Refusal | None:
    if state.offline is not None:
        since = f"{state.offline.since.at:%H:%M:%S} UTC"
        return Refusal(f"the run goes on offline already, since {since}", "W brings it back", "offline_already")
    refusal = may_act(state, command)
    if refusal is None and not command.away:
        return Refusal("the database answers", "there is no need to go on without it", "not_away")
    return refusal


asks_reason_and_word = _asks_reason_and_word("offline")


def left(state: RunState, command: c.GoOffline) -> tuple[e.Body, ...]:
    return (
        e.StoreLeft(
            reason=said(command.reason),
            store=visible(command.store),
            away=shortened(command.away, 400),
            seq=command.seq,
            digest=command.digest,
            former=command.former,
        ),
    )


def may_return(state: RunState, command: c.ReturnToStore) -> Refusal | None:
    """What runs has its end here: it comes back with it, or not yet."""
    if state.offline is None:
        return Refusal("the run is in its database", "there is nothing to bring back", "not_offline")
    if state.status != "live":
        return None
    return may_act(state, command) or rd.under_way(state)


def returned(state: RunState, command: c.ReturnToStore) -> tuple[e.Body, ...]:
    assert state.offline is not None
    count = command.seq - state.offline.ancestor
    return (e.StoreReturned(seq=command.seq, digest=command.digest, count=count),)


# ---- both sides --------------------------------------------------------------------------------------------------


def may_settle(state: RunState, command: c.SettleConflict) -> Refusal | None:
    conflict = next((each for each in state.conflicts if each.subject == command.subject), None)
    if conflict is None:
        why = f"{label(state, command.subject)} is in no conflict" if command.subject else "nothing is in conflict"
        return Refusal(why, "go on", "no_conflict")
    if command.shown not in (0, conflict.branch.seq):
        return Refusal("more was told of it since it was shown", "look again", "not_current")
    return may_act(state, command)


def settled(state: RunState, command: c.SettleConflict) -> tuple[e.Body, ...]:
    return (e.ConflictSettled(subject=command.subject, counts=command.counts, reason=said(command.reason)),)


def in_conflict(state: RunState, command: c.Command) -> Refusal | None:
    """Nothing goes forward from, or past, what two sides settled without knowing of each other."""
    is_end = isinstance(command, c.FinishRun)
    conflict = next((each for each in state.conflicts if is_end or _blocks(state, each.subject)), None)
    if conflict is None:
        return None
    return Refusal(f"{label(state, conflict.subject)} is in CONFLICT: {both(conflict)}", "u settles it", "conflict")


def _blocks(state: RunState, subject: str) -> bool:
    """Whether it is where the run stands, or before it. A way back is walked past what it does not undo."""
    if state.cursor is None:
        return True
    if step := step_in(subject):
        found = find_step(state.profile, step)
        return step in route(state) and found is not None and _at(state, found[0].id) <= _at(state, state.cursor.phase)
    if subject.startswith("gate:"):
        phase = find_phase(state.profile, subject.split(":")[-1])
        return phase is None or _at(state, phase.id) <= _at(state, state.cursor.phase)
    return state.rollback is None


def _at(state: RunState, phase: str) -> int:
    """Where on the way a phase is."""
    ways = [*state.profile.phases, *(each for plan in state.profile.rollbacks for each in plan.phases)]
    return next((index for index, each in enumerate(ways) if each.id == phase), -1)
