"""What calls people who look elsewhere: the bell, the terminal's title."""

from __future__ import annotations

from msgspec.structs import replace
from screen_night import BO, NIGHT_PRODUCTION, Night, at, failed, going_back, with_way_back
from screen_pen import HERE, asked, offered, paired
from screen_story import ANA, FakeSeat, StoryApp, apart, until

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.handover import standing
from cockpit.run.readings import ConditionVerdict
from cockpit.tui.calling import SETTLE_S, Proposals, rings, rings_for, title


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
    assert title(asked().state, ANA) == "bo ASKS FOR THE PEN · STAGING virtue"
    assert title(offered().state, BO) == "THE PEN IS OFFERED TO YOU · STAGING virtue"
    assert title(asked().state, BO) == title(offered().state, ANA) == title(asked().state)
    assert title(failed().state).endswith("2.2 Migrate the users: failed")
    assert title(going_back().state) == "STAGING virtue ROLLING BACK R1.1 Put the old ids back"


def test_a_proposal_waits_until_it_was_told_and_old_ones_never_do():
    assert Proposals(failed().state).waits(failed().state, 0.0) == ""
    night = at("migrate")
    proposals = Proposals(night.state)
    night.runs(outcome="failed")
    assert proposals.waits(night.state, 0.0) == "emergency"
    proposals.told(night.state)
    assert proposals.waits(night.state, 1.0) == ""
    night.runs(outcome="timed_out")
    assert proposals.waits(night.state, 2.0) == "emergency", "another try is another failure"


BLOCKED = ConditionVerdict("connections == 0", False, "connections is 3")


def test_a_gate_that_stays_blocked_after_its_action_proposes_once_and_not_while_readings_settle():
    night = at("scale_down", with_way_back("scale_down"))
    proposals = Proposals(night.state)
    night.judges("blocked", BLOCKED)
    assert proposals.waits(night.state, 0.0) == "", "nothing was done yet that it could vouch for"
    night.runs()
    night.judges("blocked", BLOCKED)
    assert proposals.waits(night.state, 10.0) == ""
    night.judges("pass", replace(BLOCKED, holds=True))
    assert proposals.waits(night.state, 12.0) == ""
    night.judges("blocked", BLOCKED)
    assert proposals.waits(night.state, 14.0) == ""
    assert proposals.waits(night.state, 14.0 + SETTLE_S) == "emergency"
    proposals.told(night.state)
    night.judges("pass", replace(BLOCKED, holds=True))
    night.judges("blocked", BLOCKED)
    assert [proposals.waits(night.state, 30.0 + passed) for passed in (0, 9)] == ["", ""]
    night.does(c.OverrideGate, gate="step:scale_down", reason="they go in a moment")
    assert proposals.waits(night.state, 60.0) == ""


def test_a_step_of_a_person_proposes_by_its_gate_once_its_time_has_come():
    night = at("look_30m", with_way_back("look_30m"))
    proposals = Proposals(night.state)
    night.judges("blocked", BLOCKED)
    assert [proposals.waits(night.state, passed) for passed in (0.0, 9.0)] == ["", ""]
    night.happens(e.StepDue(step="look_30m"))
    assert [proposals.waits(night.state, passed) for passed in (10.0, 19.0)] == ["", ""], "it is read anew"
    night.judges("blocked", BLOCKED)
    assert [proposals.waits(night.state, passed) for passed in (20.0, 29.0)] == ["", "emergency"]


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


def test_the_pen_rings_for_whom_it_concerns_and_for_nobody_by_their_own_doing() -> None:
    before = paired().state
    was_asked, is_offered = asked().state, offered().state
    assert rings_for(before, was_asked, ANA)
    assert not rings_for(before, was_asked, BO)
    assert not rings_for(was_asked, was_asked, ANA)
    assert rings_for(before, is_offered, BO)
    assert not rings_for(before, is_offered, ANA)
    night = asked()
    night.does(c.DeclinePen, reason="not now")
    assert rings_for(was_asked, night.state, BO)
    assert not rings_for(was_asked, night.state, ANA)
    night = offered()
    night.does(c.AcceptPen, actor=BO, seat="SEATBO", here=HERE, read=standing(night.state))
    assert not rings_for(is_offered, night.state, BO)
    night = offered()
    night.does(c.DeclinePen, actor=BO, reason="busy")
    assert rings_for(is_offered, night.state, ANA)
