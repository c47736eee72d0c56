"""One fact that a branch tells: it happens here too, or is in conflict with what this side did. A part of `branching`.

Invariant: as `evolve`. A fact is told under the number of the line that tells it. A hold of either side stands. Where
both moved the pen, this side's counts: that is where everybody can see it.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run import passing, settled, signed
from cockpit.run.happened import happen
from cockpit.run.numbering import step_label
from cockpit.run.people import name_of
from cockpit.run.settled import deviate, with_actor, with_step
from cockpit.run.state import RunState
from cockpit.run.state_branch import Branch, Conflict, Offline
from cockpit.run.state_line import Hold
from cockpit.run.state_walk import StepStatus
from cockpit.run.subjects import END, HOLD, PEN, WALK, WAY, action_of, is_known, ordered, step_in, subjects, word
from cockpit.run.walk import go_on, leave
from cockpit.text import shortened


def with_branch(state: RunState, branch: Branch) -> RunState:
    """The state with what is known of a branch replaced."""
    branches = tuple(branch if each.tip_digest == branch.tip_digest else each for each in state.branches)
    return replace(state, branches=branches)


def tell(state: RunState, event: e.Event, name: str, fact: e.Event) -> RunState:
    """The state after a branch's fact, told by `event`, in the branch whose tip is `name`."""
    branch = next(each for each in state.branches if each.tip_digest == name)
    orders = ordered(branch.orders, fact)
    branch = replace(branch, seqs={**branch.seqs, fact.seq: event.seq}, orders=orders)
    state = with_branch(state, branch)
    actor = fact.actor if isinstance(fact.body, e.OperatorIdentified) else passing.credible(state, fact.actor)
    fact = _mapped(branch, replace(fact, seq=event.seq, actor=actor))
    if isinstance(fact.body, e.StoreLeft):
        store = shortened(fact.body.store, 120)
        left = Offline(event.seq, fact.instant, fact.actor, fact.body.reason, fact.body.seq, store)
        return with_branch(state, replace(branch, left=branch.left or left))
    if isinstance(fact.body, e.HoldPlaced | e.HoldReleased):
        return _held(state, fact, branch)
    if isinstance(fact.body, e.HeadSigned):
        return _signed(state, fact, fact.body, branch)
    if isinstance(fact.body, e.OperatorIdentified):
        return passing.proved(state, fact, fact.body)
    about = tuple(each for each in subjects(fact, _step_of(state, branch, fact.body)) if is_known(state, each))
    if any(branch.since[each].id == fact.id for each in about if each in branch.since):
        return state  # a commit that gave no answer: it is in this log too
    opposed = _against(branch, about)
    for subject in opposed:
        state = _in_conflict(state, fact, branch, subject, is_told=subject in about)
    if not any(subject in about for subject in opposed):
        state = _told(state, fact, branch)
    state = signed.to_be_signed(replace(state, orders=ordered(state.orders, fact)), fact)
    said = word(fact, branch=name)
    return replace(state, words={**state.words, **dict.fromkeys(about, said)}) if about else state


def _against(branch: Branch, about: tuple[str, ...]) -> tuple[str, ...]:
    """What of a fact's subjects this side settled otherwise; a turn or an end is against any walking."""
    found = [each for each in about if each not in (WALK, PEN) and each in branch.since]
    if WALK in about:
        has_walked = WALK in branch.since
        found += [turn for turn in (WAY, END) if turn in branch.since or (turn in about and has_walked)]
    return tuple(dict.fromkeys(found))


def _step_of(state: RunState, branch: Branch, body: e.Body) -> str:
    """The step of the action that an event names: as it was before both parted, else as the branch says."""
    action = action_of(body)
    known, seq = state.orders.get(action, ("", 0))
    return known if known and seq <= branch.ancestor else branch.orders.get(action, ("", 0))[0]


