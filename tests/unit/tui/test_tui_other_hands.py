"""A keeper that differs from the one before, on the screen: the banner, the hints, and the question by keys."""

from __future__ import annotations

import pytest
from screen_night import BO, NIGHT, NIGHT_PRODUCTION, at, other_hands
from screen_story import GONE, FakeSeat, StoryApp, apart, text_of, texts, until
from test_tui_acting import answers

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.tui.panes import keys, step
from cockpit.tui.panes.banner import banner
from cockpit.tui.screens.dialogs import AskDialog, SureDialog

SHORT = "bo for ana, target db, KUBECONFIG, PATH and 3 more variables"


def test_the_banner_says_how_it_differs_and_which_key_shows_it():
    night = other_hands()
    assert text_of(banner(night.seen(), 140, 24)).strip() == f"KEEPER 3 DIFFERS, r shows it: {SHORT}"
    watched = text_of(banner(night.seen(mode="WATCHING"), 140, 24))
    assert "KEEPER 3 DIFFERS, nothing is run" in watched
    assert text_of(banner(night.seen(mode="REPLAY"), 140, 24)).strip().startswith("KEEPER 3 DIFFERS, nothing is run")
    assert "DIFFERS" not in text_of(banner(night.seen(keeper=GONE), 140, 24)), "the next one may be another"


def test_the_banner_begins_with_what_matters_in_a_small_terminal():
    assert "KEEPER 3 DIFFERS, r shows it: bo for ana, target db, KUBECONFIG" in text_of(
        banner(other_hands().seen(), 80, 24)
    )


def test_the_keys_offer_to_look_at_the_keeper_and_nothing_to_run():
    night = other_hands()
    assert text_of(keys.hints(night.seen(), 120, 40)).startswith(" r keeper…")
    assert "r shows how its keeper differs" in texts(step.facts(night.seen(), 80))
    night.does(c.PlaceHold, reason="wait", actor=BO)
    assert text_of(keys.hints(night.seen(), 120, 40)).startswith(" h release…")


def test_nothing_is_said_once_it_was_confirmed_or_where_it_is_the_same():
    night = at("migrate")
    assert banner(night.seen(), 120, 24) == ()
    confirmed = other_hands()
    confirmed.happens(e.KeeperAccepted(epoch=3, previous=2, shown=()))
    assert banner(confirmed.seen(), 120, 24) == ()


async def test_the_key_that_runs_shows_the_keeper_and_only_the_named_key_lets_it_act():
    seat = FakeSeat(other_hands(NIGHT))
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "r")
        await answers(app, pilot, SureDialog)
        await apart(pilot, "r", "enter")
        assert isinstance(app.screen, SureDialog)
        await apart(pilot, "escape")
        await until(pilot, lambda: app.screen is app.run_screen, "left")
        assert seat.asked == []
        await apart(pilot, "r")
        await answers(app, pilot, SureDialog)
        await apart(pilot, "k")
        await until(pilot, lambda: "keeper 3 may act now" in app.shows("says"), "it may act")
        (accepted,) = seat.asked
        assert isinstance(accepted, c.AcceptKeeper)
        assert "user: bo for ana" in accepted.shown
        assert seat.story.state.action is None, "nothing was run by it"
        assert app.shows("banner") == ""


async def test_in_production_the_environments_name_lets_it_act():
    seat = FakeSeat(other_hands(NIGHT_PRODUCTION))
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "r")
        await answers(app, pilot, AskDialog)
        await apart(pilot, *"production", "enter")
        await until(pilot, lambda: "keeper 3 may act now" in app.shows("says"), "it may act")


async def test_a_keeper_that_is_gone_is_not_confirmed():
    seat = FakeSeat(other_hands(NIGHT), keeper=GONE)
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "r")
        await until(pilot, lambda: "no keeper is there" in app.shows("says"), "the refusal")


@pytest.mark.parametrize("step_id", ["go", "backup"])
async def test_it_is_shown_also_where_nothing_is_run(step_id):
    seat = FakeSeat(other_hands(NIGHT, step_id))
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "r")
        await answers(app, pilot, SureDialog)
