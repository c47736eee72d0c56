"""What no screen is without: the environment's name, and the beginning of the command that is to be run."""

from __future__ import annotations

import pytest
from screen_story import PRODUCTION, FakeSeat, StoryApp, apart, blocked, until

from cockpit.tui.screens.reading import ReadingScreen
from cockpit.tui.widgets.pane import Pane


@pytest.mark.parametrize("key", ["p", "l", "question_mark"])
async def test_a_list_over_the_whole_screen_names_the_environment(key):
    app = StoryApp(FakeSeat(blocked(PRODUCTION)))
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, key)
        await until(pilot, lambda: isinstance(app.screen, ReadingScreen) and bool(app.screen.query(Pane)), "it opens")
        assert "PRODUCTION virtue" in str(app.screen.query_one(Pane).border_title)


async def test_a_command_that_is_out_of_sight_begins_in_the_line_that_counts_what_is_hidden():
    app = StoryApp(FakeSeat(blocked()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "more lines (PgDn)" in app.shows("step"), "the step does not fit")
        assert '$ psql "$DATABASE_URL"' in app.shows("step").splitlines()[-1]
        while "$ psql" in app.shows("step").splitlines()[-1]:
            await apart(pilot, "pagedown")
        assert "$ psql" in app.shows("step"), "scrolled into sight, it stands in its own place"
