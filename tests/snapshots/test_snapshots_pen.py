"""How the pen looks where it concerns people: asked for, offered, read about, taken, lost. At a clock that stands.

Made anew and looked at as `test_snapshots_screen` says.
"""

from __future__ import annotations

from functools import partial

from screen_night import NIGHT_PRODUCTION
from screen_pen import asked, gathered, offered, paired, seat_of, troubled
from screen_pictures import NARROW, SIZES, looks
from screen_story import StoryApp

from cockpit.tui.screens.handing import READ_S

looks = partial(looks, each_after_s=READ_S + 0.05)
"""Each key is pressed when the card that the one before opened was there long enough to be read."""


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
