"""How the pen looks where it concerns people: asked for, offered, read about, taken, lost. At a clock that stands.

Made anew and looked at as `test_snapshots_screen` says.
"""

from __future__ import annotations

import asyncio

import pytest
from screen_night import NIGHT_PRODUCTION
from screen_pen import asked, gathered, offered, paired, seat_of, troubled
from screen_story import StoryApp, apart, until
from textual.widgets import Input

from cockpit.tui.screens.handing import READ_S

WIDE, NARROW = (120, 40), (80, 24)
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch):
    """The picture depends on no terminal's wishes."""
    for name in ("NO_COLOR", "COCKPIT_THEME", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS"):
        monkeypatch.delenv(name, raising=False)


def looks(*keys):
    """Press keys once the step is drawn as Markdown, each when what the one before opened takes keys."""

    async def before(pilot):
        app = pilot.app
        await until(pilot, lambda: bool(app.shows("step")), "the first paint")
        app.run_screen.format_steps()
        for number, key in enumerate(keys):
            if number:
                await asyncio.sleep(READ_S + 0.05)
            await apart(pilot, key)
            if app.screen is not app.run_screen:
                for field in app.screen.query(Input):
                    field.cursor_blink = False
                    field._cursor_visible = True
        await pilot.pause()

    return before


@SIZES
def test_the_holder_is_asked(snap_compare, size):
    assert snap_compare(StoryApp(seat_of(asked(), "SEATANA")), terminal_size=size, run_before=looks())


@SIZES
def test_the_card_of_what_is_offered(snap_compare, size):
    assert snap_compare(StoryApp(seat_of(offered(), "SEATBO")), terminal_size=size, run_before=looks("P"))


def test_the_fullest_card_in_a_small_terminal(snap_compare):
    assert snap_compare(StoryApp(seat_of(troubled(), "SEATBO")), terminal_size=NARROW, run_before=looks("P"))


def test_to_whom_it_is_offered(snap_compare):
    assert snap_compare(StoryApp(seat_of(paired(), "SEATANA")), terminal_size=NARROW, run_before=looks("P", "down"))


def test_asking_for_it(snap_compare):
    assert snap_compare(StoryApp(seat_of(paired(), "SEATBO")), terminal_size=NARROW, run_before=looks("P"))


@SIZES
def test_taking_it_in_production_from_somebody_gone(snap_compare, size):
    night = gathered(paired(NIGHT_PRODUCTION), "SEATANA")
    assert snap_compare(StoryApp(seat_of(night, "SEATBO")), terminal_size=size, run_before=looks("T", "a"))


def test_keeping_it(snap_compare):
    assert snap_compare(StoryApp(seat_of(asked(), "SEATANA")), terminal_size=NARROW, run_before=looks("T"))
