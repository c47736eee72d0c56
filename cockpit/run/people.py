"""Who is the same person: by what is known of them, never by their seat or by a name alone.

Invariant: pure. Two actors count as two people only if nothing that is known of them, proven or merely claimed, could
be one person's: a claim can make two seats one person, and only what is proven of both can make one account two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from msgspec.structs import replace

from cockpit.run.events_base import Actor
from cockpit.text import shortened, visible

_NAMES = ("person", "login", "sudo")
"""Fields of an actor that name a person behind the account, the strongest first."""
_SHOWN = 40


class Named(Protocol):
    """What of an actor says how the person is called."""

    @property
    def user(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def person(self) -> str: ...
    @property
    def login(self) -> str: ...
    @property
    def sudo(self) -> str: ...
    @property
    def proven(self) -> tuple[str, ...]: ...


def name_of(actor: Named) -> str:
    """What the person is called: their name on a shared account, else who logged in or came by sudo, else the user.

    Only what is proven counts of these, so that nobody acts under a name that only they gave.
    """
    for field in _NAMES:
        if field in actor.proven and (name := getattr(actor, field)):
            return str(name)
    return actor.user


def same_person(one: Actor, other: Actor) -> bool:
    """Whether two actors may be one person, as far as anybody knows. Symmetric; not transitive, as doubts are not."""
    return bool(why_same(one, other))


def why_same(one: Actor, other: Actor) -> str:
    """Why two actors may be one person, as a clause that speaks of the first; empty if they are two."""
    if "person" in one.proven and "person" in other.proven:
        if one.person == other.person:
            return f"{_shown(one.person)} is one person, by whichever seat"
        return "both proved their names with one key" if one.signer and one.signer == other.signer else ""
    if name_of(one) == name_of(other):
        return f"{_shown(name_of(one))} is one person, by whichever seat"
    if _keys(one) & _keys(other):
        return "both sessions were opened with one key"
    # An account says nothing of who uses it only where it is proven of both.
    are_named = _is_named(one) and _is_named(other)
    both = _people(one, by_account=not are_named) & _people(other, by_account=not are_named)
    if not both:
        return ""
    name = min(both)
    if name == one.user == other.user:
        return f"both use the account {_shown(name)}, and nothing proves that they are two"
    return f"{called(one)} and {called(other)} may both be {_shown(name)}"


def same_holder(one: Actor, other: Actor) -> bool:
    """Whether what one actor holds is the other's too: the same person, by the same account of the same host.

    Two who say that they are two are taken at their word here: that costs them a question, and opens nothing.
    """
    if one.person and other.person and one.person != other.person:
        return False
    return (one.user, one.host, name_of(one)) == (other.user, other.host, name_of(other))


def is_nobody_known(actor: Actor, shared: Iterable[str]) -> bool:
    """Whether an actor may be any of those who use a shared account: they act by it, and nothing proves who they are.

    `shared` are the profile's `shared_accounts`.
    """
    return "person" not in actor.proven and name_of(actor) in shared


def people_of(actor: Actor) -> frozenset[str]:
    """Every name that may be theirs, proven or claimed, and their account's."""
    return _people(actor, by_account=True)


def known(actor: Actor) -> Actor:
    """What of an actor says who they are, without how they came this time."""
    proven = tuple(field for field in actor.proven if field in _NAMES)
    return replace(actor, via="", tty="", client="", proven=proven)


def called(actor: Actor) -> str:
    """`ana`, or `ana (deploy)` for a person on an account of another name; visible."""
    name = name_of(actor)
    return _shown(name) if name == actor.user else f"{_shown(name)} ({_shown(actor.user)})"


def recorded(actor: Actor) -> str:
    """As `called_at`, whole and as the log has it: whoever shows it makes it visible."""
    name, account = name_of(actor), f"{actor.user}@{actor.host}"
    return account if name == actor.user else f"{name} ({account})"


def called_at(actor: Actor) -> str:
    """`ana@bastion-1`, or `ana (deploy@bastion-1)` for a person on an account of another name; visible."""
    name, account = name_of(actor), f"{_shown(actor.user)}@{shortened(actor.host, 2 * _SHOWN)}"
    return account if name == actor.user else f"{_shown(name)} ({account})"


def how_known(actor: Actor, shared: Iterable[str] = ()) -> str:
    """What makes an actor the person they are called, as a clause; `shared` are the profile's `shared_accounts`."""
    if is_nobody_known(actor, shared):
        claim = f", and that you are {_shown(actor.person)} is only claimed" if actor.person else ""
        return f"several people use {_shown(name_of(actor))}{claim}"
    if "person" in actor.proven:
        return f"proven by the key {shortened(actor.signer, 2 * _SHOWN)}"
    ways = [f"{how} as {_shown(name)}" for how, name in _claims(actor)]
    claims = f"claimed only: {' and '.join(ways)}" if ways else ""
    if "login" in actor.proven:
        return "; ".join(filter(None, ("proven by the login", claims)))
    if "sudo" in actor.proven:
        return "; ".join(filter(None, ("proven by sudo", claims)))
    return "; ".join(filter(None, ("by this account", claims)))


def facets(actor: Actor, *, proven: bool) -> tuple[str, ...]:
    """What is known of an actor beside the account and the terminal: `login ana`; the proven or the claimed part."""
    fields = ("login", "sudo", "person", "signer", "client", "key")
    return tuple(
        f"{field} {getattr(actor, field)}"
        for field in fields
        if getattr(actor, field) and (field in actor.proven) == proven
    )


def _claims(actor: Actor) -> Iterator[tuple[str, str]]:
    """What is only claimed of who they are: how, and the name."""
    for field, how in (("person", "your word"), ("login", "a login"), ("sudo", "sudo")):
        name = getattr(actor, field)
        if name and field not in actor.proven and name != name_of(actor):
            yield how, name


def _is_named(actor: Actor) -> bool:
    return any(field in actor.proven and getattr(actor, field) for field in _NAMES)


def _people(actor: Actor, *, by_account: bool) -> frozenset[str]:
    names = {str(getattr(actor, field)) for field in _NAMES} | ({actor.user} if by_account else set())
    return frozenset(names - {""})


def _keys(actor: Actor) -> frozenset[str]:
    return frozenset({actor.key, actor.signer} - {""})


def _shown(name: str) -> str:
    return shortened(visible(name), _SHOWN)
