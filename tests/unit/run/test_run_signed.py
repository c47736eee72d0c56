"""What waits for a signature, what it keeps from going on, and what is never kept from anybody."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from run_story import ANA, BEGIN, BO
from whole_profile import CY, WHOLE, step
from whole_story import WholeStory

from cockpit.profile.model import Phase, Profile, Role, Signing
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.people import name_of

DIGEST = "7f3a91c2" * 8


def profile(signing: Signing = "signoffs", **more: object) -> Profile:
    steps = (
        step("work"),
        step("sign", "signoff", settings={"role": "lead"}),
        step("after"),
    )
    phase = Phase(id="only", title="Only", steps=steps)
    lead = Role(id="lead", title="Lead", people=("bo",))
    return replace(
        WHOLE, phases=(phase,), roles=(lead, WHOLE.roles[1]), triggers=(), signing=signing, allowed_signers="s", **more
    )


def approved(signing: Signing = "signoffs", **more: object) -> WholeStory:
    """Ana worked, Bo approved and has not signed."""
    story = WholeStory(profile(signing, **more))
    story.does(c.ConfirmStep, step="work")
    story.does(c.SignOff, step="sign", actor=BO, role="watching")
    return story


def waiting(story: WholeStory) -> list[tuple[str, str, str]]:
    return [(each.by.user, each.what, each.step) for each in story.state.unsigned]


def signs(story: WholeStory, who: e.Actor = BO, seq: int = 0) -> None:
    story.does(
        c.RecordSignature, actor=who, role="watching", seq=seq or story.state.last_fact_seq, digest=DIGEST,
        principal=who.user, key="SHA256:x", signature="armoured", is_countersignature=False,
    )  # fmt: skip


def test_an_approval_waits_for_its_signature_and_nothing_goes_beyond_it() -> None:
    story = approved()
    assert waiting(story) == [("bo", "signoff", "sign")]
    refusal = story.refused(c.ConfirmStep, step="after")
    assert refusal.code == "awaiting_signature"
    assert refusal.why == "1.2 Sign awaits bo's signature"
    signs(story)
    assert waiting(story) == []
    assert story.state.signed["bo"].seq == story.state.last_fact_seq - 1
    story.does(c.ConfirmStep, step="after")


def test_why_it_could_not_be_signed_is_told_with_the_refusal_and_tried_again_later() -> None:
    story = approved()
    seq = story.state.last_fact_seq
    story.does(c.RecordSigningFailure, actor=BO, role="watching", seq=seq, reason="the SSH agent is gone")
    assert "the SSH agent is gone" in story.refused(c.ConfirmStep, step="after").why
    again = {"actor": BO, "role": "watching", "seq": seq}
    assert story.refused(c.RecordSigningFailure, **again, reason="the SSH agent is gone").code == "told_already"
    story.does(c.RecordSigningFailure, **again, reason="the key has expired")
    story.does(c.AddNote, text="bo logs in again")
    signs(story, seq=seq)
    story.does(c.ConfirmStep, step="after")


def test_notes_holds_the_way_back_and_giving_up_wait_for_no_signature() -> None:
    story = approved()
    story.does(c.AddNote, text="we wait for bo")
    story.does(c.PlaceHold, reason="wait")
    story.does(c.ReleaseHold, reason="over")
    story.does(c.TakePen, actor=CY, reason="ana left")
    story.does(c.ChooseRollback, plan=story.profile.rollbacks[0].id, reason="no", actor=CY)
    assert story.state.rollback is not None
    assert story.state.cursor is not None
    if story.state.cursor.step:
        assert story.state.steps[story.state.cursor.step].status == "open"
        assert "awaiting" not in str(story.asks(c.ConfirmStep, step=story.state.cursor.step, actor=CY))
    story.does(c.AbortRun, reason="give up", actor=CY)


def test_going_on_without_a_signature_is_a_deviation_with_a_reason_and_a_word_in_production() -> None:
    story = approved(production=True, environment="production")
    seq = story.state.last_fact_seq
    assert story.refused(c.WaiveSignature, seq=seq, reason="").code == "no_reason"
    assert story.refused(c.WaiveSignature, seq=seq, reason="r", typed="no").code == "typed_word"
    assert story.refused(c.WaiveSignature, seq=seq, reason="r", actor=BO, role="watching").code == "not_pen"
    story.does(c.WaiveSignature, seq=seq, reason="bo lost his key", typed="production")
    assert story.state.deviations[-1].kind == "unsigned"
    assert (story.state.deviations[-1].where, story.state.deviations[-1].reason) == ("sign", "bo lost his key")
    assert story.refused(c.WaiveSignature, seq=seq, reason="r").code == "signed_already"
    story.does(c.ConfirmStep, step="after")


def test_a_signature_of_somebody_else_does_not_count_for_them() -> None:
    story = approved()
    signs(story, ANA)
    signs(story, e.Actor("deploy", "bastion-1", person="bo"))  # only claimed
    assert waiting(story) == [("bo", "signoff", "sign")]
    named = e.Actor("deploy", "bastion-9", person="bo", signer="SHA256:bo", proven=("person",))
    signs(story, named)  # which nothing in the log shows
    assert waiting(story) == [("bo", "signoff", "sign")]
    story.happens(e.OperatorIdentified(seat="S", person="bo", key="SHA256:bo", text="", signature=""), actor=named)
    signs(story, named)
    assert waiting(story) == []


def test_a_signature_under_an_earlier_head_vouches_for_nothing_after_it() -> None:
    story = approved()
    seq = story.state.last_fact_seq
    signs(story, seq=seq - 1)
    assert waiting(story) == [("bo", "signoff", "sign")]
    assert story.refused(c.RecordSignature, actor=BO, seq=seq + 9, digest=DIGEST, principal="bo", key="k",
                         signature="s").code == "not_current"  # fmt: skip


def test_what_was_signed_already_is_not_signed_again() -> None:
    story = approved()
    signs(story)
    again = {"digest": DIGEST, "principal": "bo", "key": "k", "signature": "s"}
    assert (
        story.refused(c.RecordSignature, actor=BO, seq=story.state.signed["bo"].seq, **again).code == "signed_already"
    )


def test_an_approval_that_is_asked_for_again_keeps_nobody_waiting() -> None:
    story = approved()
    story.does(c.ReopenStep, step="sign", reason="look again")
    assert waiting(story) == []
    assert waiting(approved("facts")) != []


def test_where_facts_are_signed_each_persons_own_wait_and_block_nothing_but_approvals() -> None:
    story = WholeStory(profile("facts"))
    assert [what for _, what, _ in waiting(story)] == ["fact"]  # the start itself
    story.does(c.ConfirmStep, step="work")
    story.does(c.AddNote, text="I look on", actor=CY, role="watching")
    assert [user for user, _, _ in waiting(story)] == ["ana", "ana", "cy"]
    signs(story, ANA)
    assert [user for user, _, _ in waiting(story)] == ["cy"]
    story.does(c.SignOff, step="sign", actor=BO, role="watching")
    assert story.refused(c.ConfirmStep, step="after").code == "awaiting_signature"
    signs(story, BO)
    story.does(c.ConfirmStep, step="after")
    story.does(c.FinishRun)
    signs(story, ANA)  # a signature may arrive after the end
    assert [user for user, _, _ in waiting(story)] == ["cy"]
    assert story.state.to_sign.keys() == {"ana", "bo", "cy"}


def test_signatures_give_no_reason_to_sign() -> None:
    story = WholeStory(profile("facts"))
    signs(story, ANA)
    before = story.state.to_sign
    for who in (BO, CY, ANA, BO):
        story.happens(e.HeadSigned(seq=1, digest=DIGEST, principal=who.user, key="k", signature="s"), who)
        story.happens(e.SigningFailed(seq=1, reason="r"), who)
    assert story.state.to_sign == before
    assert story.state.unsigned == ()


def test_where_nothing_is_signed_nothing_waits_and_nobody_signs() -> None:
    story = approved("off")
    assert story.state.unsigned == ()
    refusal = story.refused(c.RecordSignature, seq=1, digest=DIGEST, principal="ana", key="k", signature="s")
    assert refusal.code == "no_signing"
    story.does(c.ConfirmStep, step="after")


def test_a_signature_that_does_not_count_can_be_gone_on_in_spite_of() -> None:
    story = approved()
    signs(story)
    bad = story.state.last_fact_seq
    assert story.refused(c.WaiveSignature, seq=bad, reason="r").code == "signed_already"
    story.does(c.WaiveSignature, seq=bad, is_bad=True, reason="the clock of bo's host was wrong")
    assert bad in story.state.waived_signatures
    assert story.state.deviations[-1].where == f"seq {bad}"


# ---- laws --------------------------------------------------------------------------------------------------------

PEOPLE = (ANA, BO, CY, e.Actor("deploy", "bastion-1", person="bo"), e.Actor("root", "b", sudo="ana", proven=("sudo",)))
DOES = ("note", "hold", "confirm", "sign off", "sign", "fail", "waive", "reopen", "forge", "machine")


@given(
    st.sampled_from(["signoffs", "facts"]),
    st.lists(st.tuples(st.sampled_from(DOES), st.integers(0, len(PEOPLE) - 1), st.integers(0, 30)), max_size=30),
)
@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
def test_what_waits_goes_only_by_its_own_persons_signature_a_waiver_or_being_void(
    signing: Signing, happenings: list[tuple[str, int, int]]
) -> None:
    story = WholeStory(profile(signing))
    for what, number, seq in happenings:
        who, before = PEOPLE[number], story.state
        body: e.Body = {
            "note": e.NoteAdded(text="x"),
            "hold": e.HoldPlaced(reason="x"),
            "confirm": e.StepConfirmed(step="work", attempt=1),
            "sign off": e.StepConfirmed(step="sign", attempt=1),
            "sign": e.HeadSigned(seq=seq, digest=DIGEST, principal=who.user, key="k", signature="s"),
            "fail": e.SigningFailed(seq=seq, reason="r"),
            "waive": e.SignatureWaived(seq=seq, reason="r"),
            "reopen": e.StepReopened(step="sign", attempt=2, reason="r"),
            "forge": e.HeadSigned(seq=9999, digest=DIGEST, principal=who.user, key="k", signature="s"),
            "machine": e.WaitBegan(step="work", attempt=1, until=before.began.at if before.began else BEGIN),
        }[what]
        event = story.happens(body, who)
        after = story.state
        gone = [each for each in before.unsigned if all(each.seq != left.seq for left in after.unsigned)]
        for each in gone:
            signed = what == "sign" and each.seq <= seq < event.seq and name_of(each.by) == name_of(who)
            waived = what == "waive" and each.seq == seq
            void = what == "reopen" and each.what == "signoff" and signing == "signoffs"
            assert signed or waived or void
        come = [each for each in after.unsigned if all(each.seq != was.seq for was in before.unsigned)]
        assert [each.seq for each in come] in ([], [event.seq])
        if what in ("sign", "fail", "forge", "machine"):
            assert come == []  # signing gives no reason to sign
        assert [each.seq for each in after.unsigned] == sorted(each.seq for each in after.unsigned)
