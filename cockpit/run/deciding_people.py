"""Deciding who somebody is, where several people use one account: a part of `decide`.

Invariant: as `decide`. Whether the signature is one is not decided here: the seat checks it before, others and
`cockpit verify` after it is written.
"""

from __future__ import annotations

from cockpit.profile.model import Profile
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.commands import Refusal
from cockpit.run.people import is_nobody_known, name_of
from cockpit.run.state import RunState
from cockpit.text import shortened, visible


def people_named(profile: Profile) -> tuple[str, ...]:
    """Everybody whom the profile's roles name, each once, without hosts and shared accounts, in its order."""
    names = dict.fromkeys(person.partition("@")[0] for role in profile.roles for person in role.people)
    return tuple(name for name in names if name and name not in profile.shared_accounts)


def is_to_name_themselves(profile: Profile, actor: e.Actor) -> bool:
    """Whether several people act as this actor, so that they pick their name."""
    return is_nobody_known(actor, profile.shared_accounts)


def may_be_called(profile: Profile, person: str) -> Refusal | None:
    """A name is one of those that the profile's roles have."""
    people = people_named(profile)
    if person in people:
        return None
    why = f"{shortened(person, 40) or 'nothing'} is nobody whom the profile's roles name"
    if not people:
        return Refusal(why, "they name nobody: write people into its roles", "not_named")
    return Refusal(why, f"pick one of: {', '.join(shortened(name, 40) for name in people[:20])}", "not_named")


def may_identify(state: RunState, command: c.Identify) -> Refusal | None:
    """Whoever says so has proven it: the actor of the command says by which key."""
    refusal = may_be_called(state.profile, command.person)
    if refusal is not None:
        return refusal
    actor = command.actor
    if "person" in actor.proven and (actor.person, actor.signer) == (command.person, command.key):
        return None
    return Refusal(f"nothing proves that {visible(name_of(actor))} is {visible(command.person)}", "sign it", "unproven")


def identified(state: RunState, command: c.Identify) -> tuple[e.Body, ...]:
    return (
        e.OperatorIdentified(
            seat=command.seat,
            person=command.person,
            key=command.key,
            text=command.text,
            signature=command.signature,
        ),
    )