def _mapped(branch: Branch, fact: e.Event) -> e.Event:
    """The fact with the numbers that it names as they are in this log; what came in neither is left out."""

    def here(seqs: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(seq if seq <= branch.ancestor else branch.seqs[seq] for seq in seqs if _is_there(branch, seq))

    match fact.body:
        case e.TriggerAnswered(seqs=seqs):
            return replace(fact, body=replace(fact.body, seqs=here(seqs)))
        case e.RollbackChosen(answers=answers):
            return replace(fact, body=replace(fact.body, answers=here(answers)))
    return fact


def _is_there(branch: Branch, seq: int) -> bool:
    return seq <= branch.ancestor or seq in branch.seqs


# ---- in conflict ---------------------------------------------------------------------------------------------------


def _in_conflict(state: RunState, fact: e.Event, branch: Branch, subject: str, *, is_told: bool) -> RunState:
    """Keep both versions; what is told of the subject itself waits until a person says that it counts."""
    said = word(fact, branch=branch.tip_digest)
    told = (fact,) if is_told else ()
    known = next((each for each in state.conflicts if each.subject == subject), None)
    if known is not None:
        more = replace(known, branch=said, told=(*known.told, *told)) if is_told or not known.told else known
        return replace(state, conflicts=tuple(more if each is known else each for each in state.conflicts))
    ours = branch.since.get(subject) or branch.since[WALK]
    was: StepStatus = "open"
    if (step_id := step_in(subject)) in state.steps:
        was = state.steps[step_id].status
        state = _marked(state, fact, step_id)
    conflict = Conflict(subject=subject, log=ours, branch=said, since=branch.merged, was=was, told=told)
    return replace(state, conflicts=(*state.conflicts, conflict))


def _marked(state: RunState, fact: e.Event, step_id: str) -> RunState:
    """The state with a step that nobody goes on from. What may have been done on either side has to be undone."""
    is_current = state.cursor is not None and state.cursor.step == step_id
    state = leave(state, fact) if is_current else state
    step = with_actor(state.steps[step_id], fact.actor)
    step = replace(
        step, status="conflict", touched_seq=step.touched_seq or fact.seq, touched=step.touched or fact.instant
    )
    state = with_step(state, step_id, step)
    if state.status != "live":
        return state
    return go_on(state, fact, after=step_id) if is_current else settled.keep_off_empty_rooms(state, fact)


# ---- told --------------------------------------------------------------------------------------------------------


def _told(state: RunState, fact: e.Event, branch: Branch) -> RunState:
    """What happens here because it happened there."""
    body = fact.body
    if isinstance(body, e.CursorJumped) and WALK in branch.since:
        return deviate(state, fact, "jump", step_label(state.profile, body.step), body.reason)
    if isinstance(body, e.PenPassed | e.PenTaken) and PEN in branch.since:
        return deviate(state, fact, "pen", "on a branch; it stays where this log says", getattr(body, "reason", ""))
    return happen(state, fact)


def _signed(state: RunState, fact: e.Event, body: e.HeadSigned, branch: Branch) -> RunState:
    """Whoever signed a head of the branch vouched for its lines up to there, and for none that only this side has."""
    name = name_of(fact.actor)
    vouched = {here for there, here in branch.seqs.items() if there <= body.seq}
    vouched |= {each.seq for each in state.unsigned if each.seq <= min(body.seq, branch.ancestor)}
    left = tuple(each for each in state.unsigned if each.seq not in vouched or name_of(each.by) != name)
    return replace(state, unsigned=left)


def _held(state: RunState, fact: e.Event, branch: Branch) -> RunState:
    """The hold as the branch leaves it, and never less than this side's where this side touched it too."""
    body = fact.body
    if isinstance(body, e.HoldPlaced):
        own: Hold | None = Hold(by=fact.actor, reason=body.reason, since=fact.instant)
        where = step_label(state.profile, state.cursor.step) if state.cursor and state.cursor.step else ""
        state = deviate(state, fact, "hold", where, body.reason)
    else:
        own = None
    state = with_branch(state, replace(branch, own_hold=own))
    state = replace(state, words={**state.words, HOLD: word(fact, branch=branch.tip_digest)})
    if state.status != "live":
        return state
    return replace(state, hold=(branch.hold or own) if HOLD in branch.since else own)
