"""The terminal beside the screen: waiting on the plain screen, and no colour where none is wanted."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest
from screen_story import FakeSeat, StoryApp, apart, blocked

from cockpit.tui.ink import DARK, NO_COLOUR
from cockpit.tui.terminal import wait_for_enter


def test_enter_goes_back_and_a_closed_terminal_does_not(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(reading) as keys:
        monkeypatch.setattr(sys, "stdin", keys)
        os.write(writing, b"\n")
        assert wait_for_enter()
        os.close(writing)
        assert not wait_for_enter(), "nothing more comes"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_the_waiting_and_its_handler_is_put_back(monkeypatch, number):
    before = signal.getsignal(number)
    reading, writing = os.pipe()
    with os.fdopen(reading) as nothing_comes, os.fdopen(writing, "w"):
        monkeypatch.setattr(sys, "stdin", nothing_comes)
        threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
        assert not wait_for_enter()
    assert signal.getsignal(number) is before


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
