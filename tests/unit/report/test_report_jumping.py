"""What is typed to jump means one thing, or is answered with a sentence that says what it could mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from screen_story import ANA, BEGIN, BO, Story

from cockpit.report.marks import KINDS, mark_of
from cockpit.report.replay.jumping import AtSeq, AtTime, Found, Here, Sought, Unclear, in_vain, seek, understood
from cockpit.report.replay.timeline import TimelineBuilder
from cockpit.report.replay.times import moments
from cockpit.run import events as e

ROME = ZoneInfo("Europe/Rome")
CAI = e.Actor("cai", "bastion-2")
CARLA = e.Actor("carla", "bastion-2")


class InShort(NamedTuple):
    seq: int
    at: datetime
    user: str
    mark: str


class Log:
    """A night's facts in memory."""

    def __init__(self, story: Story, events: list[e.Event], builder: TimelineBuilder) -> None:
        self.story, self.events, self.timeline = story, events, builder.timeline

    @property
    def facts(self) -> int:
        return len(self.events)

    damaged = (5,)

    def moment(self, k: int) -> InShort:
        event = self.events[k]
        return InShort(event.seq, event.instant.at, event.actor.user, mark_of(event))

    def event(self, k: int) -> e.Event:
        return self.events[k]

    def here(self, fact: int = -1) -> Here:
        at = self.events[max(0, fact)].instant.at
        return Here(state=self.story.state, timeline=self.timeline, fact=fact, at=at, zone=ROME)

    def goes(self, typed: str, fact: int = -1, way: int = 1) -> e.Event:
        """The event that a jump from a fact ends at."""
        sought = understood(typed, self.here(fact), self)
        assert isinstance(sought, Sought), sought
        found = [each for each in seek(sought, self.here(fact), self, way) if each is not None]  # type: ignore[arg-type]
        assert len(found) == 1, in_vain(sought, self.story.state)
        return self.events[found[0].fact]

    def answers(self, typed: str, fact: int = -1) -> str:
        unclear = understood(typed, self.here(fact), self)
        assert isinstance(unclear, Unclear), unclear
        return unclear.sentence


@pytest.fixture(scope="module")
def log() -> Log:
    story, builder, events = Story(), TimelineBuilder(), []

    class Told(Story):
        def happens(self, body: e.Body, actor: e.Actor = ANA) -> e.Event:
            event = super().happens(body, actor)
            if event.is_fact:
                builder.take(event, self.state)
                events.append(event)
            return event

    story = Told()
    story.comes_to("migrate")
    story.happens(e.NoteAdded(text="replica lag settled"), BO)
    story.passes(120)
    story.happens(e.HoldPlaced(reason="count them"), BO)
    story.passes(60)
    story.happens(e.HoldReleased(reason="fine"), CAI)
    story.happens(e.NoteAdded(text="Replica LAG again"), CARLA)
    story.comes_to("validate")
    story.passes(60)
    story.happens(e.StepReopened(step="migrate", attempt=2, reason="not all"))
    story.comes_to("")
    return Log(story, events, builder)


def test_a_step_goes_by_number_id_and_title(log):
    first = log.goes("1.2")
    assert log.goes("migrate") == log.goes("Migrate") == first
    assert log.goes("valid").type == "step.confirmed"
    assert log.goes("2").type == "step.confirmed"
    assert log.goes("Database").type == "run.started"


def test_where_the_log_is_damaged_can_be_gone_to_though_no_event_says_so(log):
    assert log.goes("!damage") is log.events[5]
    assert log.goes("!", 4) is log.events[5]


def test_again_goes_to_the_next_visit_and_round(log):
    first = log.goes("1.2")
    second = log.goes("1.2", log.events.index(first))
    assert second.type == "step.reopened"
    assert log.goes("1.2", log.events.index(second)) == first
    assert log.goes("1.2", log.events.index(second), -1) == first


def test_a_person_goes_to_what_they_did_next(log):
    assert log.goes("@bo").type == "note.added"
    assert log.goes("@bo", log.events.index(log.goes("@bo"))).type == "hold.placed"
    assert log.goes("@CAI").actor == CAI


def test_marks_and_words_are_found_from_here_on(log):
    assert log.goes("!hold").type == "hold.placed"
    assert log.goes("!rel").type == "hold.released"
    assert log.goes("!dev").type == "step.reopened"
    assert log.goes("!", log.events.index(log.goes("!hold"))).type == "hold.released"
    first = log.goes("/replica lag")
    assert log.goes("/replica lag", log.events.index(first)).body == e.NoteAdded(text="Replica LAG again")
    assert log.goes("replica lag") == first


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "nothing was typed: a time, a step, @person, #seq, !mark or /words"),
        ("#x", "`#x` is no line's number; write it like #1234"),
        ("#0", "`#0` is no line's number; write it like #1234"),
        ("!nonsense", f"`!nonsense` is no mark; there are: {', '.join(KINDS)}"),
        ("!d", "`!d` could be damage, deviation or due"),
        ("@ca", "`@ca` could be cai or carla"),
        ("@zoe", "`@zoe` did nothing in this log; ana, bo, cai or carla did"),
        ("9.9", "there is no step 9.9 in this run"),
        ("9", "there is no phase 9 in this run"),
        ("m", "could be 1.1 Maintenance on, 1.2 Migrate, 1.3 Validate the migration or 2.2 Smoke test"),
        ("/", "no words were given"),
        ("25:99", "there is no such time as `25:99`"),
        ("2026-13-01", "there is no such time as `2026-13-01`"),
        ("03:00", "`03:00` is not within this log: 2026-11-21 22:00 to 22:32 Europe/Rome"),
        ("22:1", "`22:1` is no time such as 22:41"),
    ],
)
def test_what_is_not_clear_is_answered_with_what_would_be(log, typed, told):
    assert told in log.answers(typed)


