"""The difference between two moments names what a person would see changed, and nothing else."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace
from screen_story import ANA, BO, HOSTILE, PROFILE, READINGS, Story

from cockpit.audit.tail import Tail
from cockpit.report.replay.difference import Change, difference
from cockpit.run import events as e
from cockpit.run.evolve import evolve
from cockpit.run.numbering import step_label
from cockpit.run.state import EMPTY, RunState
from cockpit.text import visible

LOGS = sorted((Path(__file__).parents[2] / "logs" / "v1").glob("*.jsonl"))


def states(path: Path) -> list[RunState]:
    tail, found = Tail(path), [EMPTY]
    while entries := tail.read():
        for entry in entries:
            found.append(evolve(found[-1], entry.event))
    tail.close()
    return found[1:]


def told(before: RunState, after: RunState) -> dict[str, list[Change]]:
    return {section.title: list(section.changes) for section in difference(before, after)}


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_between_a_moment_and_itself_there_is_none_and_between_others_every_settled_step_is_named(log):
    every = states(log)
    for before, after in pairwise([*every, every[-1]]):
        assert difference(after, after) == ()
        settled = {
            step_label(after.profile, step_id)
            for step_id, step in after.steps.items()
            if before.started and step.status != before.steps[step_id].status
        }
        assert settled <= {change.what for change in told(before, after).get("Steps", [])}
    whole = told(every[0], every[-1])
    assert len(whole.get("Deviations", [])) == len(every[-1].deviations) - len(every[0].deviations)


def test_a_night_is_told_in_the_words_of_the_screen():
    story = Story(PROFILE)
    story.comes_to("migrate")
    before = story.state
    story.reads(*READINGS)
    story.happens(e.HoldPlaced(reason="lag"), BO)
    story.happens(e.OperatorAttached(seat="s", role="watching"), BO)
    story.happens(e.PenTaken(epoch=2, reason="ana sleeps", previous="ana"), BO)
    found = told(before, story.state)
    assert found["Run"] == [
        Change("held", "", "by bo: lag"),
        Change("pen", "ana@bastion-1", "bo@bastion-1"),
        Change("here", "", "bo (watching)"),
    ]
    assert found["Deviations"][0] == Change("hold 1.2 Migrate", "", "bo: lag")
    assert [change.after for change in found["Deviations"]] == ["bo: lag", "bo: ana sleeps"]
    assert Change("missing_profiles", "unread", "fail 12") in found["Probes"]
    assert "Steps" not in found


def test_back_in_time_it_is_for_the_caller_to_put_the_earlier_first():
    story = Story(PROFILE)
    before = story.state
    story.happens(e.HoldPlaced(reason="lag"), BO)
    assert told(story.state, before)["Run"] == [Change("held", "by bo: lag", "")]


def test_nothing_that_came_from_outside_acts():
    hostile = replace(PROFILE, phases=tuple(replace(phase, title=HOSTILE) for phase in PROFILE.phases))
    story = Story(hostile)
    before = story.state
    story.happens(e.HoldPlaced(reason=HOSTILE), e.Actor(HOSTILE, HOSTILE))
    story.happens(e.PenTaken(epoch=2, reason=HOSTILE), e.Actor(HOSTILE, HOSTILE))
    story.happens(e.TriggerRaised(trigger=HOSTILE, reason=HOSTILE), ANA)
    story.happens(e.ProbeChanged(probe="queue", previous="unread", status="fail", value=HOSTILE, unit=HOSTILE))
    story.happens(e.StepSkipped(step="maintenance", attempt=1, reason=HOSTILE))
    for section in difference(before, story.state):
        for change in section.changes:
            for text in (change.what, change.before, change.after):
                assert visible(text) == text
