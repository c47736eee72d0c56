"""Whoever sits at an account that several people use says who they are, and proves it by a signature.

Invariant: a seat's actor says `person` is proven only once `operator.identified`, with a signature that was checked
against the run's own list, is durable in the log. Until then the name is a claim, which opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from cockpit.errors import SigningError
from cockpit.run.commands import Identify, Refusal
from cockpit.run.deciding_people import people_named
from cockpit.run.events import Actor
from cockpit.run.state import RunState
from cockpit.session.outcomes import Done, Failed
from cockpit.session.seat import Seat

_BY_SIGNATURE = ("person", "signer")


def claiming(actor: Actor, person: str) -> Actor:
    """The actor with a name that they gave themselves; nothing proves it."""
    proven = tuple(field for field in actor.proven if field not in _BY_SIGNATURE)
    return replace(actor, person=person, signer="", proven=proven)


def proving(actor: Actor, person: str, key: str) -> Actor:
    """The actor with a name that was proven by a key."""
    proven = (*claiming(actor, person).proven, *_BY_SIGNATURE)
    return replace(actor, person=person, signer=key, proven=proven)


def can_prove(state: RunState) -> bool:
    """Whether a name can be proven in this run at all."""
    return state.started is not None and bool(state.started.signers)


def identify(seat: Seat) -> str:
    """Prove that whoever sits here is whom they claim to be. Why it did not work, in one sentence; empty if it did.

    Blocks: on the SSH agent, maybe on a hand at a hardware key, and on the disk.
    """
    from cockpit.session.signing import prove  # on shared accounts alone

    person, head, state = seat.actor.person, seat.view.head, seat.view.state
    if head is None or state.status != "live":
        return "there is no run to prove it to"
    try:
        body = prove(state, seat.id, person, seat.actor, head)
    except SigningError as error:
        return str(error)
    proven = proving(seat.actor, person, body.key)
    command = seat.command(
        Identify,
        actor=proven,
        seat=seat.id,
        person=person,
        key=body.key,
        text=body.text,
        signature=body.signature,
    )
    outcome = seat.submit(command)
    if isinstance(outcome, Done):
        seat.actor = proven
        return ""
    if isinstance(outcome, Refusal):
        return f"{outcome.why}; {outcome.instead}"
    return outcome.sentence if isinstance(outcome, Failed) else "whether it was written is not known"


def likely(state: RunState | None, actor: Actor, people: Iterable[str]) -> str:
    """Whom they most likely are, of `people`: by the key of their session, else by a claim; empty: nobody can tell."""
    from cockpit.profile.signers import read_signers

    known = tuple(people)
    if state is not None and state.started is not None and state.started.signers and actor.key:
        try:
            lines = [line for line in read_signers(state.started.signers) if line.fingerprint == actor.key]
        except SigningError:
            lines = []
        for person in known:
            if any(person in line.principals.split(",") for line in lines):
                return person
    return next((claim for claim in (actor.login, actor.sudo) if claim in known), "")


__all__ = ["can_prove", "claiming", "identify", "likely", "people_named", "proving"]
