"""What is asked of whoever has a keeper begin here, since the last one was on another host and is gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from screen_branch import taking_over_seat
from screen_story import StoryApp, apart
from test_tui_acting import answers
from textual.widgets import Static

from cockpit.tui.screens.dialogs import AskDialog


@pytest.mark.parametrize(
    ("silent_s", "told"),
    [
        (float("inf"), "Keeper 2 ran as ana@app-7, and nothing has been seen of it from here."),
        (754.0, "Keeper 2 ran as ana@app-7, and nothing has been seen of it for 12m."),
    ],
)
async def test_it_is_said_how_long_the_last_one_was_not_seen_where_it_ever_was(
    tmp_path: Path, silent_s: float, told: str
) -> None:
    app = StoryApp(taking_over_seat(tmp_path, silent_s))
    async with app.run_test(size=(120, 40)) as pilot:
        await apart(pilot, ".")
        await answers(app, pilot, AskDialog)
        assert told in " ".join(str(each.render()) for each in app.screen.query(Static))
