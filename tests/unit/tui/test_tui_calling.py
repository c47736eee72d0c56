"""What calls people who look elsewhere: the bell, the terminal's title."""

from __future__ import annotations

from screen_night import BO, NIGHT_PRODUCTION, Night, at, failed, going_back
from screen_story import FakeSeat, StoryApp, apart, until

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.tui.calling import Proposals, rings, title


def rang(night: Night, *bodies: e.Body) -> bool:
    before = night.state
    for body in bodies:
        night.happens(body)
    return rings(before, night.state)


def test_the_bell_rings_for_a_trigger_an_ended_action_a_set_time_and_a_wait_that_is_over():
    night = at("migrate")
    action = night.starts()
    assert rang(night, e.ActionEnded(action=action, step="migrate", outcome="failed"))
    assert rang(night, e.TriggerFired(trigger="logins_failing"))
    waiting = at("settle_down")
    waiting.begins_wait()
    assert rang(waiting, e.WaitStopped(step="settle_down", attempt=1, detail="x"))
    message = at("announce")
    assert rang(message, e.StepDue(step="announce"))


def test_it_does_not_ring_for_what_people_write_or_for_output():
    night = at("migrate")
    action = night.starts()
    assert not rang(night, e.NoteAdded(text="x"), e.ActionOutput(action=action, text="y"))


def test_the_title_says_what_fired_before_where_the_run_stands():
    night = at("go", NIGHT_PRODUCTION)
    assert title(night.state) == "PRODUCTION virtue 2.4 Go or no-go"
    night.does(c.RaiseTrigger, reason="x", actor=BO)
    assert title(night.state) == "CONSIDER raised by hand · PRODUCTION virtue"
    night.fires()
    assert title(night.state).startswith("IMMEDIATE logins_failing")


def test_the_title_says_what_became_of_an_action_and_that_it_goes_back():
    assert title(failed().state).endswith("2.2 Migrate the users: failed")
    assert title(going_back().state) == "STAGING virtue ROLLING BACK R1.1 Put the old ids back"


def test_a_proposal_waits_until_it_was_told_and_old_ones_never_do():
    assert Proposals(failed().state).waits(failed().state) == ""
    night = at("migrate")
    proposals = Proposals(night.state)
    night.runs(outcome="failed")
    assert proposals.waits(night.state) == "emergency"
    proposals.told(night.state)
    assert proposals.waits(night.state) == ""
    night.runs(outcome="timed_out")
    assert proposals.waits(night.state) == "emergency", "another try is another failure"


async def test_the_bell_rings_once_also_where_a_tick_of_the_clock_painted_the_news_first():
    seat = FakeSeat(at("go"))
    app = StoryApp(seat)
    rung: list[str] = []
    app.bell = lambda: rung.append("bell")
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot)
        seat.story.fires()
        seat._view = seat.story.view()
        app.run_screen.draw()
        assert app.run_screen.painted is seat.view.state
        seat.looks()
        await until(pilot, lambda: bool(rung), "the bell")
        seat.looks()
        await apart(pilot)
    assert rung == ["bell"]
