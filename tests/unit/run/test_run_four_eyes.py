"""Four eyes: a step or a sign-off for two takes two people, by what is known of them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from run_story import ANA, BO, in_production
from whole_profile import WHOLE, step
from whole_story import WholeStory

from cockpit.profile.model import Phase, Profile, Role
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.text import visible

DEPLOY = e.Actor("deploy", "bastion-1")
SIGNERS = "ana ssh-ed25519 AAAA"


def named(person: str, **more: str) -> e.Actor:
    """Somebody on the shared account who proved to be a person."""
    return e.Actor("deploy", "bastion-1", person=person, signer=f"SHA256:{person}", proven=("person",), **more)


def proves(story: WholeStory, *people: e.Actor) -> None:
    """Whoever says that their name is proven did prove it."""
    for one in people:
        if "person" in one.proven:
            body = e.OperatorIdentified(seat="S", person=one.person, key=one.signer, text="", signature="")
            story.happens(body, actor=one)


def by_sudo(user: str, person: str) -> e.Actor:
    return e.Actor(user, "bastion-1", sudo=person, proven=("sudo",))


def signed_off(people: tuple[str, ...] = (), *, first: e.Actor = ANA, **settings: object) -> WholeStory:
    """One step is done by `first`, whose sign-off for four eyes is due."""
    sign = step("sign", "signoff", settings={"role": "lead", "four_eyes": True} | settings)
    roles = (Role(id="lead", title="Lead", people=people), Role(id="dba", title="Database", people=("dee",)))
    phase = Phase(id="only", title="Only", steps=(step("work"), sign))
    profile = replace(WHOLE, phases=(phase,), roles=roles, rollbacks=(), triggers=(), shared_accounts=("deploy",))
    story = WholeStory(profile)
    proves(story, first)
    story.happens(e.StepConfirmed(step="work", attempt=1), actor=first)
    return story


def for_two(holder: e.Actor = ANA, *, signers: str = "") -> WholeStory:
    """An irreversible step past the point of no return, with the pen in somebody's hand."""
    profile: Profile = replace(in_production(WHOLE), shared_accounts=("deploy",))
    story = WholeStory(profile, signers=signers)
    story.goes_to("rollout")
    story.passes(4 * 3600)
    proves(story, holder)
    if holder is not ANA:
        epoch = story.state.pen.epoch + 1 if story.state.pen else 1
        story.happens(e.PenTaken(epoch=epoch, reason="r"), actor=holder)
    return story


def agrees(story: WholeStory, actor: e.Actor) -> str:
    """The code of the refusal; empty: they may."""
    proves(story, actor)
    answer = story.asks(c.Countersign, step="rollout", actor=actor, role="watching")
    return "" if isinstance(answer, tuple) else answer.code


def signs(story: WholeStory, actor: e.Actor) -> str:
    proves(story, actor)
    answer = story.asks(c.SignOff, step="sign", actor=actor, role="watching")
    return "" if isinstance(answer, tuple) else answer.code


@pytest.mark.parametrize(
    "herself",
    [
        e.Actor("ana", "another-host"),
        by_sudo("root", "ana"),
        by_sudo("deploy", "ana"),
        named("ana"),
        e.Actor("root", "bastion-1", sudo="ana"),
        e.Actor("cy", "bastion-1", login="ana", proven=("login",)),
    ],
)
def test_who_holds_the_pen_agrees_by_no_other_account_host_or_name(herself: e.Actor) -> None:
    assert agrees(for_two(), herself) == "four_eyes"
    assert agrees(for_two(herself), ANA) == "four_eyes"
    assert signs(signed_off(), herself) == "four_eyes"
    assert signs(signed_off(first=herself), ANA) == "four_eyes"


@pytest.mark.parametrize("another", [BO, by_sudo("root", "bo"), by_sudo("deploy", "bo"), named("bo")])
def test_another_person_agrees_by_whatever_account(another: e.Actor) -> None:
    assert agrees(for_two(), another) == ""
    assert agrees(for_two(another), ANA) == ""
    assert signs(signed_off(), another) == ""


def test_one_key_is_one_person_on_two_accounts() -> None:
    story = for_two(e.Actor("ana", "bastion-1", key="SHA256:k"))
    refusal = story.refused(c.Countersign, step="rollout", actor=e.Actor("bo", "bastion-1", key="SHA256:k"))
    assert (refusal.code, "one key" in refusal.why) == ("four_eyes", True)


def test_two_on_one_account_are_two_once_both_proved_who_they_are() -> None:
    assert agrees(for_two(named("ana")), named("bo")) == ""
    assert agrees(for_two(named("ana")), named("ana")) == "four_eyes"
    assert agrees(for_two(named("ana")), DEPLOY) == "not_proven"
    assert agrees(for_two(DEPLOY), named("bo")) == "not_proven"


def test_whoever_sits_at_a_shared_account_without_a_proof_is_no_second_person() -> None:
    claiming = replace(DEPLOY, person="bo")
    for signers, instead in (("", "allowed signers"), (SIGNERS, "join --as NAME")):
        refusal = for_two(signers=signers).refused(c.Countersign, step="rollout", actor=claiming, role="watching")
        assert refusal.code == "not_proven"
        assert "several people use deploy" in refusal.why
        assert "you say: bo" in refusal.why
        assert instead in refusal.instead
    assert signs(signed_off(), claiming) == "not_proven"


def test_what_nobody_known_did_is_signed_off_by_nobody_as_a_second_person() -> None:
    story = signed_off(first=DEPLOY)
    refusal = story.refused(c.SignOff, step="sign", actor=BO, role="watching")
    assert (refusal.code, "did 1.1 Work" in refusal.why) == ("not_proven", True)
    story.does(c.SkipStep, step="sign", reason="bo said yes on the telephone", typed="")


