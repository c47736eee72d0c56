"""How a whole night looks: every kind of step, every question, the way back, a rehearsal, at a clock that stands.

Made anew and looked at as `test_snapshots_screen` says.
"""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace
from screen_night import BO, NIGHT, NIGHT_PRODUCTION, Night, at, failed, going_back, other_hands
from screen_pictures import NARROW, SIZES, looks
from screen_story import FakeSeat, Story, StoryApp

from cockpit.profile.model import Phase, Profile
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.readings import ConditionVerdict, Reading
from cockpit.tui.screens.dialogs import SETTLE_S

looks = partial(looks, each_after_s=SETTLE_S)
"""Each key is pressed when what the one before opened takes keys."""


def running() -> Night:
    night = at("migrate", NIGHT_PRODUCTION)
    action = night.starts("BEGIN", "UPDATE 20000", "NOTICE:  41233 users to go")
    night.happens(
        e.ActionOutput(
            action=action,
            text="UPDATE 21233",
            progress=("waits 12 s for pid 812 (idle in transaction)", "41 % of 41233 rows"),
        )
    )
    return night


def rehearsed() -> Night:
    night = Night(NIGHT_PRODUCTION, rehearsal=True)
    night.reaches("migrate")
    night.starts("BEGIN", "UPDATE 41233", mode="rolled_back")
    return night


def unknown() -> Night:
    night = at("migrate")
    night.runs("UPDATE 20000", outcome="unknown", detail="the keeper died while it ran")
    return night


def stopped() -> Night:
    night = at("settle_down")
    night.begins_wait()
    night.passes(100)
    night.happens(e.WaitStopped(step="settle_down", attempt=1, detail="connections < 100 (connections is 141)"))
    return night


def message() -> Night:
    night = at("announce")
    night.happens(e.StepDue(step="announce"))
    return night


def ready() -> Night:
    night = at("migrate", NIGHT_PRODUCTION)
    night.passes_gate()
    return night


def red() -> Night:
    """Everything at once."""
    night = going_back(NIGHT_PRODUCTION)
    night.fires()
    night.does(c.RaiseTrigger, reason="users cannot log in", actor=BO)
    night.does(c.PlaceHold, reason="nobody knows what is going on", actor=BO)
    night.happens(e.TargetSeen(target="db", verdict="mismatch", detail="it is virtue_staging, not virtue"))
    night.happens(e.ClockStepped(by_s=3600.0))
    night.passes(12_000)
    night.reads(*(Reading(probe=probe.id, status="fail", value=9, detail="it is 9") for probe in night.profile.probes))
    return night


def long_titles() -> Night:
    """Titles, names and conditions that are longer than any pane."""
    wide = "Übernahme der außergewöhnlich langen Organisationsbezeichnungen in sämtliche Benutzerprofile "
    steps = tuple(replace(step, title=wide + step.title) for step in NIGHT.phases[1].steps)
    phases = (replace(NIGHT.phases[1], title=wide, steps=steps),)
    night = Night(replace(NIGHT_PRODUCTION, title=wide, id="virtue_" * 6, phases=phases))
    night.reaches("migrate")
    night.judges("blocked", ConditionVerdict("api_health.passing && " * 4 + "connections < 100", False, wide))
    return night


def empty() -> Story:
    """A profile with nothing in it."""
    return Story(Profile(id="nothing", environment="dev", phases=(Phase(id="none", title="", steps=()),)))


@SIZES
@pytest.mark.parametrize("story", [running, failed, going_back, rehearsed, red], ids=lambda story: story.__name__)
def test_the_states_that_matter(snap_compare, story, size):
    assert snap_compare(StoryApp(FakeSeat(story())), terminal_size=size, run_before=looks())


@pytest.mark.parametrize(
    "story", [unknown, stopped, message, long_titles, empty, other_hands], ids=lambda story: story.__name__
)
def test_more_states_in_a_small_terminal(snap_compare, story):
    assert snap_compare(StoryApp(FakeSeat(story())), terminal_size=NARROW, run_before=looks())


QUESTIONS = {
    "run_in_production": (ready, ("r",)),
    "run_again": (unknown, ("r",)),
    "cancel": (running, ("K",)),
    "how_it_ended": (unknown, ("u", "enter")),
    "send": (message, ("r",)),
    "sent_by_hand": (message, ("c",)),
    "record": (lambda: at("backup"), ("c",)),
    "decide": (lambda: at("go"), ("c", "down", "enter")),
    "stopped_wait": (stopped, ("e",)),
    "early": (lambda: at("look_30m"), ("e",)),
    "ways_back": (lambda: failed(NIGHT_PRODUCTION), ("b",)),
    "way_back_chosen": (lambda: failed(NIGHT_PRODUCTION), ("b", "enter")),
    "go_on": (red, ("g",)),
    "raise": (lambda: at("go"), ("exclamation_mark",)),
    "skip_in_production": (ready, ("s",)),
    "jump": (lambda: at("go"), ("j",)),
    "finish": (lambda: finished(), ("F",)),
    "abort": (lambda: at("go", NIGHT_PRODUCTION), ("A",)),
    "hold": (lambda: at("go"), ("h",)),
    "take_pen": (lambda: at("go"), ("T",)),
    "outside": (lambda: at("go"), ("d",)),
    "note": (lambda: at("go"), ("n",)),
    "reopen": (lambda: at("go"), ("x",)),
    "release": (lambda: held(), ("h",)),
    "no_second_person": (lambda: late(), ("w",)),
    "other_keeper": (other_hands, ("r",)),
    "other_keeper_in_production": (lambda: other_hands(NIGHT_PRODUCTION), ("r",)),
}


def held() -> Night:
    night = at("go")
    night.does(c.PlaceHold, reason="replica lag is growing")
    return night


def late() -> Night:
    """Past the point of no return, before what cannot be taken back."""
    night = at("migrate", NIGHT_PRODUCTION)
    night.passes(4 * 3600)
    night.judges("pass")
    return night


def finished() -> Night:
    night = at("exit:database")
    night.does(c.OverrideGate, gate="exit:database", reason="twelve test users")
    night.does(c.LeavePhase, phase="database")
    night.reaches("none")
    return night


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_in_a_small_terminal(snap_compare, question):
    story, keys = QUESTIONS[question]
    seat = FakeSeat(story())
    if question == "take_pen":
        seat.actor = BO
    assert snap_compare(StoryApp(seat), terminal_size=NARROW, run_before=looks(*keys))


def test_an_approval(snap_compare):
    seat = FakeSeat(at("approval"), role="watching")
    seat.actor = BO
    assert snap_compare(StoryApp(seat), terminal_size=NARROW, run_before=looks("a"))


def test_agreeing_as_the_second_person(snap_compare):
    seat = FakeSeat(late(), role="watching")
    seat.actor = BO
    assert snap_compare(StoryApp(seat), terminal_size=NARROW, run_before=looks("a"))


@pytest.mark.parametrize("key", ["v", "C", "R"])
def test_lists_to_read(snap_compare, key):
    assert snap_compare(StoryApp(FakeSeat(running())), terminal_size=NARROW, run_before=looks(key))
