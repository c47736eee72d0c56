"""The pen's keys at a screen: what each asks, what it sends, and what is said when the pen came or went."""

from __future__ import annotations

from typing import Any

import pytest
from screen_night import NIGHT_PRODUCTION
from screen_pen import SEATS, asked, gathered, offered, paired, seat_of, troubled
from screen_story import BO, FakeSeat, StoryApp, apart, until
from textual import events
from textual.widgets import OptionList, Static

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.handover import LINES, card, standing
from cockpit.run.holding import ANSWER_S
from cockpit.tui.panes.banner import banner
from cockpit.tui.panes.keys import hints
from cockpit.tui.panes.top import identity
from cockpit.tui.screens.choosing import ChooseDialog
from cockpit.tui.screens.dialogs import AskDialog, SureDialog
from cockpit.tui.screens.handing import READ_S, CardDialog

NARROW = (80, 24)
HERE = tuple(SEATS)


def says(app: StoryApp) -> str:
    return app.shows("says")


def dialog_text(app: StoryApp) -> str:
    return "\n".join(str(each.content) for each in app.screen.query("#dialog Static").results(Static))


async def answers(app: StoryApp, pilot: Any, dialog: type, wait_s: float = 0.0) -> None:
    """Wait until the dialog stands and takes keys."""
    await until(pilot, lambda: isinstance(app.screen, dialog), f"{dialog.__name__} opens")
    await until(pilot, lambda: app.screen._since + wait_s < events.Key("x", "x").time, "the dialog takes keys")


def kinds(seat: FakeSeat) -> list[type]:
    return [type(each) for each in seat.asked]


# ---- whoever has it ------------------------------------------------------------------------------------------------


async def test_p_offers_the_pen_at_once_to_the_one_who_asks():
    seat = seat_of(asked(), "SEATANA")
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        assert "bo ASKS FOR THE PEN, P offers it, T keeps it" in app.shows("banner")
        assert app.shows("keys").startswith(" P offer the pen  T keep it…")
        await apart(pilot, "P")
        await until(pilot, lambda: "offered to bo" in says(app), "the offer is told")
        (offer,) = seat.asked
        assert isinstance(offer, c.OfferPen)
        assert (offer.to, offer.pen_epoch) == ("SEATBO", 1)
        assert "the pen is offered to bo; you act until it is accepted" in app.shows("banner")
        assert "LIVE" in app.shows("identity")


async def test_where_nobody_asks_p_lets_choose_to_whom_and_enter_only_marks():
    seat = seat_of(paired(), "SEATANA")
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "P")
        await answers(app, pilot, ChooseDialog)
        await apart(pilot, "down", "enter")
        assert seat.asked == []
        await apart(pilot, "P")
        await until(pilot, lambda: bool(seat.asked), "the offer")
    (offer,) = seat.asked
    assert isinstance(offer, c.OfferPen)
    assert offer.to == "SEATCY"


async def test_whom_the_pen_is_offered_to_is_named_with_their_terminal():
    seat = seat_of(gathered(paired(), "SEATBO"), "SEATANA")
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "P")
        await answers(app, pilot, SureDialog)
        assert "Offer the pen to cy (pts/7)?" in dialog_text(app)


async def test_the_only_other_one_is_offered_it_by_a_second_p():
    seat = seat_of(gathered(paired(), "SEATCY"), "SEATANA")
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "P")
        await answers(app, pilot, SureDialog)
        assert "Offer the pen to bo?" in dialog_text(app)
        await apart(pilot, "enter")
        assert seat.asked == []
        await apart(pilot, "P")
        await until(pilot, lambda: bool(seat.asked), "the offer")
    (offer,) = seat.asked
    assert isinstance(offer, c.OfferPen)
    assert offer.to == "SEATBO"


async def test_nobody_is_offered_the_pen_where_nobody_else_is():
    night = gathered(paired(), "SEATBO", "SEATCY")
    app = StoryApp(seat_of(night, "SEATANA"))
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "P")
        assert "nobody else is here" in says(app)