def test_an_account_that_is_not_shared_stands_for_its_user() -> None:
    assert agrees(for_two(), e.Actor("release", "bastion-1")) == ""


def test_a_role_is_a_persons_by_the_name_that_is_proven() -> None:
    for actor, code in (
        (BO, ""),
        (by_sudo("root", "bo"), ""),
        (named("bo"), ""),
        (e.Actor("root", "bastion-1", sudo="bo"), "not_proven"),
        (replace(DEPLOY, person="bo"), "not_proven"),
        (DEPLOY, "not_proven"),
        (by_sudo("bo", "cy"), "not_role"),  # who became bo is cy
        (e.Actor("cy", "bastion-1"), "not_role"),
    ):
        assert signs(signed_off(("bo",)), actor) == code, actor


def test_no_role_is_had_by_naming_a_shared_account_in_it() -> None:
    assert signs(signed_off(("deploy",), four_eyes=False), DEPLOY) == "not_proven"


def test_who_may_be_of_a_barred_role_is_barred() -> None:
    def barred(actor: e.Actor) -> str:
        return signs(signed_off(not_by=["dba"], four_eyes=False), actor)

    assert barred(e.Actor("dee", "bastion-1")) == "not_by"
    assert barred(by_sudo("root", "dee")) == "not_by"
    assert barred(e.Actor("root", "bastion-1", sudo="dee")) == "not_by"
    assert barred(by_sudo("dee", "bo")) == "not_by"  # bo may be dee, by whose account they come
    assert barred(DEPLOY) == "not_by"
    assert barred(BO) == ""


def test_who_agreed_is_kept_whole_and_told_with_their_account() -> None:
    story = for_two()
    proves(story, named("bo"))
    story.does(c.Countersign, step="rollout", actor=named("bo"), role="watching")
    known = story.state.steps["rollout"]
    assert known.countersigner == named("bo")
    assert known.countersigned_by == "bo (deploy@bastion-1)"


def test_hostile_names_are_shown_in_refusals_and_do_nothing() -> None:
    evil = "\x1b[2J\u202eana"
    for actor in (e.Actor(evil, "h"), named(evil), replace(DEPLOY, person=evil), e.Actor("deploy", evil)):
        for story, kind, place in (
            (for_two(actor), c.Countersign, "rollout"),
            (signed_off(("bo",)), c.SignOff, "sign"),
        ):
            refusal = story.asks(kind, step=place, actor=actor, role="watching")
            assert not isinstance(refusal, tuple)
            assert visible(refusal.why) == refusal.why
            assert visible(refusal.instead) == refusal.instead


def test_a_name_that_the_log_does_not_prove_is_a_claim_whoever_wrote_the_line() -> None:
    story = for_two()
    assert story.refused(c.Countersign, step="rollout", actor=named("bo"), role="watching").code == "not_proven"
    proves(story, named("bo"))
    assert isinstance(story.asks(c.Countersign, step="rollout", actor=named("bo"), role="watching"), tuple)
    for another in (replace(named("bo"), signer="SHA256:x"), replace(named("bo"), host="elsewhere"), named("cy")):
        assert story.refused(c.Countersign, step="rollout", actor=another, role="watching").code == "not_proven"
    # Written by hand, without ever having been signed:
    story = for_two()
    story.happens(e.StepCountersigned(step="rollout", attempt=1), actor=named("bo"))
    countersigner = story.state.steps["rollout"].countersigner
    assert countersigner is not None
    assert countersigner.proven == ()


def test_the_pen_of_a_run_that_was_begun_under_a_name_is_theirs_once_they_proved_it() -> None:
    story = for_two(replace(DEPLOY, person="ana"))
    proves(story, named("bo"))
    assert story.state.pen is not None
    assert story.state.pen.by == replace(DEPLOY, person="ana")
    proves(story, named("ana"))
    assert story.state.pen.by == named("ana")
    assert agrees(story, named("bo")) == ""


def test_whoever_identifies_themselves_is_named_by_the_roles_and_has_proven_it() -> None:
    story = for_two(signers=SIGNERS)
    fields = {"seat": "S", "text": "t", "signature": "s"}

    def refused(person: str, actor: e.Actor, key: str) -> str:
        return story.refused(c.Identify, person=person, key=key, actor=actor, role="watching", **fields).code

    assert refused("nobody", named("nobody"), "SHA256:nobody") == "not_named"
    assert refused("deploy", named("deploy"), "SHA256:deploy") == "not_named"
    assert refused("bo", DEPLOY, "SHA256:bo") == "unproven"
    assert refused("bo", named("cy"), "SHA256:bo") == "unproven"
    assert refused("bo", named("bo"), "SHA256:another") == "unproven"
    body = story.does(c.Identify, person="bo", key="SHA256:bo", actor=named("bo"), role="watching", **fields)
    assert isinstance(body, e.OperatorIdentified)
    assert agrees(story, named("bo")) == ""


def test_who_agreed_is_no_second_person_once_the_pen_is_in_a_hand_that_may_be_theirs() -> None:
    for hand, stays in ((by_sudo("root", "cy"), True), (by_sudo("root", "bo"), False), (DEPLOY, False)):
        story = for_two()
        story.does(c.Countersign, step="rollout", actor=BO, role="watching")
        assert story.state.pen is not None
        story.happens(e.PenPassed(epoch=story.state.pen.epoch + 1, previous="ana@bastion-1"), actor=hand)
        assert (story.state.steps["rollout"].countersigner is not None) is stays, hand
