"""Which facts wait for a signature, and who vouches for how much of the log: a part of `evolve`.

Invariant: as `evolve`. Whether a signature is one is not decided here: seats check it before and after it is written,
`cockpit verify` checks all of them.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run.numbering import find_step
from cockpit.run.people import name_of
from cockpit.run.settled import deviate
from cockpit.run.state import RunState
from cockpit.run.state_people import SignedHead, UnsignedFact

_SIGNATURES = (e.HeadSigned, e.SigningFailed, e.OperatorIdentified)


def to_be_signed(state: RunState, event: e.Event) -> RunState:
    """The state in which a person's fact waits for its signature, if the profile asks for one."""
    if not event.is_fact or state.started is None or state.profile.signing == "off":
        return state
    body = event.body
    if isinstance(body, e.StepReopened):
        state = replace(state, unsigned=tuple(filter(None, (_void(state, each, body.step) for each in state.unsigned))))
    if not is_signed(event) or state.is_rehearsal:
        return state
    step = getattr(body, "step", "")
    is_approval = _is_approval(state, body)
    if not is_approval and state.profile.signing != "facts":
        return state
    unsigned = UnsignedFact(
        seq=event.seq,
        by=event.actor,
        what="signoff" if is_approval else "fact",
        step=step if is_approval else "",
        since=event.instant,
    )
    to_sign = {**state.to_sign, name_of(event.actor): event.seq}
    return replace(state, unsigned=(*state.unsigned, unsigned), to_sign=to_sign)


def is_signed(event: e.Event) -> bool:
    """Whether an event is a person's own fact, which is no signature itself: signing gives no reason to sign."""
    return event.is_fact and event.type not in e.BY_MACHINE and not isinstance(event.body, _SIGNATURES)


def unsigned_of(state: RunState, name: str) -> tuple[UnsignedFact, ...]:
    """The facts of a person (`people.name_of`) that wait for their signature, oldest first."""
    return tuple(each for each in state.unsigned if name_of(each.by) == name)


def _void(state: RunState, unsigned: UnsignedFact, step: str) -> UnsignedFact | None:
    """What was approved is asked for again: the approval before binds nobody any more."""
    if unsigned.what != "signoff" or unsigned.step != step:
        return unsigned
    return replace(unsigned, what="fact") if state.profile.signing == "facts" else None


def _is_approval(state: RunState, body: e.Body) -> bool:
    if isinstance(body, e.StepCountersigned):
        return True
    if not isinstance(body, e.StepConfirmed):
        return False
    found = find_step(state.profile, body.step)
    return found is not None and found[1].behaviour == "signoff"


def head_signed(state: RunState, event: e.Event, body: e.HeadSigned) -> RunState:
    """Whoever signs a head vouches for every line up to it, and so for each of their own facts."""
    if body.seq >= event.seq:
        return state
    name = name_of(event.actor)
    left = tuple(each for each in state.unsigned if each.seq > body.seq or name_of(each.by) != name)
    known = state.signed.get(body.principal)
    if known is None or known.seq <= body.seq:
        head = SignedHead(principal=body.principal, seq=body.seq, at=event.instant, key=body.key)
        state = replace(state, signed={**state.signed, body.principal: head})
    return replace(state, unsigned=left)


def signing_failed(state: RunState, event: e.Event, body: e.SigningFailed) -> RunState:
    name = name_of(event.actor)
    unsigned = tuple(
        replace(each, failed=body.reason) if each.seq <= body.seq and name_of(each.by) == name else each
        for each in state.unsigned
    )
    return replace(state, unsigned=unsigned)


def signature_waived(state: RunState, event: e.Event, body: e.SignatureWaived) -> RunState:
    """Of a fact that waits; or of a signature, written down, that somebody found not to count."""
    waived = next((each for each in state.unsigned if each.seq == body.seq), None)
    state = replace(
        state,
        unsigned=tuple(each for each in state.unsigned if each.seq != body.seq),
        waived_signatures=state.waived_signatures | {body.seq},
    )
    where = waived.step if waived is not None else ""
    return deviate(state, event, "unsigned", where or f"seq {body.seq}", body.reason)
