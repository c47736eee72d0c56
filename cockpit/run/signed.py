"""Which facts wait for a signature, and who vouches for how much of the log: a part of `evolve`.

Invariant: as `evolve`. Whether a signature is one is not decided here: seats check it before and after it is written,
`cockpit verify` checks all of them.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run.numbering import find_step
from cockpit.run.people import same_person
from cockpit.run.settled import deviate
from cockpit.run.state import RunState, SignedHead, UnsignedFact

_SIGNATURES = (e.HeadSigned, e.SigningFailed, e.OperatorIdentified)


def to_be_signed(state: RunState, event: e.Event) -> RunState:
    """The state in which a person's fact waits for its signature, if the profile asks for one."""
    if not event.is_fact or state.started is None or state.profile.signing == "off":
        return state
    body = event.body
    if event.type in e.BY_MACHINE or isinstance(body, _SIGNATURES) or state.is_rehearsal:
        return state
    step = getattr(body, "step", "")
    is_approval = _is_approval(state, body)
    if not is_approval and state.profile.signing != "facts":
        return state
    unsigned = UnsignedFact(
        seq=event.seq, by=event.actor, what="signoff" if is_approval else "fact", step=step if is_approval else ""
    )
    return replace(state, unsigned=(*state.unsigned, unsigned))


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
    left = tuple(each for each in state.unsigned if each.seq > body.seq or not same_person(each.by, event.actor))
    known = state.signed.get(body.principal)
    if known is None or known.seq <= body.seq:
        head = SignedHead(principal=body.principal, seq=body.seq, at=event.instant, key=body.key)
        state = replace(state, signed={**state.signed, body.principal: head})
    return replace(state, unsigned=left)


def signing_failed(state: RunState, event: e.Event, body: e.SigningFailed) -> RunState:
    unsigned = tuple(
        replace(each, failed=body.reason) if each.seq <= body.seq and same_person(each.by, event.actor) else each
        for each in state.unsigned
    )
    return replace(state, unsigned=unsigned)


def signature_waived(state: RunState, event: e.Event, body: e.SignatureWaived) -> RunState:
    waived = next((each for each in state.unsigned if each.seq == body.seq), None)
    if waived is None:
        return state
    state = replace(state, unsigned=tuple(each for each in state.unsigned if each.seq != body.seq))
    return deviate(state, event, "unsigned", waived.step or f"seq {waived.seq}", body.reason)
