"""How the night is going, in numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from run_story import BEGIN, PROFILE, Story

from cockpit.profile.model import Phase, Step
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.forecast import forecast
from cockpit.run.pace import PACE_LIMITS, PRIOR_S, Time
from cockpit.run.state import EMPTY


def test_at_the_start_everything_is_ahead() -> None:
    story = Story()
    told = forecast(story.state, story.now())
    assert told.window == "open"
    assert (told.used_s, told.left_s, told.elapsed_s) == (0, 4 * 3600, 0)
    assert told.remaining_s == 300 + 600 + 900
    assert told.unestimated == 2
    assert told.finish_at == BEGIN + timedelta(seconds=1800)
    assert told.margin_s == 4 * 3600 - 1800
    assert told.no_return_at == BEGIN + timedelta(hours=4, seconds=-2400)
    assert not told.is_past_return
    assert told.phases["database"] == Time(900, 0)


def test_a_slow_run_slows_its_forecast_and_a_current_step_counts_what_it_took() -> None:
    story = Story()
    story.passes(600)  # planned 300
    story.does(c.ConfirmStep, step="maintenance")
    story.passes(100)
    told = forecast(story.state, story.now())
    assert told.pace == (600 + PRIOR_S) / (300 + PRIOR_S) == 1.25
    assert told.remaining_s == (600 * 1.25 - 100) + 900 * 1.25
    assert told.steps["maintenance"] == Time(300, 600)
    assert told.steps["migrate"] == Time(600, 100)
    assert told.phases["database"].actual_s == 700
    assert told.used_s == told.elapsed_s == 700


def test_one_quick_step_does_not_halve_the_night() -> None:
    quick = Phase(id="quick", title="Quick", steps=(Step(id="tick", title="Tick", estimate_s=60),))
    story = Story(replace(PROFILE, phases=(quick, *PROFILE.phases)))
    story.passes(20)
    story.does(c.ConfirmStep, step="tick")
    told = forecast(story.state, story.now())
    assert 0.95 < told.pace < 1.0
    assert told.remaining_s == pytest.approx(1800 * told.pace)


@pytest.mark.parametrize(("planned_s", "took_s", "pace"), [(9000, 1, 0.5), (300, 90_000, 3.0)])
def test_the_pace_is_bounded(planned_s: float, took_s: float, pace: float) -> None:
    first, *more = PROFILE.phases[0].steps
    database = replace(PROFILE.phases[0], steps=(replace(first, estimate_s=planned_s), *more))
    story = Story(replace(PROFILE, phases=(database, *PROFILE.phases[1:])))
    story.passes(took_s)
    story.does(c.ConfirmStep, step="maintenance")
    assert forecast(story.state, story.now()).pace == pace


def test_what_was_skipped_says_nothing_of_the_pace() -> None:
    story = Story()
    story.passes(3000)
    story.does(c.SkipStep, step="maintenance", reason="r")
    assert forecast(story.state, story.now()).pace == 1.0


def test_a_step_that_takes_longer_than_planned_has_nothing_left_not_less() -> None:
    story = Story()
    story.passes(5000)
    assert forecast(story.state, story.now()).remaining_s == 600 + 900


def test_an_earlier_attempt_does_not_shorten_the_next() -> None:
    story = Story()
    story.passes(300)
    story.does(c.ConfirmStep, step="maintenance")
    story.does(c.ReopenStep, step="maintenance", reason="r")
    story.passes(100)
    told = forecast(story.state, story.now())
    assert told.steps["maintenance"].actual_s == 400
    assert told.remaining_s == 200 + 600 + 900


def test_having_waited_for_the_window_slows_no_forecast() -> None:
    before = Phase(id="prepare", title="Prepare", stage="before", steps=(Step(id="go", title="Go", estimate_s=60),))
    story = Story(replace(PROFILE, phases=(before, *PROFILE.phases)), start=False)
    opens = BEGIN + timedelta(hours=10)
    story.happens(
        e.RunStarted(
            profile=story.profile, profile_digest="", sources=(), cockpit_version="0",
            window_start=opens, window_end=opens + timedelta(hours=4),
        )
    )  # fmt: skip
    story.passes(5 * 3600)
    story.does(c.ConfirmStep, step="go")
    story.passes(5 * 3600 + 60)
    told = forecast(story.state, story.now())
    assert told.pace == 1.0, "hours before the window say nothing of the work"
    assert told.remaining_s == 300 - 60 + 600 + 900, "the first step had waited for five hours"
    story.passes(240)
    story.does(c.ConfirmStep, step="maintenance")
    assert forecast(story.state, story.now()).pace == 1.0


def test_a_look_at_a_set_time_within_the_window_is_waited_for() -> None:
    look = Step(
        id="look", title="Look", kind="checkpoint", behaviour="checkpoint", estimate_s=60,
        settings={"since": "maintenance", "delay": 7200.0, "interval": 60.0},
    )  # fmt: skip
    story = Story(replace(PROFILE, phases=(*PROFILE.phases, Phase(id="look_at", title="Look", steps=(look,)))))
    assert forecast(story.state, story.now()).remaining_s == 300 + 7200 + 60
    story.passes(300)
    story.does(c.ConfirmStep, step="maintenance")
    story.passes(600)
    told = forecast(story.state, story.now())
    assert told.remaining_s == 7200 - 600 + 60
    assert told.unestimated == 2
    story.happens(e.StepDue(step="look"))
    assert forecast(story.state, story.now()).remaining_s == 900 + 60


@given(st.lists(st.tuples(st.sampled_from(["confirm", "skip", "pass"]), st.floats(0, 20_000)), max_size=12))
def test_a_forecast_never_promises_the_past_and_ends_with_the_work(done: list[tuple[str, float]]) -> None:
    story = Story()
    for what, seconds in done:
        story.passes(seconds)
        step = story.state.cursor.step if story.state.cursor else None
        if what != "pass" and step is not None:
            body = e.StepConfirmed if what == "confirm" else e.StepSkipped
            story.happens(body(step=step, attempt=1, **({} if what == "confirm" else {"reason": "r"})))
        now = story.now()
        told = forecast(story.state, now)
        assert told.finish_at is not None
        assert told.finish_at >= now.at
        assert told.finish_at == now.at + timedelta(seconds=told.remaining_s)
        assert told.used_s + told.left_s == pytest.approx(4 * 3600)
        assert PACE_LIMITS[0] <= told.pace <= PACE_LIMITS[1]
        if story.state.cursor is None:
            assert told.remaining_s == 0


def test_before_the_window_opens_the_forecast_counts_from_its_opening() -> None:
    story = Story()
    story.mono -= 3600
    told = forecast(story.state, story.now())
    assert (told.window, told.opens_in_s, told.used_s, told.left_s) == ("before", 3600, 0, 4 * 3600)
    assert told.finish_at == BEGIN + timedelta(seconds=1800)


def test_past_the_point_of_no_return_and_past_the_window() -> None:
    story = Story()
    story.passes(4 * 3600 - 2400)
    assert forecast(story.state, story.now()).is_past_return
    story.passes(2 * 3600)
    told = forecast(story.state, story.now())
    assert (told.window, told.left_s, told.used_s) == ("over", 0, 4 * 3600)
    assert told.margin_s is not None
    assert told.margin_s < 0


def test_without_a_window_there_is_still_an_end_to_expect() -> None:
    story = Story(start=False)
    profile = replace(PROFILE, window=None)
    story.happens(e.RunStarted(profile=profile, profile_digest="", sources=(), cockpit_version="0"))
    told = forecast(story.state, story.now())
    assert (told.window, told.margin_s, told.no_return_at) == ("none", None, None)
    assert told.finish_at == BEGIN + timedelta(seconds=1800)


def test_a_run_that_is_over_stands_still() -> None:
    story = Story()
    story.passes(700)
    story.does(c.AbortRun, reason="r")
    ended = story.now()
    story.passes(9999)
    told = forecast(story.state, story.now())
    assert (told.elapsed_s, told.remaining_s, told.finish_at) == (700, 0, ended.at)


def test_nothing_started_has_no_forecast() -> None:
    assert forecast(EMPTY, Story(start=False).now()).finish_at is None


def test_a_message_of_a_window_that_the_run_does_not_have_has_no_set_time() -> None:
    tell = Step(id="tell", title="Tell", kind="message", behaviour="message", settings={"template": "t", "due": "end"})
    story = Story(replace(PROFILE, phases=(replace(PROFILE.phases[0], steps=(tell,)),)), start=False)
    story.happens(e.RunStarted(profile=story.profile, profile_digest="0", sources=(), cockpit_version="0"))
    assert forecast(story.state, story.now()).remaining_s == 0
