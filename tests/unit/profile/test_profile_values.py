"""Variables, durations and windows."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import VariableError
from cockpit.profile import durations
from cockpit.profile.model import Profile, Variable, Window
from cockpit.profile.variables import fill, fill_secret, resolve, secret_values, values
from cockpit.profile.window import resolve_window, window_problems

PROFILE = Profile(
    id="p",
    environment="e",
    variables=(
        Variable(name="host", value="db-1"),
        Variable(name="port", env="PORT", default="5432", pattern="[0-9]+"),
        Variable(name="ticket", prompt="Change ticket", pattern="CHG-[0-9]{4}"),
        Variable(name="password", env="PGPASSWORD", secret=True),
    ),
)


def test_variables_come_from_the_file_the_environment_and_a_prompt_and_secrets_stay_out() -> None:
    assert resolve(PROFILE, {}, {"ticket": "CHG-0001"}) == {"host": "db-1", "port": "5432", "ticket": "CHG-0001"}
    assert secret_values(PROFILE, {"PGPASSWORD": "a-long-one"}, {}) == {"password": "a-long-one"}


@pytest.mark.parametrize(
    ("environ", "prompted", "said"),
    [
        ({}, {}, "variable `ticket` has no value; set it when asked: Change ticket"),
        ({"PORT": "x1"}, {}, "variable `port`: `x1` does not match `[0-9]+`; correct the environment variable PORT"),
        ({}, {"ticket": "CHG-00011"}, "`CHG-00011` does not match"),
        ({}, {"ticket": "xCHG-0001"}, "`xCHG-0001` does not match"),
        ({}, {"ticket": "CHG-0001\n"}, "`CHG-0001␊` does not match"),
        ({"PORT": "\udcff"}, {}, "variable `port` has a value that is no text"),
    ],
)
def test_a_value_that_is_missing_or_does_not_fit_is_named_with_what_to_do(
    environ: dict[str, str], prompted: dict[str, str], said: str
) -> None:
    with pytest.raises(VariableError) as raised:
        resolve(PROFILE, environ, prompted)
    assert said in str(raised.value)


def test_a_secret_that_does_not_fit_is_not_quoted() -> None:
    profile = Profile(id="p", environment="e", variables=(Variable(name="k", env="K", secret=True, pattern="a+"),))
    with pytest.raises(VariableError) as raised:
        secret_values(profile, {"K": "hunter2"}, {})
    assert "hunter2" not in str(raised.value)


def test_display_shows_a_secret_by_its_name_and_keeps_escapes() -> None:
    shown = values(PROFILE, {"host": "db-1"})
    assert (
        shown.fill("psql -h ${host} -W ${password} $${host} ${who}")
        == "psql -h db-1 -W ‹secret password› ${host} ${who}"
    )
    assert fill("${password}", {"password": "x"}, secrets=("password",)) == "‹secret password›"


def test_at_use_secrets_are_filled_and_a_value_is_never_read_as_a_template() -> None:
    assert fill_secret("${a} $${a} ${b}", {"a": "${b}", "b": "2"}) == "${b} ${a} 2"
    with pytest.raises(KeyError, match="c"):
        fill_secret("${c}", {})


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90),
        ("20m", 1200),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("1w1d", 691_200),
        ("1h30m", 5400),
        ("500ms", 0.5),
        ("2d", 172800),
        (3, 3),
        (0.25, 0.25),
        ("1h 5s", 3605),
    ],
)
def test_durations_are_read_as_people_write_them(written: object, seconds: float) -> None:
    assert durations.seconds(written) == seconds


@pytest.mark.parametrize("written", ["", "5", "m", "5x", "-5s", -1, True, "5m5h", float("nan"), "9999999h", None, "٥s"])
def test_what_is_no_duration_is_refused(written: object) -> None:
    assert durations.seconds(written) is None


@given(st.floats(min_value=0, max_value=1e7) | st.integers(0, 10_000_000).map(lambda ms: ms / 1000))
def test_a_duration_written_and_read_again_is_the_same(duration_s: float) -> None:
    assert durations.seconds(durations.written(duration_s)) == duration_s


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_a_nightly_window_is_the_one_open_now_or_else_the_next() -> None:
    window = Window(start="22:00", end="02:00", timezone="Europe/Madrid")
    tonight = (utc("2026-11-21T21:00"), utc("2026-11-22T01:00"))
    assert resolve_window(window, utc("2026-11-21T12:00")) == tonight
    assert resolve_window(window, utc("2026-11-22T00:59")) == tonight
    assert resolve_window(window, utc("2026-11-22T01:00"))[0] == utc("2026-11-22T21:00")


def test_days_are_those_on_which_the_window_starts() -> None:
    window = Window(start="23:00", end="01:00", days=("monday",))
    assert resolve_window(window, utc("2026-11-24T00:30")) == (utc("2026-11-23T23:00"), utc("2026-11-24T01:00"))
    assert resolve_window(window, utc("2026-11-24T01:30"))[0] == utc("2026-11-30T23:00")


def test_a_window_over_a_change_of_the_clocks_has_its_true_length() -> None:
    window = Window(start="00:00", end="04:00", timezone="Europe/Madrid")
    starts_at, ends_at = resolve_window(window, utc("2026-03-28T23:30"))
    assert ends_at - starts_at == dt.timedelta(hours=3)


def test_a_window_that_a_change_of_the_clocks_swallows_is_passed_by() -> None:
    window = Window(start="02:45", end="03:15", timezone="Europe/Madrid", days=("sunday",))
    assert resolve_window(window, utc("2026-03-22T12:00"))[0] == utc("2026-04-05T00:45")


def test_dated_windows_are_local_unless_they_carry_an_offset() -> None:
    window = Window(start="2026-12-01T22:00", end="2026-12-02T00:00+00:00", timezone="Europe/Madrid")
    assert resolve_window(window, utc("2027-01-01T00:00")) == (utc("2026-12-01T21:00"), utc("2026-12-02T00:00"))


@given(
    st.times(), st.times(), st.sampled_from(["UTC", "Europe/Madrid", "America/St_Johns", "Pacific/Chatham"]),
    st.sets(st.sampled_from(["monday", "sunday", "friday"])),
    st.datetimes(min_value=dt.datetime(2020, 1, 1), max_value=dt.datetime(2040, 1, 1)),  # noqa: DTZ001 - made aware below
)  # fmt: skip
def test_the_occurrence_is_never_over_and_none_open_is_passed_by(
    start: dt.time, end: dt.time, zone: str, days: set[str], now: dt.datetime
) -> None:
    window = Window(start=f"{start:%H:%M}", end=f"{end:%H:%M}", timezone=zone, days=tuple(days))
    if list(window_problems(window)):
        assert window.start == window.end
        return
    at = now.replace(tzinfo=ZoneInfo("UTC"))
    starts_at, ends_at = resolve_window(window, at)
    assert starts_at < ends_at
    assert ends_at > at
    assert starts_at - at < dt.timedelta(days=8)


@pytest.mark.parametrize(
    ("window", "key"),
    [
        (Window(start="22:00", end="22:00"), "end"),
        (Window(start="22:00", end="2026-12-01T22:00"), "end"),
        (Window(start="25:00", end="2026-12-01T22:00"), "start"),
        (Window(start="2026-12-01", end="2026-12-02T22:00"), "start"),
        (Window(start="2026-12-02T22:00", end="2026-12-01T22:00"), "end"),
        (Window(start="2026-12-01T22:00", end="2027-12-01T22:00"), "end"),
        (Window(start="22:00", end="02:00", timezone="Europe/Madird"), "timezone"),
        (Window(start="22:00", end="02:00", timezone="../../etc/passwd"), "timezone"),
        (Window(start="2026-12-01T22:00", end="2026-12-02T22:00", days=("monday",)), "days"),
    ],
)
def test_a_window_that_cannot_be_says_which_key_is_wrong(window: Window, key: str) -> None:
    assert [problem[0] for problem in window_problems(window)] == [key]