async def test_an_offer_is_taken_back_by_a_second_p():
    seat = seat_of(offered(), "SEATANA")
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "P")
        await answers(app, pilot, SureDialog)
        await apart(pilot, "enter")
        assert seat.asked == []
        await apart(pilot, "P")
        await until(pilot, lambda: seat.view.state.pen_offer is None, "the offer is over")
    assert kinds(seat) == [c.WithdrawPen]


async def test_t_keeps_the_pen_with_a_reason_and_the_one_who_asked_is_told():
    seat = seat_of(asked(), "SEATANA")
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "T")
        await answers(app, pilot, AskDialog)
        assert "you have been up since six" in dialog_text(app)
        await apart(pilot, "enter")
        assert seat.asked == []
        await apart(pilot, *"soon", "enter")
        await until(pilot, lambda: not seat.view.state.pen_asked, "the answer")
        assert "keeps the pen for now: soon" in app.shows("tail")
    assert kinds(seat) == [c.DeclinePen]


async def test_a_second_screen_of_whoever_has_the_pen_acts_by_p_and_nothing_is_asked():
    night = paired()
    seat = seat_of(night, "SEATANA")
    seat.role = "watching"
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        assert "WATCHING" in app.shows("identity")
        assert app.shows("keys").startswith(" P act here")
        await apart(pilot, "c")
        assert "P takes your pen up here" in says(app)
        await apart(pilot, "P")
        await until(pilot, lambda: "LIVE" in app.shows("identity"), "it acts")
    assert seat.asked == []
    assert night.state.pen is not None
    assert night.state.pen.epoch == 1


# ---- whoever gets it -----------------------------------------------------------------------------------------------


async def test_p_asks_for_the_pen_with_a_reason_or_without():
    for typed in ("", "rest"):
        seat = seat_of(paired(), "SEATBO")
        app = StoryApp(seat)
        async with app.run_test(size=NARROW) as pilot:
            await apart(pilot, "P")
            await answers(app, pilot, AskDialog)
            await apart(pilot, *typed, "enter")
            await until(pilot, lambda seat=seat: bool(seat.view.state.pen_asked), "the ask")
            assert "without an answer it can be taken in 30 s" in app.shows("banner")
        (ask,) = seat.asked
        assert isinstance(ask, c.AskPen)
        assert ask.reason == typed


async def test_the_card_is_read_before_the_pen_is_accepted_and_enter_does_nothing():
    seat = seat_of(offered(), "SEATBO")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 40)) as pilot:
        assert "ana OFFERS YOU THE PEN" in app.shows("banner")
        await apart(pilot, "P")
        await answers(app, pilot, CardDialog)
        for line in card(seat.view.state, seat.story.now(), HERE):
            assert line in dialog_text(app)
        await apart(pilot, "a")
        assert isinstance(app.screen, CardDialog), "not in the first moment"
        await answers(app, pilot, CardDialog, READ_S)
        await apart(pilot, "enter", "c", "P")
        assert isinstance(app.screen, CardDialog)
        assert seat.asked == []
        await apart(pilot, "a")
        await until(pilot, lambda: "you have the pen" in says(app), "the pen")
        assert "LIVE" in app.shows("identity")
        assert "pen: bo" in app.shows("identity")
    (accepted,) = seat.asked
    assert isinstance(accepted, c.AcceptPen)
    assert accepted.card
    assert accepted.read == standing(offered().state)


async def test_a_card_that_does_not_fit_is_read_to_its_end_first():
    night = troubled()
    assert 14 < len(card(night.state, night.now(), HERE)) <= LINES
    seat = seat_of(night, "SEATBO")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 20)) as pilot:
        await apart(pilot, "P")
        await answers(app, pilot, CardDialog, READ_S)
        await apart(pilot, "a")
        assert "goes on below" in dialog_text(app)
        assert seat.asked == []
        await apart(pilot, "pagedown", "pagedown", "a")
        await until(pilot, lambda: bool(seat.asked), "accepted")


