"""The database was left, came back, and two sides that went on apart are one log again: a part of `evolve`.

Invariant: as `evolve`. What a branch tells happens here as it happened there, unless this side settled the same since
both parted: then nothing of it happens, and both versions are kept until a person says which counts (`told_branch`).
Nothing that a branch asked for is begun here. Which things are in conflict does not depend on which side is told.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run import told_branch
from cockpit.run.settled import deviate
from cockpit.run.state import RunState
from cockpit.run.state_branch import Branch, Offline
from cockpit.run.told_lines import told_events
from cockpit.text import shortened


def store_left(state: RunState, event: e.Event, body: e.StoreLeft) -> RunState:
    """Who was there before is not here; what was begun before has its files where it was begun."""
    offline = Offline(
        seq=event.seq,
        since=event.instant,
        by=event.actor,
        reason=body.reason,
        ancestor=body.seq,
        store=body.store,
    )
    steps = {
        step_id: replace(step, action=replace(step.action, home=step.action.home or body.former))
        if step.action is not None and body.former
        else step
        for step_id, step in state.steps.items()
    }
    state = replace(state, seats={}, steps=steps, offline=state.offline or offline)
    return deviate(state, event, "offline", shortened(body.store, 120), body.reason)


def store_returned(state: RunState, event: e.Event, body: e.StoreReturned) -> RunState:
    return replace(state, offline=None, seats={})


def branch_merged(state: RunState, event: e.Event, body: e.BranchMerged) -> RunState:
    branch = Branch(
        seq=event.seq,
        ancestor=body.ancestor,
        tip=body.tip,
        tip_digest=body.tip_digest,
        merged=event.instant,
        by=event.actor,
        facts=body.facts,
        cause=body.cause,
        parts=body.parts,
        since={about: said for about, said in state.words.items() if said.seq > body.ancestor},
        hold=state.hold,
    )
    others = tuple(each for each in state.branches if each.tip_digest != body.tip_digest)
    return replace(state, branches=(*others, branch)) if len(others) == len(state.branches) else state


def branch_told(state: RunState, event: e.Event, body: e.BranchTold) -> RunState:
    """The next piece of a branch; any other changes nothing."""
    branch = next((each for each in state.branches if each.tip_digest == body.branch), None)
    if branch is None or body.part != branch.part + 1 or branch.is_told:
        return state
    facts, rest = told_events(branch.rest + body.text)
    state = told_branch.with_branch(state, replace(branch, part=body.part, rest=rest))
    for fact in facts:
        state = told_branch.tell(state, event, body.branch, fact)
    branch = next(each for each in state.branches if each.tip_digest == body.branch)
    if branch.is_told:
        branch = replace(branch, rest="", since={}, seqs={}, orders={}, hold=None, own_hold=None)
    return told_branch.with_branch(state, branch)
