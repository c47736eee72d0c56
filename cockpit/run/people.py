"""Who is the same person: by what is known of them, never by their seat or by a name alone.

Invariant: pure. Two actors count as two people only if nothing that is known of them, proven or merely claimed, could
be one person's: a claim can make two seats one person, and only what is proven can make one account two.
"""

from __future__ import annotations

from cockpit.run.events_base import Actor
from cockpit.text import visible


def name_of(actor: Actor) -> str:
    """What the person is called: their name on a shared account, else who logged in or came by sudo, else the user.

    Only what is proven counts of these, so that nobody acts under a name that only they gave.
    """
    for field in ("person", "login", "sudo"):
        if field in actor.proven and (name := getattr(actor, field)):
            return str(name)
    return actor.user


def same_person(one: Actor, other: Actor) -> bool:
    """Whether two actors may be one person, as far as anybody knows."""
    if "person" in one.proven and "person" in other.proven:
        return one.person == other.person or bool(one.signer and one.signer == other.signer)
    return bool(_names(one) & _names(other)) or bool(one.key and one.key == other.key)


def same_holder(one: Actor, other: Actor) -> bool:
    """Whether what one actor holds is the other's too: the same person, by the same account of the same host."""
    return (one.user, one.host, name_of(one)) == (other.user, other.host, name_of(other))


def called(actor: Actor) -> str:
    """`ana`, or `ana (deploy)` for a person on an account of another name; visible."""
    name = name_of(actor)
    return visible(name) if name == actor.user else f"{visible(name)} ({visible(actor.user)})"


def _names(actor: Actor) -> frozenset[str]:
    """All names that may be the person's. The account's is none where it is proven who uses it."""
    if "person" in actor.proven:
        return frozenset({actor.person})
    proven = {name for field in ("login", "sudo") if field in actor.proven and (name := getattr(actor, field))}
    claimed = {actor.login, actor.sudo, actor.person} - {""}
    return frozenset(claimed | (proven or {actor.user}))
