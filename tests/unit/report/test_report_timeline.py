"""Of every fact the timeline says where the run stood, as the fold does; their order holds whatever the clock did."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from screen_story import ANA, BO, PROFILE, Story

from cockpit.audit.tail import Tail
from cockpit.report.replay.timeline import GAP_S, Timeline, TimelineBuilder, next_mark, stretch_at, turn
from cockpit.run import events as e
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY, RunState

LOGS = sorted((Path(__file__).parents[2] / "logs" / "v1").glob("*.jsonl"))


def events_of(path: Path) -> list[e.Event]:
    tail, events = Tail(path), []
    while entries := tail.read():
        events += [entry.event for entry in entries]
    tail.close()
    return events


def told(events: list[e.Event]) -> tuple[Timeline, list[tuple[e.Event, RunState]]]:
    """The timeline, and each fact with the state after it."""
    builder, state, facts = TimelineBuilder(), EMPTY, []
    for event in events:
        state = evolve(state, event)
        builder.take(event, state)
        if event.is_fact:
            facts.append((event, state))
    return builder.timeline, facts


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_of_every_fact_it_says_what_the_fold_says(log):
    timeline, facts = told(events_of(log))
    assert timeline.facts == len(facts)
    for fact, (_, state) in enumerate(facts):
        phase, step = stretch_at(timeline.phases, fact), stretch_at(timeline.steps, fact)
        hold = stretch_at(timeline.holds, fact)
        assert (phase.id if phase else None) == (state.cursor.phase if state.cursor else None)
        assert (step.id if step else None) == (state.cursor.step if state.cursor else None)
        assert (hold.title if hold else None) == (state.hold.reason if state.hold else None)


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_every_deviation_that_was_a_single_decision_is_marked(log):
    timeline, facts = told(events_of(log))
    marked = {mark.seq for mark in timeline.marks}
    assert {deviation.seq for deviation in facts[-1][1].deviations} <= marked


def told_at(times: list[tuple[float, float]]) -> tuple[Timeline, list[e.Event]]:
    """Notes at these seconds: of the wall clock and of the monotonic one."""
    story = Story()
    events = [story.happens(e.NoteAdded(text="begins"), ANA)]
    for wall_s, mono_s in times:
        at = events[0].instant.at + timedelta(seconds=wall_s)
        instant = e.Instant(at, "boot-a", events[0].instant.mono + mono_s)
        events.append(e.Event(len(events) + 1, "id", "note.added", True, instant, BO, e.NoteAdded(text="x"), "RUN1"))
    return told(events)[0], events


@given(st.lists(st.tuples(st.floats(-1e5, 1e6), st.floats(0, 1e5)), min_size=1, max_size=30))
@settings(deadline=None)
def test_whatever_the_clock_did_facts_stand_in_their_order(times):
    timeline, events = told_at(times)
    places = [timeline.place_s(event.instant.at, fact) for fact, event in enumerate(events)]
    assert [mark.fact for mark in timeline.marks] == list(range(len(events)))
    assert all(a.at_s <= b.at_s for a, b in pairwise(timeline.marks))
    assert all(abs(mark.at_s - place) <= 2.0 for mark, place in zip(timeline.marks, places, strict=True))
    assert timeline.length_s == timeline.marks[-1].at_s


def test_a_clock_that_was_set_back_costs_the_time_that_passed_and_no_more():
    timeline, events = told_at([(100.0, 100.0), (-3500.0, 130.0), (-3400.0, 230.0)])
    assert [mark.at_s for mark in timeline.marks] == [0.0, 100.0, 130.0, 230.0]
    assert timeline.time_at(130.0) == events[2].instant.at
    assert timeline.time_at(50.0) == events[0].instant.at + timedelta(seconds=50)
    assert timeline.place_s(events[3].instant.at) == 230.0


def test_lines_that_are_a_little_older_than_the_one_before_do_not_make_the_axis_longer():
    timeline, _ = told_at([(float(at) - 0.5 * (at % 2), float(at)) for at in range(1000)])
    assert timeline.length_s == pytest.approx(998.5, abs=1.0)


def test_idle_is_where_nobody_did_anything_whatever_the_probes_did():
    story = Story(PROFILE)
    builder = TimelineBuilder()

    def takes(body: e.Body) -> None:
        builder.take(story.happens(body), story.state)

    takes(e.NoteAdded(text="begins"))
    for _ in range(4):
        story.passes(GAP_S / 2)
        takes(e.ProbeChanged(probe="queue", previous="pass", status="fail"))
    takes(e.NoteAdded(text="here again"))
    story.passes(GAP_S - 1)
    takes(e.NoteAdded(text="at work"))
    assert [(gap.start_s, gap.end_s) for gap in builder.timeline.gaps] == [(0.0, 2 * GAP_S)]


def test_the_window_and_the_point_of_no_return_are_those_of_the_start():
    timeline, facts = told(events_of(next(log for log in LOGS if log.stem == "night")))
    started = facts[0][1].started
    assert started is not None
    assert (timeline.window_start, timeline.window_end) == (started.window_start, started.window_end)
    assert isinstance(timeline.no_return, datetime)


def test_turns_and_marks_are_found_from_any_fact():
    timeline, facts = told(events_of(next(log for log in LOGS if log.stem == "night")))
    for fact in range(len(facts)):
        on, back = turn(timeline.steps, fact, 1), turn(timeline.steps, fact, -1)
        firsts = [stretch.first for stretch in timeline.steps]
        assert on == min((first for first in firsts if first > fact), default=None)
        assert back == max((first for first in firsts if first < fact), default=None)
        later = next_mark(timeline.marks, fact, 1, "hold")
        assert (later.fact if later else None) == min(
            (mark.fact for mark in timeline.marks if mark.fact > fact and mark.kind == "hold"), default=None
        )
        before = next_mark(timeline.marks, fact, -1)
        assert (before.fact if before else None) == max(
            (mark.fact for mark in timeline.marks if mark.fact < fact), default=None
        )


def test_taking_a_fact_costs_microseconds():
    story = Story()
    event = story.happens(e.ProbeChanged(probe="queue", previous="pass", status="fail"))
    builder = TimelineBuilder()
    begin = time.process_time()
    for _ in range(20_000):
        builder.take(event, story.state)
    assert (time.process_time() - begin) / 20_000 < 50e-6