def test_what_is_not_there_is_said(log):
    for typed, told in (
        ("!rollback", "there is no rollback mark in this log"),
        ("/zzz", "is in nothing that happened"),
    ):
        sought = understood(typed, log.here(), log)
        assert isinstance(sought, Sought)
        assert not [each for each in seek(sought, log.here(), log) if each]
        assert told in in_vain(sought, log.story.state)


@given(st.text(max_size=30))
def test_whatever_is_typed_is_answered(typed):
    story, builder = Story(), TimelineBuilder()
    events = [story.happens(e.NoteAdded(text="begins"))]
    builder.take(events[0], story.state)
    log = Log(story, events, builder)
    goal = understood(typed, log.here(0), log)
    if isinstance(goal, Sought):
        assert all(found is None or isinstance(found, Found) for found in seek(goal, log.here(0), log))
    elif isinstance(goal, Unclear):
        assert goal.sentence
    else:
        assert isinstance(goal, AtTime | AtSeq)


def test_a_time_that_the_clock_showed_twice_is_asked_about():
    story, builder, events = Story(), TimelineBuilder(), []
    for wall_s, mono_s in ((0, 0), (600, 600), (1200, 1200), (300, 1300), (900, 1900)):
        instant = e.Instant(BEGIN + timedelta(seconds=wall_s), "boot-a", 1000.0 + mono_s)
        seq = len(events) + 1
        events.append(e.Event(seq, "id", "note.added", True, instant, BO, e.NoteAdded(text=f"note {seq}"), "RUN1"))
        builder.take(events[-1], story.state)
    log = Log(story, events, builder)
    assert log.answers("22:11") == "the clock showed `22:11` 2 times, as it was set back: write the line, #2 or #4"
    once = understood("22:18", log.here(0), log)
    assert once == AtTime(BEGIN + timedelta(minutes=18), 1080.0)
    early = understood("22:02", log.here(0), log)
    assert early == AtTime(BEGIN + timedelta(minutes=2), 120.0)


# ---- times ---------------------------------------------------------------------------------------------------------


def said(
    text: str, hours: float = 5, begin: datetime = BEGIN, now: datetime | None = None, zone=ROME
) -> datetime | str:
    end = begin + timedelta(hours=hours)
    return moments(text, begin=begin, end=end, now=now or end, zone=zone)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("22:41", "2026-11-21T21:41:00"),
        ("22:41:07", "2026-11-21T21:41:07"),
        ("2026-11-21 22:41", "2026-11-21T21:41:00"),
        ("2026-11-21T22:41:07", "2026-11-21T21:41:07"),
        ("22:41Z", "2026-11-21T22:41:00"),
        ("22:41 utc", "2026-11-21T22:41:00"),
        ("22:41+02:00", None),
        ("23:41+02:00", "2026-11-21T21:41:00"),
        ("Sat 22:41", "2026-11-21T21:41:00"),
        ("saturday 22:41", "2026-11-21T21:41:00"),
        ("00:30", "2026-11-21T23:30:00"),
        ("-5m", "2026-11-22T01:55:00"),
        ("-1h30m", "2026-11-22T00:30:00"),
        ("- 90s", "2026-11-22T01:58:30"),
        ("-9d", "2026-11-21T21:00:00"),
        ("+1h", "2026-11-22T02:00:00"),
    ],
)
def test_a_time_is_the_one_that_the_run_went_through(text, at):
    found = said(text)
    if at is None:
        assert isinstance(found, str)
        assert "is not within this log" in found
    else:
        assert found == datetime.fromisoformat(at).replace(tzinfo=UTC)


def test_a_minute_in_which_the_log_begins_is_its_beginning():
    begin = BEGIN + timedelta(seconds=30)
    assert said("22:00", begin=begin) == begin
    assert isinstance(said("22:00:00", begin=begin), str)


def test_a_time_of_day_that_came_on_several_days_is_asked_about():
    assert said("22:41", hours=30) == "`22:41` was on 2 days (2026-11-21, 2026-11-22); write the date before it"
    assert said("2026-11-22 22:41", hours=30) == datetime(2026, 11, 22, 21, 41, tzinfo=UTC)
    assert said("Sun 22:41", hours=30) == datetime(2026, 11, 22, 21, 41, tzinfo=UTC)


def test_a_time_that_came_twice_as_the_clocks_were_put_back_is_asked_about():
    begin = datetime(2026, 10, 24, 22, tzinfo=UTC)
    told = said("02:30", begin=begin)
    assert told == (
        "`02:30` came twice as the clocks were put back: 2026-10-25 02:30+0200 and 2026-10-25 02:30+0100; write which"
    )
    assert said("2026-10-25 02:30+0100", begin=begin) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_time_that_the_clocks_passed_over_is_none():
    begin = datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert "is not within this log" in str(said("02:30", begin=begin))


def test_a_date_alone_is_where_the_log_begins_that_day():
    assert said("2026-11-21") == BEGIN
    assert said("2026-11-22") == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)


@given(st.text(alphabet="0123456789:+-TZ utcmonh", max_size=20), st.floats(0, 4000))
def test_no_time_is_outside_of_the_run(text, hours):
    found = said(text, hours=hours)
    assert isinstance(found, str) or BEGIN <= found <= BEGIN + timedelta(hours=hours)
