"""How it looks to go on without the database, to come back, and to settle what both sides did. At a clock that stands.

Made anew and looked at as `test_snapshots_screen` says.
"""

from __future__ import annotations

from screen_branch import away_seat, conflict, offline_seat, taking_over_seat
from screen_night import NIGHT_PRODUCTION
from screen_pictures import NARROW, SIZES, looks
from screen_story import FakeSeat, StoryApp

from cockpit.audit.rewritten import APART
from cockpit.tui.screens.dialogs import SETTLE_S

SETTLED_S = SETTLE_S + 0.05
"""A list takes no keys before: they were meant for the screen below."""


@SIZES
def test_the_database_is_away(snap_compare, size):
    assert snap_compare(StoryApp(away_seat()), terminal_size=size, run_before=looks())


@SIZES
def test_two_logs_of_one_run(snap_compare, size):
    seat = away_seat(away=f"{APART}: cockpit store return merges them; nothing can be confirmed until then")
    assert snap_compare(StoryApp(seat), terminal_size=size, run_before=looks())


@SIZES
def test_taking_over_the_keeper_of_a_host_that_is_gone(snap_compare, size, tmp_path):
    seat = taking_over_seat(tmp_path, 754, NIGHT_PRODUCTION)
    assert snap_compare(StoryApp(seat), terminal_size=size, run_before=looks("."))


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
    assert snap_compare(
        StoryApp(FakeSeat(conflict())), terminal_size=size, run_before=looks("u", "down", each_after_s=SETTLED_S)
    )
