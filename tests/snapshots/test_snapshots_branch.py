"""How it looks to go on without the database, to come back, and to settle what both sides did. At a clock that stands.

Made anew and looked at as `test_snapshots_screen` says.
"""

from __future__ import annotations

import pytest
from screen_branch import away_seat, conflict, offline_seat
from screen_night import NIGHT_PRODUCTION
from screen_story import FakeSeat, StoryApp, apart, until
from textual.widgets import Input

WIDE, NARROW = (120, 40), (80, 24)
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch):
    """The picture depends on no terminal's wishes."""
    for name in ("NO_COLOR", "COCKPIT_THEME", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS"):
        monkeypatch.delenv(name, raising=False)


def looks(*keys):
    """Press keys once the step is drawn as Markdown, apart from each other."""

    async def before(pilot):
        app = pilot.app
        await until(pilot, lambda: bool(app.shows("step")), "the first paint")
        app.run_screen.format_steps()
        for key in keys:
            await apart(pilot, key)
            if app.screen is not app.run_screen:
                for field in app.screen.query(Input):
                    field.cursor_blink = False
                    field._cursor_visible = True
        await pilot.pause()

    return before


@SIZES
def test_going_offline_in_production(snap_compare, size):
    seat = away_seat(NIGHT_PRODUCTION)
    assert snap_compare(StoryApp(seat), terminal_size=size, run_before=looks("W"))


@SIZES
def test_offline(snap_compare, size):
    assert snap_compare(StoryApp(offline_seat()), terminal_size=size, run_before=looks())


def test_the_database_answers_again(snap_compare):
    assert snap_compare(StoryApp(offline_seat(answers=True)), terminal_size=NARROW, run_before=looks())


def test_returning(snap_compare):
    assert snap_compare(StoryApp(offline_seat(answers=True)), terminal_size=NARROW, run_before=looks("W"))


@SIZES
def test_a_step_in_conflict(snap_compare, size):
    assert snap_compare(StoryApp(FakeSeat(conflict())), terminal_size=size, run_before=looks("up"))


@SIZES
def test_which_of_both_counts(snap_compare, size):
    assert snap_compare(StoryApp(FakeSeat(conflict())), terminal_size=size, run_before=looks("u", "down"))
