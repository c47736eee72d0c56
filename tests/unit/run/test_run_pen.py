"""The pen: who may offer, ask for, accept and take it, and what an action under an old epoch comes to."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from run_story import ANA, BO, PROFILE, Story, in_production

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.evolve import fold
from cockpit.run.handover import card, standing
from cockpit.run.holding import ANSWER_S, SILENCE_S
from cockpit.run.numbering import step_label
from cockpit.run.passing import ASKS

CY = e.Actor("cy", "bastion-1")
SEATS = {"SEATANA": ANA, "SEATBO": BO, "SEATCY": CY}
HERE = tuple(SEATS)


def paired(story: Story | None = None) -> Story:
    """A run at which ana acts, bo and cy watch."""
    story = story or Story()
    for seat, actor in SEATS.items():
        story.happens(e.OperatorAttached(seat=seat, role="acting" if actor is ANA else "watching"), actor)
    return story


def offered() -> Story:
    story = paired()
    story.does(c.OfferPen, to="SEATBO", here=HERE)
    return story


# ---- offered and accepted ----------------------------------------------------------------------------------------


def test_the_pen_is_offered_to_somebody_here_and_accepted_with_the_card_in_the_log() -> None:
    story = offered()
    assert story.state.pen_offer is not None
    assert story.state.pen_offer.to == "bo"
    passed = story.does(c.AcceptPen, actor=BO, seat="SEATBO", role="watching", here=HERE)
    assert isinstance(passed, e.PenPassed)
    assert (passed.epoch, passed.previous, passed.seat) == (2, "ana@bastion-1", "SEATBO")
    assert any("1.1 Maintenance on" in line for line in passed.card)
    pen = story.state.pen
    assert pen is not None
    assert (pen.user, pen.epoch, pen.previous) == ("bo", 2, "ana")
    assert {seat.seat: seat.role for seat in story.state.seats.values()} == {
        "SEATANA": "watching", "SEATBO": "acting", "SEATCY": "watching",
    }  # fmt: skip
    assert story.state.deviations == ()
    assert story.refused(c.ConfirmStep, step="maintenance").code == "not_pen"
    story.does(c.ConfirmStep, step="maintenance", actor=BO)


def test_while_it_is_offered_its_holder_goes_on_acting_and_may_take_the_offer_back() -> None:
    story = offered()
    story.does(c.ConfirmStep, step="maintenance")
    story.does(c.WithdrawPen)
    assert story.state.pen_offer is None
    assert story.refused(c.AcceptPen, actor=BO, here=HERE).code == "no_offer"
    assert story.refused(c.WithdrawPen).code == "no_offer"


def test_only_whoever_it_is_offered_to_accepts_or_declines_it() -> None:
    story = offered()
    assert story.refused(c.AcceptPen, actor=CY, here=HERE).code == "not_offered"
    assert story.refused(c.DeclinePen, actor=CY, reason="no").code == "not_pen"
    assert story.refused(c.DeclinePen, actor=BO, reason=" ").code == "no_reason"
    story.does(c.DeclinePen, actor=BO, reason="I have to read first")
    assert story.state.pen_offer is None
    story.does(c.OfferPen, to="SEATCY", here=HERE)
    assert story.refused(c.AcceptPen, actor=BO, here=HERE).why == "the pen is offered to cy"


def test_it_is_offered_to_nobody_who_is_gone_never_came_or_holds_it() -> None:
    story = paired()
    assert story.refused(c.OfferPen, to="SEATBO", here=("SEATANA",)).code == "seat_gone"
    assert story.refused(c.OfferPen, to="NOBODY", here=(*HERE, "NOBODY")).code == "seat_gone"
    assert story.refused(c.OfferPen, to="SEATANA", here=HERE).code == "own_seat"
    assert story.refused(c.OfferPen, to="SEATCY", here=HERE, actor=BO).code == "not_pen"
    story.does(c.OfferPen, to="SEATBO", here=HERE)
    assert story.refused(c.OfferPen, to="SEATBO", here=HERE).code == "offered_already"


def test_an_offer_lapses_when_the_seat_says_goodbye_and_when_the_pen_moves() -> None:
    story = offered()
    story.happens(e.OperatorDetached(seat="SEATBO"), BO)
    assert story.state.pen_offer is None
    story = offered()
    story.does(c.TakePen, actor=CY, reason="both are gone", here=("SEATCY",))
    assert story.state.pen_offer is None
    assert story.refused(c.AcceptPen, actor=BO, pen_epoch=1, here=HERE).code == "other_epoch"


# ---- the card ----------------------------------------------------------------------------------------------------


def test_nothing_is_accepted_or_taken_before_the_card_was_read() -> None:
    story = offered()
    assert story.refused(c.AcceptPen, actor=BO, read=None, here=HERE).code == "no_card"
    story = paired()
    assert story.refused(c.TakePen, actor=BO, reason="r", read=None).code == "no_card"


def test_a_card_that_the_run_has_moved_on_from_is_to_be_read_again() -> None:
    story = offered()
    read = standing(story.state)
    story.does(c.ConfirmStep, step="maintenance")
    refusal = story.refused(c.AcceptPen, actor=BO, read=read, here=HERE)
    assert (refusal.code, "at another place" in refusal.why) == ("card_stale", True)
    read = standing(story.state)
    story.does(c.PlaceHold, reason="wait", actor=CY)
    assert "the line was stopped" in story.refused(c.AcceptPen, actor=BO, read=read, here=HERE).why
    read = standing(story.state)
    story.happens(e.ProbeChanged(probe="api", previous="unread", status="fail", value=1))
    assert "api is not well" in story.refused(c.AcceptPen, actor=BO, read=read, here=HERE).why


def test_a_card_still_counts_when_a_probe_got_well_or_time_passed() -> None:
    story = offered()
    story.happens(e.ProbeChanged(probe="api", previous="unread", status="fail", value=1))
    read = standing(story.state)
    story.happens(e.ProbeChanged(probe="api", previous="fail", status="pass", value=1))
    story.passes(600)
    story.does(c.AcceptPen, actor=BO, read=read, here=HERE)


# ---- asked for ---------------------------------------------------------------------------------------------------


def test_the_pen_is_asked_for_once_and_given_or_kept() -> None:
    story = paired()
    story.does(c.AskPen, actor=BO, seat="SEATBO", role="watching", here=HERE)
    assert [ask.by.user for ask in story.state.pen_asked] == ["bo"]
    assert story.refused(c.AskPen, actor=BO, seat="SEATBO", here=HERE).code == "asked_already"
    assert story.refused(c.AskPen, seat="SEATANA", here=HERE).code == "already_pen"
    story.does(c.DeclinePen, reason="one step more")
    assert story.state.pen_asked == ()
    assert story.refused(c.DeclinePen, reason="r").code == "nothing_asked"
    story.does(c.AskPen, actor=BO, seat="SEATBO", reason="ana looks tired", here=HERE)
    story.does(c.OfferPen, to="SEATBO", here=HERE)
    assert story.refused(c.AskPen, actor=BO, seat="SEATBO", here=HERE).code == "offered_to_you"
    story.does(c.AcceptPen, actor=BO, seat="SEATBO", here=HERE)
    assert story.state.pen_asked == ()


def test_of_a_crowd_that_a_log_makes_up_the_newest_asks_are_remembered() -> None:
    story = Story()
    for number in range(3 * ASKS):
        story.happens(e.PenAsked(epoch=1, seat=f"SEAT{number}"), replace(BO, user=f"user{number}"))
    assert [ask.by.user for ask in story.state.pen_asked] == [f"user{number}" for number in range(2 * ASKS, 3 * ASKS)]


def test_nobody_is_asked_who_is_gone() -> None:
    refusal = paired().refused(c.AskPen, actor=BO, seat="SEATBO", here=("SEATBO",))
    assert (refusal.code, refusal.instead) == ("holder_gone", "T takes the pen, with a reason")


# ---- taken -------------------------------------------------------------------------------------------------------


def test_the_pen_is_taken_from_somebody_who_is_gone_with_a_reason_and_that_is_a_deviation() -> None:
    story = paired()
    here = ("SEATBO", "SEATCY")
    assert story.refused(c.TakePen, reason="x", here=HERE).code == "already_pen"
    assert story.refused(c.TakePen, reason=" ", actor=BO, here=here).code == "no_reason"
    taken = story.does(c.TakePen, reason="ana's link is down", actor=BO, seat="SEATBO", role="watching", here=here)
    assert isinstance(taken, e.PenTaken)
    assert (taken.epoch, taken.found, taken.previous, taken.seat) == (2, "gone", "ana@bastion-1", "SEATBO")
    assert taken.card
    assert [(each.kind, each.by) for each in story.state.deviations] == [("pen", "bo")]
    assert story.refused(c.ConfirmStep, step="maintenance").code == "not_pen"


def test_from_somebody_who_is_here_and_acts_it_is_not_taken_and_the_way_on_is_said() -> None:
    story = paired()
    story.passes(SILENCE_S - 1)
    story.does(c.AddNote, text="still here")
    story.passes(12)
    refusal = story.refused(c.TakePen, reason="mine", actor=BO, here=HERE)
    assert refusal.code == "holder_here"
    assert refusal.why == "ana is here, and did something 12s ago"
    assert "ask for it (P)" in refusal.instead
    assert "hold the line (h)" in refusal.instead


@pytest.mark.parametrize(
    "sign",
    [e.OperatorMoved(seat="SEATANA", step="migrate"), e.NoteAdded(text="I read"), e.OperatorMoved(seat="SEATANA")],
)
def test_whoever_pressed_no_key_for_five_minutes_counts_as_silent_and_any_sign_of_theirs_counts(sign: e.Body) -> None:
    story = paired()
    story.passes(SILENCE_S - 1)
    story.happens(e.OperatorMoved(seat="SEATBO"), BO)  # somebody else's key says nothing of ana
    assert story.refused(c.TakePen, reason="r", actor=BO, here=HERE).code == "holder_here"
    story.happens(sign)
    story.passes(2)
    assert story.refused(c.TakePen, reason="r", actor=BO, here=HERE).code == "holder_here"
    story.passes(SILENCE_S)
    taken = story.does(c.TakePen, reason="r", actor=BO, here=HERE)
    assert isinstance(taken, e.PenTaken)
    assert taken.found == "silent"


def test_what_the_keeper_does_as_the_holder_is_no_sign_of_the_person() -> None:
    story = paired()
    story.passes(SILENCE_S + 1)
    story.happens(e.ProbeChanged(probe="api", previous="unread", status="pass", value=1), ANA)
    story.happens(e.KeeperStarted(epoch=2, pid=7, version="0"), ANA)
    assert isinstance(story.does(c.TakePen, reason="r", actor=BO, here=HERE), e.PenTaken)


def test_whoever_was_asked_and_neither_answered_nor_did_anything_counts_as_silent_after_half_a_minute() -> None:
    story = paired()
    story.passes(60)
    story.does(c.AddNote, text="busy")
    story.does(c.AskPen, actor=BO, seat="SEATBO", here=HERE)
    story.passes(ANSWER_S - 1)
    assert story.refused(c.TakePen, reason="r", actor=BO, here=HERE).code == "holder_here"
    story.happens(e.NoteAdded(text="I work"), ANA)
    story.passes(2)
    assert story.refused(c.TakePen, reason="r", actor=BO, here=HERE).code == "holder_here"
    story.passes(ANSWER_S)
    assert story.refused(c.AskPen, actor=BO, here=HERE).instead == "T takes the pen, with a reason"
    story.does(c.TakePen, reason="r", actor=BO, here=HERE)


def test_whoever_keeps_the_pen_has_answered() -> None:
    story = paired()
    story.does(c.AskPen, actor=BO, seat="SEATBO", here=HERE)
    story.passes(ANSWER_S - 1)
    story.does(c.DeclinePen, reason="not now")
    story.passes(ANSWER_S + 1)
    assert story.refused(c.TakePen, reason="r", actor=BO, here=HERE).code == "holder_here"


def test_what_is_offered_is_accepted_and_not_taken() -> None:
    story = offered()
    story.passes(SILENCE_S + 1)
    assert story.refused(c.TakePen, reason="r", actor=BO, here=HERE).code == "offered_to_you"
    story.does(c.TakePen, reason="neither of them moves", actor=CY, here=HERE)


def test_in_production_taking_asks_for_the_environments_name() -> None:
    story = paired(Story(in_production(PROFILE)))
    refusal = story.refused(c.TakePen, reason="ana is gone", actor=BO, typed="", here=())
    assert (refusal.code, "production" in refusal.instead) == ("typed_word", True)
    story.does(c.TakePen, reason="ana is gone", actor=BO, typed="production", here=())


def test_neither_a_hold_nor_a_missing_keeper_keeps_the_pen_from_whoever_has_to_roll_back() -> None:
    story = paired()
    story.does(c.PlaceHold, reason="stop", actor=CY)
    story.happens(e.KeeperStopped(epoch=1, reason="killed"))
    story.does(c.TakePen, reason="ana is gone", actor=BO, here=("SEATBO",))
    story.does(c.AbortRun, reason="it burns", actor=BO)


# ---- epochs ------------------------------------------------------------------------------------------------------


def test_a_key_pressed_under_an_older_pen_is_refused_also_when_the_pen_came_back() -> None:
    story = paired()
    confirm = story.command(c.ConfirmStep, step="maintenance", pen_epoch=1)
    story.does(c.TakePen, actor=BO, reason="r", here=())
    lost = story.refused(c.ConfirmStep, step="maintenance", pen_epoch=1)
    assert (lost.code, lost.why[:15]) == ("other_epoch", "bo got the pen ")
    story.does(c.TakePen, reason="back", here=())
    refusal = story.refused(type(confirm), step="maintenance", pen_epoch=1)
    assert refusal.code == "other_epoch"
    assert "moved to bo and back" in refusal.why
    story.does(c.ConfirmStep, step="maintenance", pen_epoch=3)


def test_a_seat_that_only_watches_is_told_that_it_takes_the_pen_of_its_person_up() -> None:
    refusal = paired().refused(c.ConfirmStep, step="maintenance", role="watching")
    assert (refusal.code, refusal.instead) == ("watching", "P takes your pen up here")


def test_another_seat_of_the_same_person_holds_the_pen_too_and_another_account_does_not() -> None:
    story = paired()
    story.does(c.ConfirmStep, step="maintenance", actor=replace(ANA, tty="pts/9", client="192.0.2.9"))
    root = e.Actor("root", "bastion-1", login="ana", proven=("login",))
    assert story.refused(c.ConfirmStep, step="migrate", actor=root).why == "ana holds the pen"


def test_what_is_of_an_epoch_that_is_over_changes_nothing() -> None:
    story = offered()
    story.does(c.AcceptPen, actor=BO, here=HERE)
    before = story.state
    for stale in (
        e.PenOffered(epoch=1, seat="SEATCY", to="cy"),
        e.PenAsked(epoch=1, seat="SEATCY"),
        e.PenWithdrawn(epoch=1),
        e.PenPassed(epoch=2, previous="x"),
        e.PenTaken(epoch=2, reason="r", found="gone"),
    ):
        story.happens(stale, CY)
        after = story.state
        assert (after.pen, after.pen_offer, after.pen_asked) == (before.pen, before.pen_offer, before.pen_asked)
    assert fold(story.events) == story.state


def test_the_card_of_every_place_is_short_enough_to_be_read() -> None:
    story = paired()
    for step in ("maintenance", "migrate", "validate", "rollout"):
        story.comes_to(step)
        lines = card(story.state, story.now(), HERE)
        assert lines[0].startswith(f"at: {step_label(PROFILE, step)}, for ")
        assert len(lines) <= 16
        assert max(map(len, lines)) <= 76


def test_what_an_older_cockpit_took_counts_and_its_epoch_grows_all_the_same() -> None:
    story = paired()
    story.does(c.TakePen, actor=BO, reason="r", here=())
    story.happens(e.PenTaken(epoch=1, reason="I am back"), ANA)
    assert story.state.pen is not None
    assert (story.state.pen.user, story.state.pen.epoch) == ("ana", 3)