async def test_a_run_that_moves_on_while_the_card_is_read_has_it_read_anew():
    night = offered()
    seat = seat_of(night, "SEATBO")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 40)) as pilot:
        await apart(pilot, "P")
        await answers(app, pilot, CardDialog, READ_S)
        night.happens(e.HoldPlaced(reason="wait for me"), BO)
        seat.looks()
        await apart(pilot, "a")
        await until(pilot, lambda: "the line was stopped" in dialog_text(app), "the card again")
        assert "HELD by bo" in dialog_text(app)
        assert night.state.pen is not None
        assert night.state.pen.user == "ana"
        await answers(app, pilot, CardDialog, READ_S)
        await apart(pilot, "a")
        await until(pilot, lambda: night.state.pen.user == "bo", "the pen")
    assert kinds(seat) == [c.AcceptPen, c.AcceptPen]


async def test_what_is_offered_is_declined_with_a_reason():
    seat = seat_of(offered(), "SEATBO")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 40)) as pilot:
        await apart(pilot, "P")
        await answers(app, pilot, CardDialog, READ_S)
        await apart(pilot, "d")
        await answers(app, pilot, AskDialog)
        await apart(pilot, *"busy", "enter")
        await until(pilot, lambda: seat.view.state.pen_offer is None, "the answer")
        assert "declines the pen: busy" in app.shows("tail")


async def test_t_takes_the_pen_of_somebody_gone_with_the_card_a_reason_and_in_production_a_word():
    night = gathered(paired(NIGHT_PRODUCTION), "SEATANA")
    seat = seat_of(night, "SEATBO")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 40)) as pilot:
        assert "ana has the pen and is GONE: T takes it" in app.shows("banner")
        await apart(pilot, "P")
        assert "ana is gone: nobody would answer" in says(app)
        await apart(pilot, "T")
        await answers(app, pilot, CardDialog, READ_S)
        await apart(pilot, "a")
        await answers(app, pilot, AskDialog)
        await apart(pilot, *"link down", "enter")
        assert seat.asked == []
        await apart(pilot, *"production", "enter")
        await until(pilot, lambda: "LIVE" in app.shows("identity"), "the pen")
    (taken,) = seat.asked
    assert isinstance(taken, c.TakePen)
    assert (taken.reason, taken.typed) == ("link down", "production")
    assert night.state.deviations[-1].kind == "pen"


async def test_t_takes_no_pen_from_somebody_who_is_here_and_says_the_way_on():
    app = StoryApp(seat_of(paired(), "SEATBO"))
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "T")
        assert "ana is here, and did something" in says(app)
        assert "ask for it (P)" in says(app)


# ---- whoever loses it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, (120, 40)])
async def test_whoever_loses_the_pen_watches_is_told_to_whom_and_why_and_what_they_have_open_is_refused(size):
    night = paired()
    seat = seat_of(night, "SEATANA")
    app = StoryApp(seat)
    rung: list[bool] = []
    app.bell = lambda: rung.append(True)  # type: ignore[method-assign]
    async with app.run_test(size=size) as pilot:
        await apart(pilot, "s")
        await answers(app, pilot, AskDialog)
        await apart(pilot, *"later")
        night.does(c.TakePen, actor=BO, seat="SEATBO", reason="ana sleeps", here=("SEATBO",), **read(night))
        gathered(night)
        seat.looks()
        await until(pilot, lambda: "bo took the pen: ana sleeps" in dialog_text(app), "the question says so")
        assert rung
        await apart(pilot, "enter")
        await until(pilot, lambda: "bo got the pen" in says(app), "the refusal")
        assert "nothing was done" in says(app)
        assert "WATCHING" in app.shows("identity")
        assert "pen: bo" in app.shows("identity")
    assert night.state.steps["go"].status == "open"


