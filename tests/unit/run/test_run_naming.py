"""The names that a run's texts may use, and what they stand for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from run_story import ANA, PROFILE, Story

from cockpit.profile.model import Window
from cockpit.profile.recording import RUN_NAMES
from cockpit.run import events as e
from cockpit.run.naming import run_values, shown_values
from cockpit.run.state import EMPTY


def in_zone(zone: str) -> Story:
    return Story(replace(PROFILE, window=Window(start="22:00", end="02:00", timezone=zone)))


def test_times_are_told_in_the_windows_zone() -> None:
    assert run_values(in_zone("Europe/Madrid").state) == {
        "run.id": "RUN1",
        "run.title": "organizational model",
        "run.environment": "staging",
        "run.operator": "ana",
        "run.started": "23:00",
        "run.timezone": "Europe/Madrid",
        "run.window_date": "2026-11-21 (Saturday)",
        "run.window_start": "23:00",
        "run.window_end": "03:00",
    }


def test_the_date_is_the_one_on_which_it_opens_there() -> None:
    values = run_values(in_zone("Pacific/Auckland").state)
    assert (values["run.window_date"], values["run.window_start"]) == ("2026-11-22 (Sunday)", "11:00")


def test_without_a_window_its_names_are_not_known() -> None:
    story = Story(replace(PROFILE, window=None), start=False)
    started = e.RunStarted(profile=story.profile, profile_digest="", sources=(), cockpit_version="")
    story.happens(started)
    values = run_values(story.state)
    assert not [name for name in values if name.startswith("run.window")]
    assert values["run.timezone"] == "UTC"


def test_nothing_is_known_before_a_run_began() -> None:
    assert run_values(EMPTY) == {}
    assert dict(shown_values(EMPTY)) == {}


def test_check_knows_the_very_same_names() -> None:
    assert set(RUN_NAMES) == set(run_values(in_zone("UTC").state))


def test_who_operates_is_who_holds_the_pen() -> None:
    story = Story()
    story.happens(e.PenTaken(epoch=2, reason="shift"), e.Actor("bo", "bastion-1"))
    assert run_values(story.state)["run.operator"] == "bo"


def test_what_was_recorded_goes_before_a_variable_of_the_same_name() -> None:
    story = Story(variables={"host": "db-1", "ticket": "old"})
    story.happens(e.StepConfirmed(step="maintenance", attempt=1, values={"ticket": "CHG-7"}), ANA)
    values = shown_values(story.state)
    assert (values["host"], values["ticket"], values["run.id"]) == ("db-1", "CHG-7", "RUN1")


@given(
    st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)),  # noqa: DTZ001 - made aware below
    st.integers(min_value=1, max_value=31 * 24 * 60),
    st.sampled_from(["UTC", "Europe/Madrid", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "Antarctica/Troll"]),
)
def test_every_window_has_names_that_are_single_visible_lines(start: datetime, minutes: int, zone: str) -> None:
    story = Story(replace(PROFILE, window=Window(start="22:00", end="02:00", timezone=zone)), start=False)
    opens = start.replace(tzinfo=UTC)
    story.happens(
        e.RunStarted(
            profile=story.profile, profile_digest="", sources=(), cockpit_version="",
            window_start=opens, window_end=opens + timedelta(minutes=minutes),
        )
    )  # fmt: skip
    values = run_values(story.state)
    assert set(values) == set(RUN_NAMES)
    assert all(value and value.isprintable() for value in values.values())


def test_a_hostile_title_cannot_act() -> None:
    story = Story(replace(PROFILE, title="a\x1b[2Jb\n"))
    assert run_values(story.state)["run.title"] == "a␛[2Jb␊"


def test_a_zone_that_this_host_does_not_know_is_told_in_utc() -> None:
    for zone in ("Moon/Tranquility", "../etc/passwd", ""):
        values = run_values(in_zone(zone).state)
        assert (values["run.timezone"], values["run.window_start"]) == ("UTC", "22:00")
