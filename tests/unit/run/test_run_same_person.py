"""Who is the same person: laws over everything that can be known of two people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cockpit.run.events import Actor
from cockpit.run.people import (
    called,
    called_at,
    how_known,
    is_nobody_known,
    known,
    name_of,
    people_of,
    recorded,
    same_holder,
    same_person,
)
from cockpit.text import visible

NAMES = ("ana", "bo", "deploy", "root")
FIELDS = ("login", "sudo", "person", "key", "signer", "tty", "client")
PEOPLE = ("login", "sudo", "person")
name = st.sampled_from(NAMES)
maybe = st.sampled_from(("", *NAMES))
key = st.sampled_from(("", "SHA256:a", "SHA256:b"))


@st.composite
def actors(draw: st.DrawFn) -> Actor:
    actor = Actor(
        user=draw(name),
        host=draw(st.sampled_from(("bastion-1", "bastion-2"))),
        via=draw(st.sampled_from(("", "ssh 192.0.2.7"))),
        key=draw(key),
        login=draw(maybe),
        sudo=draw(maybe),
        tty=draw(st.sampled_from(("", "pts/3"))),
        client=draw(st.sampled_from(("", "192.0.2.7"))),
        person=draw(maybe),
        signer=draw(key),
    )
    proven = draw(st.sets(st.sampled_from(FIELDS)))
    return replace(actor, proven=tuple(sorted(field for field in proven if getattr(actor, field))))


def of(user: str, host: str = "bastion-1", proven: str = "", **more: str) -> Actor:
    return Actor(user, host, proven=tuple(proven.split()), **more)


def named(person: str, signer: str = "", **more: str) -> Actor:
    """Somebody on the shared account who proved to be a person."""
    return of("deploy", proven="person", person=person, signer=signer or f"SHA256:{person}", **more)


@given(actors())
def test_everybody_is_the_same_person_as_themselves(one: Actor) -> None:
    assert same_person(one, one)
    assert same_holder(one, one)


@given(actors(), actors())
def test_whether_two_are_one_does_not_depend_on_who_is_asked_first(one: Actor, other: Actor) -> None:
    assert same_person(one, other) == same_person(other, one)


@given(actors(), actors(), st.text(max_size=3), st.text(max_size=3))
def test_seat_terminal_address_and_host_make_nobody_another(one: Actor, other: Actor, tty: str, host: str) -> None:
    assert same_person(replace(one, tty=tty, client=tty, via=tty, host=host), other) == same_person(one, other)


@given(actors(), actors(), st.sampled_from(("login", "sudo", "person", "key")), st.sampled_from((*NAMES, "SHA256:a")))
def test_a_claim_can_only_make_two_one(one: Actor, other: Actor, field: str, claim: str) -> None:
    if getattr(one, field):
        return  # a claim stands beside what is known, it does not take its place
    claiming = replace(one, **{field: claim})
    assert same_person(claiming, other) >= same_person(one, other)
    assert name_of(claiming) == name_of(one)


@given(actors(), actors())
def test_without_their_claims_two_that_are_two_stay_two(one: Actor, other: Actor) -> None:
    if not same_person(one, other):
        bare = replace(one, **{field: "" for field in (*PEOPLE, "key") if field not in one.proven})
        assert not same_person(bare, other)


@given(actors(), actors())
def test_two_of_one_account_are_two_only_if_both_are_proven_to_be_somebody(one: Actor, other: Actor) -> None:
    other = replace(other, user=one.user)
    if not same_person(one, other):
        assert all(any(field in each.proven for field in PEOPLE) for each in (one, other))
        assert name_of(one) != name_of(other)


@given(actors(), actors())
def test_two_of_one_name_are_one(one: Actor, other: Actor) -> None:
    if name_of(one) == name_of(other):
        assert same_person(one, other)


@given(actors())
def test_what_is_kept_of_who_had_a_hand_in_a_step_tells_the_same_person(one: Actor) -> None:
    assert same_person(known(one), one)
    assert name_of(known(one)) == name_of(one)
    assert known(known(one)) == known(one)


@given(actors())
def test_somebodys_name_is_one_that_may_be_theirs(one: Actor) -> None:
    assert name_of(one) in people_of(one)


ANA, BO = of("ana"), of("bo")
ANA_AS_ROOT = of("root", proven="login sudo", login="ana", sudo="ana")
BO_AS_ROOT = of("root", proven="login", login="bo")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ANA, of("ana", "bastion-2")),
        (ANA, ANA_AS_ROOT),
        (ANA, of("deploy", proven="sudo", sudo="ana")),
        (ANA, of("root", sudo="ana")),  # only SUDO_USER says so
        (ANA, of("deploy", person="ana")),  # only she says so
        (ANA, named("ana")),
        (ANA_AS_ROOT, of("root")),  # came by a key of root's own: may be hers
        (of("deploy"), of("deploy", "bastion-2")),
        (of("deploy", person="ana"), of("deploy", person="bo")),
        (named("ana"), of("deploy")),
        (named("ana"), named("ana", "SHA256:another")),
        (named("ana", "SHA256:a"), named("bo", "SHA256:a")),
        (of("ana", key="SHA256:a"), of("bo", key="SHA256:a")),
        (of("ana", key="SHA256:a"), named("bo", "SHA256:a")),
    ],
)
def test_these_are_one_person_as_far_as_anybody_knows(one: Actor, other: Actor) -> None:
    assert same_person(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ANA, BO),
        (ANA_AS_ROOT, BO),
        (ANA_AS_ROOT, BO_AS_ROOT),
        (named("ana"), named("bo")),
        (named("ana", key="SHA256:shared"), named("bo", key="SHA256:shared")),  # the account's key opened both
        (named("ana"), BO),
        (named("ana"), of("deploy", proven="sudo", sudo="bo")),
        (of("ana", tty="pts/3", client="192.0.2.7"), of("bo", tty="pts/3", client="192.0.2.7")),
    ],
)
def test_these_are_two_people(one: Actor, other: Actor) -> None:
    assert not same_person(one, other)


def test_on_a_shared_account_nobody_is_known_until_a_name_is_proven() -> None:
    shared = ("deploy",)
    assert is_nobody_known(of("deploy"), shared)
    assert is_nobody_known(of("deploy", person="ana", login="ana"), shared)
    assert is_nobody_known(of("root", proven="login", login="deploy"), shared)
    assert not is_nobody_known(named("ana"), shared)
    assert not is_nobody_known(of("deploy", proven="sudo", sudo="ana"), shared)
    assert not is_nobody_known(ANA, shared)


def test_people_are_called_by_their_names_with_the_account_beside_where_it_is_another() -> None:
    assert (called(ANA), called_at(ANA)) == ("ana", "ana@bastion-1")
    assert (called(ANA_AS_ROOT), called_at(ANA_AS_ROOT)) == ("ana (root)", "ana (root@bastion-1)")
    assert called(of("root", sudo="ana")) == "root"


def test_what_makes_somebody_who_they_are_is_told_with_what_is_only_claimed() -> None:
    assert how_known(ANA) == "by this account"
    assert how_known(ANA_AS_ROOT) == "proven by the login"
    assert how_known(of("deploy", proven="sudo", sudo="ana")) == "proven by sudo"
    assert how_known(named("ana")) == "proven by the key SHA256:ana"
    assert (
        how_known(of("root", sudo="ana", login="bo")) == "by this account; claimed only: a login as bo and sudo as ana"
    )
    assert how_known(of("deploy"), ("deploy",)) == "several people use deploy"
    told = how_known(of("deploy", person="ana"), ("deploy",))
    assert told == "several people use deploy, and that you are ana is only claimed"


@given(st.text(max_size=200))
def test_whatever_name_somebody_has_it_is_shown_and_does_nothing(text: str) -> None:
    for actor in (of(text, text), of("deploy", proven="person", person=text or "x")):
        assert recorded(actor).startswith(name_of(actor))
        for told in (called(actor), called_at(actor), how_known(actor), how_known(actor, (text,))):
            assert visible(told) == told
            assert len(told) < 300


def test_two_who_claim_two_names_on_one_account_do_not_hold_the_same_pen() -> None:
    ana, bo, nobody = (Actor(user="deploy", host="h", person=name) for name in ("ana", "bo", ""))
    assert not same_holder(ana, bo)
    assert same_holder(ana, replace(ana, tty="pts/9"))
    assert same_holder(ana, nobody)
    assert same_person(ana, bo), "for what takes two they are still one"
