"""The terminal beside the screen: waiting on the plain screen, and no colour where none is wanted."""

from __future__ import annotations

import os
import sys
import threading

from screen_story import FakeSeat, StoryApp, apart, blocked

from cockpit.tui.ink import DARK, NO_COLOUR
from cockpit.tui.terminal import wait_for_enter


def test_enter_goes_back_and_a_closed_terminal_does_not(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(reading) as keys:
        monkeypatch.setattr(sys, "stdin", keys)
        os.write(writing, b"\n")
        assert wait_for_enter(lambda: False)
        os.close(writing)
        assert not wait_for_enter(lambda: False), "nothing more comes"


def test_what_ends_the_screen_ends_the_waiting(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(reading) as nothing_comes, os.fdopen(writing, "w"):
        monkeypatch.setattr(sys, "stdin", nothing_comes)
        is_over = threading.Event()
        threading.Timer(0.1, is_over.set).start()
        assert not wait_for_enter(is_over.is_set)


def test_without_colour_no_ink_has_one():
    assert NO_COLOUR.keys() == DARK.keys()
    assert all(style.color is None and style.bgcolor is None for style in NO_COLOUR.values())


async def test_no_color_leaves_no_colour_on_the_screen(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = StoryApp(FakeSeat(blocked()))
    async with app.run_test(size=(120, 40)) as pilot:
        await apart(pilot, "t")
        strips = app.screen._compositor.render_strips()
        styles = {style for strip in strips for _, style, _ in strip if style is not None}
        painted = [each for each in styles for colour in (each.color, each.bgcolor) if colour and not colour.is_default]
        assert painted == []
        assert "NO_COLOR" in app.shows("says")
        assert "✖ missing_profiles" in app.shows("probes")
