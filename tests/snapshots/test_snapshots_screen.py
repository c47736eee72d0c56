"""How the screen looks: pictures of a run in the states that matter, at a clock that stands.

    .venv/bin/python -m pytest -n 0 tests/snapshots --snapshot-update

makes them anew; look at every one that changed before it is committed.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from screen_pictures import NARROW, WIDE, looks
from screen_story import (
    BO,
    GONE,
    HOSTILE,
    PRODUCTION,
    PROFILE,
    READINGS,
    FakeSeat,
    Story,
    StoryApp,
    blocked,
)

from cockpit.profile.model import Phase, Probe, Step
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.readings import ConditionVerdict, Reading


def door() -> Story:
    story = blocked(PRODUCTION)
    story.judges("pass")
    story.does(c.ConfirmStep, step="validate")
    story.judges("pass", ConditionVerdict("api_health.passing", True))
    return story


def held() -> Story:
    story = blocked(PRODUCTION)
    story.does(c.PlaceHold, reason="the replica lags by nine minutes; dba looks at it", actor=BO)
    return story


def overridden() -> Story:
    story = blocked()
    story.does(c.OverrideGate, gate="step:validate", reason="the twelve are test users")
    return story


def finished() -> Story:
    story = blocked()
    story.does(c.SkipStep, step="validate", reason="validated on the standby")
    story.comes_to("")
    story.reads(*READINGS)
    story.does(c.FinishRun)
    return story


def many() -> Story:
    probes = tuple(Probe(id=f"shard_{n:03}_reachable", kind="tcp") for n in range(200))
    steps = tuple(
        Step(id=f"s{n}", title=f"Migrate shard {n:03} of the customers' orders", estimate_s=60) for n in range(100)
    )
    story = Story(replace(PROFILE, probes=probes, phases=(Phase(id="all", title="All shards", steps=steps),)))
    story.comes_to("s47", 0.9)
    story.reads(
        *(
            Reading(probe=probe.id, status="fail" if n in (3, 150) else "pass", value=n * 1.7, unit="ms")
            for n, probe in enumerate(probes)
        )
    )
    return story


def hostile() -> Story:
    title = "データベースの移行を検証する " + HOSTILE
    steps = (
        replace(
            PROFILE.phases[0].steps[2],
            title=title,
            instructions=f"# 手順\n\n{HOSTILE}\n\n- 漢字😀 e\u0301",
            command=HOSTILE,
        ),
    )
    story = Story(replace(PROFILE, title=HOSTILE, phases=(Phase(id="p", title="移行", steps=steps),)))
    story.reads(
        Reading(probe="api_health", status="pass", value="正常です", latency_ms=2.0),
        Reading(probe="connections", status="fail", value=HOSTILE, detail=HOSTILE),
        Reading(probe="error_rate", status="pass", value=12345678901234, unit="B"),
    )
    story.judges("blocked", ConditionVerdict("connections == 0", False, HOSTILE))
    story.happens(e.NoteAdded(text=HOSTILE), BO)
    return story


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_blocked_gate_in_production(snap_compare, size):
    assert snap_compare(StoryApp(FakeSeat(blocked(PRODUCTION))), terminal_size=size, run_before=looks())


def test_the_door_of_a_phase(snap_compare):
    assert snap_compare(StoryApp(FakeSeat(door())), terminal_size=NARROW, run_before=looks())


def test_a_hold(snap_compare):
    assert snap_compare(StoryApp(FakeSeat(held())), terminal_size=WIDE, run_before=looks())


def test_the_keeper_gone(snap_compare):
    assert snap_compare(StoryApp(FakeSeat(blocked(), keeper=GONE)), terminal_size=NARROW, run_before=looks())


def test_an_overridden_gate(snap_compare):
    assert snap_compare(StoryApp(FakeSeat(overridden())), terminal_size=WIDE, run_before=looks())


def test_a_finished_run(snap_compare):
    assert snap_compare(StoryApp(FakeSeat(finished(), keeper=GONE)), terminal_size=NARROW, run_before=looks())


def test_all_probes(snap_compare):
    assert snap_compare(StoryApp(FakeSeat(blocked())), terminal_size=NARROW, run_before=looks("p"))


def test_all_keys(snap_compare):
    assert snap_compare(StoryApp(FakeSeat(blocked())), terminal_size=WIDE, run_before=looks("question_mark"))


def test_the_question_before_an_override_in_production(snap_compare):
    assert snap_compare(StoryApp(FakeSeat(blocked(PRODUCTION))), terminal_size=NARROW, run_before=looks("o"))


def test_two_hundred_probes_and_a_hundred_steps(snap_compare):
    assert snap_compare(StoryApp(FakeSeat(many())), terminal_size=WIDE, run_before=looks())


def test_wide_characters_and_hostile_text(snap_compare):
    assert snap_compare(StoryApp(FakeSeat(hostile())), terminal_size=WIDE, run_before=looks())


def test_a_terminal_too_small_to_act(snap_compare):
    assert snap_compare(StoryApp(FakeSeat(blocked(PRODUCTION))), terminal_size=(58, 18), run_before=looks())


def test_the_light_theme(snap_compare):
    assert snap_compare(StoryApp(FakeSeat(blocked())), terminal_size=NARROW, run_before=looks("t"))
