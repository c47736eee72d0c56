"""What must not act: Enter in the palette, and a pasted word; and what is given back at the end: the title."""

from __future__ import annotations

import io
import sys

from screen_night import at as at_night
from screen_story import PRODUCTION, FakeSeat, Story, StoryApp, apart, until
from textual import _time, events
from textual.widgets import Input, OptionList

from cockpit.run import commands as c
from cockpit.tui import keymap
from cockpit.tui.screens.dialogs import AskDialog
from cockpit.tui.terminal import Title


def at(step_id: str, **story) -> FakeSeat:
    told = Story(**story)
    told.comes_to(step_id)
    return FakeSeat(told)


def stands(app: StoryApp) -> bool:
    return isinstance(app.screen, AskDialog) and app.screen._since < _time.get_time()


def chosen(app: StoryApp) -> int | None:
    return app.screen.query_one(OptionList).highlighted


async def test_enter_in_the_palette_confirms_nothing_and_says_which_key_does():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(120, 40)) as pilot:
        await apart(pilot, "ctrl+p", *"confirm")
        await until(pilot, lambda: bool(app.screen.query(Input)) and chosen(app) is not None, "it is found")
        await apart(pilot, "enter")
        await until(pilot, lambda: "Enter confirms nothing" in app.shows("says"), "the sentence")
        assert seat.asked == []
        await apart(pilot, keymap.LIVE["confirm"].name)
        await until(pilot, lambda: len(seat.asked) == 1, "the key itself confirms")


async def test_enter_in_the_palette_runs_nothing():
    night = at_night("scale_down")
    night.passes_gate()
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=(120, 40)) as pilot:
        await apart(pilot, "ctrl+p", *"run the step")
        await until(pilot, lambda: bool(app.screen.query(Input)) and chosen(app) is not None, "it is found")
        await apart(pilot, "enter")
        await until(pilot, lambda: "runs nothing" in app.shows("says"), "the sentence")
    assert seat.asked == []


async def test_the_word_is_typed_and_not_pasted():
    seat = at("migrate", profile=PRODUCTION)
    app = StoryApp(seat)
    async with app.run_test(size=(120, 40)) as pilot:
        await apart(pilot, "c")
        await until(pilot, lambda: isinstance(app.screen, AskDialog) and app.screen.focused is not None, "it asks")
        field = app.screen.query_one("#word", Input)
        await until(pilot, lambda: stands(app), "it takes keys")
        await apart(pilot, "m", "i")
        app.post_message(events.Paste("grate"))
        hint = app.screen.query_one("#hint")
        await until(pilot, lambda: "not pasted" in str(hint.content), "the hint")
        assert field.value == "mi"
        await apart(pilot, *"grate", "enter")
        await until(pilot, lambda: [type(each) for each in seat.asked] == [c.ConfirmStep], "the word counts")


def test_the_terminals_own_title_comes_back_once(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", written)
    title = Title()
    title.give_back()
    assert written.getvalue() == ""
    title._shown = "cockpit STAGING virtue"
    title.give_back()
    title.give_back()
    assert written.getvalue() == "\x1b[23;2t"