async def test_a_hold_that_is_being_typed_while_the_pen_goes_still_says_that_enter_sends_it_and_is_placed():
    night = paired()
    seat = seat_of(night, "SEATANA")
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "h")
        await answers(app, pilot, AskDialog)
        night.does(c.TakePen, actor=BO, seat="SEATBO", reason="ana sleeps", here=("SEATBO",), **read(night))
        gathered(night)
        seat.looks()
        await until(pilot, lambda: "bo took the pen" in says(app), "it is told")
        assert "Enter sends" in dialog_text(app)
        assert "nobody else acts" not in dialog_text(app)
        await apart(pilot, *"lag", "enter")
        await until(pilot, lambda: night.state.hold is not None, "the hold")
        assert "HELD by ana, h releases: lag" in app.shows("banner"), "it is ana's own"
        assert " h release…" in app.shows("keys")
        await apart(pilot, "h")
        await answers(app, pilot, AskDialog)
        await apart(pilot, *"ok", "enter")
        await until(pilot, lambda: night.state.hold is None, "it is released without the pen")


async def test_who_watches_is_not_told_to_release_what_somebody_else_holds():
    night = paired()
    night.happens(e.HoldPlaced(reason="lag"), BO)
    app = StoryApp(seat_of(night, "SEATCY"))
    async with app.run_test(size=(120, 40)):
        assert app.shows("banner").strip().startswith("HELD by bo: lag")
        assert "hold" not in app.shows("keys")
        assert "n note" in app.shows("keys")


async def test_a_question_that_was_open_while_the_pen_went_and_came_back_is_refused_too():
    night = paired()
    seat = seat_of(night, "SEATANA")
    app = StoryApp(seat)
    async with app.run_test(size=(120, 40)) as pilot:
        await apart(pilot, "s")
        await answers(app, pilot, AskDialog)
        await apart(pilot, *"later")
        night.does(c.TakePen, actor=BO, seat="SEATBO", reason="ana sleeps", here=("SEATBO",), **read(night))
        night.does(c.TakePen, seat="SEATANA", reason="bo sleeps", here=("SEATANA",), **read(night))
        seat.looks()
        assert "LIVE" in app.shows("identity")
        await apart(pilot, "enter")
        await until(pilot, lambda: "moved to bo and back" in says(app), "the refusal")
    assert night.state.steps["go"].status == "open"


def read(night: Any) -> dict[str, Any]:
    return {"read": standing(night.state)}


# ---- how it looks --------------------------------------------------------------------------------------------------


def test_others_are_not_shouted_at_and_a_replay_shouts_at_nobody():
    night = asked()
    for me, told in (("SEATANA", True), ("SEATCY", False), ("", False)):
        seen = night.seen(mode="LIVE" if me == "SEATANA" else "WATCHING", me=me)
        assert ("ASKS FOR THE PEN" in "".join(text for text, _ in banner(seen, 120, 40))) == told


def test_who_asked_in_vain_is_told_that_it_can_be_taken():
    night = asked()
    night.passes(ANSWER_S + 1)
    seen = night.seen(mode="WATCHING", me="SEATBO")
    assert "ana has the pen and is silent: T takes it" in "".join(text for text, _ in banner(seen, 120, 40))
    assert "".join(text for text, _ in hints(seen, 80, 24)).startswith(" T take the pen…")


def test_the_top_line_names_the_person_behind_an_account():
    night = paired()
    deploy = e.Actor("deploy", "bastion-1", login="dora", proven=("login",))
    night.happens(e.OperatorAttached(seat="SEATD", role="watching", at=""), deploy)
    night.does(c.TakePen, actor=deploy, seat="SEATD", reason="r", here=(), **read(night))
    assert "pen: dora (deploy)" in "".join(text for text, _ in identity(night.seen(), 120))


async def test_enter_in_the_palette_offers_nothing():
    seat = seat_of(asked(), "SEATANA")
    app = StoryApp(seat)
    async with app.run_test(size=(120, 40)) as pilot:
        await apart(pilot, "ctrl+p", *"offer the pen")
        await until(pilot, lambda: bool(app.screen.query(OptionList)) and _highlighted(app) is not None, "it is found")
        await apart(pilot, "enter")
        await until(pilot, lambda: "press P here" in says(app), "the key is named")
    assert seat.asked == []


def _highlighted(app: StoryApp) -> int | None:
    return app.screen.query_one(OptionList).highlighted
