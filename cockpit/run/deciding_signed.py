"""Deciding about signatures: writing them down, saying that one was not made, going on without one.

Invariant: as `decide`. That a signature is one was found by the seat that asks, before it asked. Nothing here blocks a
note, a hold, the way back or giving the run up.
"""

from __future__ import annotations

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run import refusals as r
from cockpit.run.commands import Refusal
from cockpit.run.deciding_walk import may_act, said
from cockpit.run.numbering import step_label
from cockpit.run.people import called, name_of
from cockpit.run.signed import unsigned_of
from cockpit.run.state import RunState
from cockpit.run.state_people import UnsignedFact
from cockpit.text import shortened, visible

ALSO_AFTER_THE_END = (c.RecordSignature, c.RecordSigningFailure)
_QUOTE = 160


def not_begun(state: RunState) -> Refusal | None:
    """As `refusals.not_live`, but that a run which is over may still be signed."""
    is_over = state.status in ("finished", "aborted") and not state.unknown_types
    return None if is_over else r.not_live(state)


def may_record(state: RunState, command: c.RecordSignature) -> Refusal | None:
    if state.profile.signing == "off":
        return Refusal("this run asks for no signatures", "go on", "no_signing")
    if command.seq > state.last_fact_seq:
        return Refusal(f"there is no fact {command.seq} to sign yet", "look again", "not_current")
    known = state.signed.get(command.principal)
    waits = any(each.seq <= command.seq for each in unsigned_of(state, name_of(command.actor)))
    if known is not None and known.seq >= command.seq and not waits:
        why = f"{shortened(command.principal, 60)} signed up to {known.seq} already"
        return Refusal(why, "go on", "signed_already")
    return None


def recorded(state: RunState, command: c.RecordSignature) -> tuple[e.Body, ...]:
    return (
        e.HeadSigned(
            seq=command.seq,
            digest=command.digest,
            principal=visible(command.principal),
            key=visible(command.key),
            signature=command.signature,
            is_countersignature=command.is_countersignature,
        ),
    )


def may_record_failure(state: RunState, command: c.RecordSigningFailure) -> Refusal | None:
    waiting = unsigned_of(state, name_of(command.actor))
    fact = next((each for each in waiting if each.seq == command.seq), None)
    if fact is None:
        return Refusal(f"fact {command.seq} waits for no signature of theirs", "go on", "signed_already")
    is_told = any(each.failed == command.reason for each in (waiting if fact.what != "signoff" else (fact,)))
    return Refusal("that was told already", "go on", "told_already") if is_told else None


def recorded_failure(state: RunState, command: c.RecordSigningFailure) -> tuple[e.Body, ...]:
    return (e.SigningFailed(seq=command.seq, reason=said(command.reason)),)


def may_waive(state: RunState, command: c.WaiveSignature) -> Refusal | None:
    refusal = may_act(state, command)
    if refusal is not None or command.is_bad:
        return refusal
    if all(each.seq != command.seq for each in state.unsigned):
        return Refusal(f"fact {command.seq} waits for no signature", "go on", "signed_already")
    return None


def waived(state: RunState, command: c.WaiveSignature) -> tuple[e.Body, ...]:
    return (e.SignatureWaived(seq=command.seq, reason=said(command.reason)),)


def awaited(state: RunState) -> tuple[UnsignedFact, ...]:
    """The approvals that nothing goes beyond until they are signed or waived, oldest first. None on the way back."""
    if state.rollback is not None:
        return ()
    return tuple(each for each in state.unsigned if each.what == "signoff")


def awaiting_signature(state: RunState) -> Refusal | None:
    """Nothing goes forward beyond an approval that was not signed."""
    for each in awaited(state)[:1]:
        what = step_label(state.profile, each.step) if each.step else f"fact {each.seq}"
        why = f"{what} awaits {called(each.by)}'s signature"
        why += f": {shortened(each.failed, _QUOTE)}" if each.failed else ""
        return Refusal(why, "S signs it, at a seat of theirs; w goes on without, with a reason", "awaiting_signature")
    return None
