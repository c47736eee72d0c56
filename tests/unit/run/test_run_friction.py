"""Which word is asked for, by what is done, where, when, and how much cannot be taken back."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from run_story import BO, in_production
from whole_profile import WHOLE
from whole_story import WholeStory

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.friction import Dangerous, required_word
from cockpit.run.state import EMPTY

LATE_S = 5 * 3600


@pytest.mark.parametrize(
    ("what", "step_id", "staging", "late", "production"),
    [
        ("run", "scale", "", "", ""),
        ("run", "migrate", "", "migrate", "migrate"),
        ("confirm", "migrate", "", "", ""),  # its danger lies in running it
        ("confirm", "rollout", "", "rollout", "rollout"),
        ("confirm", "legacy", "", "", ""),
        ("run", "rollout", "", "", ""),
        ("confirm", "nope", "", "", ""),
        ("skip", "rollout", "", "", "production"),
        ("skip", "scale", "", "", ""),
        ("skip", "sign", "", "", "production"),
        ("skip", "soak", "", "", "production"),
        ("override", "scale", "", "", "production"),
        ("end_wait", "soak", "", "", "production"),
        ("waive", "rollout", "", "", "production"),
        ("rollback", "back", "", "back", "back"),
        ("forward", "", "", "", "production"),
        ("go_on", "", "", "", ""),
        ("abort", "", "", "", "production"),
    ],
)
def test_the_word_grows_with_the_danger(
    what: Dangerous, step_id: str, staging: str, late: str, production: str
) -> None:
    calm, night = WholeStory(), WholeStory(in_production(WHOLE))
    assert required_word(calm.state, what, step_id, calm.now()) == staging
    assert required_word(night.state, what, step_id, night.now()) == production
    calm.passes(LATE_S)
    assert required_word(calm.state, what, step_id, calm.now()) == late


@pytest.mark.parametrize(
    "what", ["confirm", "run", "skip", "override", "end_wait", "waive", "go_on", "forward", "abort"]
)
def test_a_rehearsal_of_production_asks_for_no_word(what: Dangerous) -> None:
    story = WholeStory(in_production(WHOLE), rehearsal=True)
    assert required_word(story.state, what, "rollout", story.now()) == ""


def test_nothing_is_asked_for_before_the_run_began() -> None:
    assert required_word(EMPTY, "abort") == ""


def test_going_on_in_spite_of_an_immediate_trigger_takes_the_environment_in_production() -> None:
    story = WholeStory(in_production(WHOLE))
    story.goes_to("rollout")
    story.happens(e.TriggerRaised(trigger="complaints", reason="three calls"))
    assert required_word(story.state, "go_on", "", story.now()) == ""
    story.happens(e.TriggerFired(trigger="errors"))
    assert story.refused(c.AnswerTriggers, reason="r").code == "typed_word"
    story.does(c.AnswerTriggers, reason="r", typed="production")


def test_a_rollback_under_a_hold_takes_its_word_anywhere() -> None:
    story = WholeStory()
    story.does(c.PlaceHold, reason="stop", actor=BO, role="watching")
    assert story.refused(c.ChooseRollback, plan="back", reason="r").code == "typed_word"
    story.does(c.ChooseRollback, plan="back", reason="r", typed="back")


def test_without_a_window_there_is_no_point_of_no_return() -> None:
    story = WholeStory(replace(WHOLE, window=None), start=False)
    story.happens(e.RunStarted(profile=story.profile, profile_digest="", sources=(), cockpit_version="0"))
    story.passes(LATE_S)
    assert required_word(story.state, "confirm", "rollout", story.now()) == ""
