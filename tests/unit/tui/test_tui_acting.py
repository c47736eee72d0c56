"""Keys that act on every kind of step: what each asks, what it carries, and that Enter alone does nothing."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from screen_night import BO, NIGHT, NIGHT_PRODUCTION, Night, at, failed, going_back, with_way_back
from screen_story import BEGIN, FakeSeat, StoryApp, apart, at_once, texts, until
from textual import events
from textual.widgets import Input, OptionList, Static

from cockpit.audit.layout import probe_requests
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.advisor import advise
from cockpit.run.messages import digest
from cockpit.run.numbering import find_step
from cockpit.run.readings import ConditionVerdict
from cockpit.run.shown import shown
from cockpit.tui.acting.way_back import about
from cockpit.tui.calling import SETTLE_S
from cockpit.tui.screens.choosing import ChooseDialog
from cockpit.tui.screens.dialogs import AskDialog, SureDialog
from cockpit.tui.screens.reading import ReadingScreen

NARROW = (80, 24)


def says(app: StoryApp) -> str:
    return app.shows("says")


def dialog_text(app: StoryApp) -> str:
    return "\n".join(str(each.content) for each in app.screen.query("#dialog Static").results(Static))


async def answers(app, pilot, dialog):
    """Wait until the dialog stands and takes keys."""
    await until(pilot, lambda: isinstance(app.screen, dialog), f"{dialog.__name__} opens")
    await until(pilot, lambda: app.screen._since < events.Key("x", "x").time, "the dialog takes keys")


async def only(pilot, seat: FakeSeat, kind: type[c.Command]):
    """The one command that was asked for."""
    await until(pilot, lambda: bool(seat.asked), kind.__name__)
    (asked,) = seat.asked
    assert isinstance(asked, kind)
    return asked


def ready(step_id: str, profile=NIGHT, **told) -> FakeSeat:
    night = Night(profile, **told)
    night.reaches(step_id, 1)
    night.passes_gate()
    return FakeSeat(night)


# ---- run, cancel, how it ended -------------------------------------------------------------------------------------


async def test_r_runs_a_routine_step_at_once_with_what_was_shown_and_the_opening_that_was_painted():
    phases = tuple(
        replace(phase, steps=tuple(replace(step, risk="routine") for step in phase.steps)) for phase in NIGHT.phases
    )
    seat = ready("scale_down", replace(NIGHT, phases=phases))
    opened_seq = seat.view.state.cursor.opened_seq
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "r")
        asked = await only(pilot, seat, c.RunAction)
        await until(pilot, lambda: "asked for" in app.shows("tree"), "the tree says so")
    found = find_step(seat.view.state.profile, "scale_down")
    assert (asked.step, asked.painted_seq) == ("scale_down", opened_seq)
    assert asked.digest == digest(shown(seat.view.state, found[1]))
    assert asked.action


async def test_a_careful_step_is_run_by_a_second_r_and_never_by_enter():
    seat = ready("scale_down")
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "r")
        await answers(app, pilot, SureDialog)
        assert "This step asks for care." in dialog_text(app)
        await apart(pilot, "enter", "c")
        assert seat.asked == []
        await apart(pilot, "r")
        await only(pilot, seat, c.RunAction)


async def test_in_production_an_irreversible_step_is_run_by_typing_its_id():
    seat = ready("migrate", NIGHT_PRODUCTION)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "r")
        await answers(app, pilot, AskDialog)
        assert "type migrate to go on" in dialog_text(app)
        await apart(pilot, "enter", *"migrate", "enter")
        asked = await only(pilot, seat, c.RunAction)
    assert asked.typed == "migrate"


async def test_another_attempt_says_how_the_last_one_ended():
    night = failed()
    night.passes_gate()
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "r")
        await answers(app, pilot, SureDialog)
        assert "Run 2.2 Migrate the users again: attempt 2?" in dialog_text(app)
        assert "Attempt 1: it failed: deadlock detected (40P01)" in dialog_text(app)
        await apart(pilot, "r")
        await only(pilot, seat, c.RunAction)


async def test_what_may_have_been_done_is_run_again_only_with_a_reason():
    night = at("scale_down")
    night.runs(outcome="unknown")
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "r")
        await answers(app, pilot, AskDialog)
        assert "NOT KNOWN whether it was done" in dialog_text(app)
        await apart(pilot, "enter")
        assert seat.asked == []
        await apart(pilot, *"it is safe", "enter")
        asked = await only(pilot, seat, c.RunAction)
    assert asked.reason == "it is safe"


async def test_what_has_conditions_is_not_run_again_before_somebody_says_how_it_ended():
    night = at("migrate")
    night.runs(outcome="unknown")
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "r")
        await until(pilot, lambda: "it is not known how 2.2 Migrate the users ended" in says(app), "why not")
    assert seat.asked == []


async def test_the_burst_of_a_paste_runs_nothing():
    seat = ready("scale_down")
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot)
        at_once(app, "r", "r", "r")
        await apart(pilot)
        await apart(pilot)
    assert seat.asked == []


async def test_cancelling_wants_a_reason():
    night = at("migrate")
    action = night.starts("UPDATE 1")
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "K")
        await answers(app, pilot, AskDialog)
        await apart(pilot, "enter", *"locks", "enter")
        asked = await only(pilot, seat, c.CancelAction)
        await until(pilot, lambda: "being cancelled: locks" in app.shows("step"), "the pane says so")
    assert (asked.action, asked.reason) == (action, "locks")


async def test_a_person_says_how_it_ended_with_a_reason():
    night = at("migrate")
    night.runs(outcome="unknown")
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "u")
        await answers(app, pilot, ChooseDialog)
        await apart(pilot, "enter", "enter")
        assert seat.asked == []
        await apart(pilot, *"counted rows", "enter")
        asked = await only(pilot, seat, c.SettleAction)
    assert (asked.outcome, asked.reason) == ("succeeded", "counted rows")


# ---- values, choices, texts ----------------------------------------------------------------------------------------


async def test_a_record_takes_only_what_fits_its_pattern():
    seat = FakeSeat(at("backup"))
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "c")
        await answers(app, pilot, AskDialog)
        await apart(pilot, "enter", *"nothing", "enter")
        assert seat.asked == []
        assert isinstance(app.screen, AskDialog)
        app.screen.query_one("#value", Input).value = "bk-12"
        await apart(pilot, "enter")
        asked = await only(pilot, seat, c.ConfirmStep)
    assert asked.value == "bk-12"
    assert seat.view.state.values["backup"] == "bk-12"


async def test_a_decision_is_marked_with_enter_and_made_with_c():
    seat = FakeSeat(at("go"))
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "c")
        await answers(app, pilot, ChooseDialog)
        await apart(pilot, "c")
        assert seat.asked == [], "nothing is marked yet"
        await apart(pilot, "enter", "enter")
        assert seat.asked == []
        await apart(pilot, "c")
        asked = await only(pilot, seat, c.ConfirmStep)
    assert asked.value == "go"


async def test_the_key_acts_on_what_was_marked_and_not_on_what_was_moved_to():
    seat = FakeSeat(at("go"))
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "c")
        await answers(app, pilot, ChooseDialog)
        await apart(pilot, "enter", "down", "c")
        assert seat.asked == []
        await apart(pilot, "enter", "c")
        asked = await only(pilot, seat, c.ConfirmStep)
    assert asked.value == "no_go"


async def test_a_no_go_that_names_a_plan_opens_the_ways_back_with_it():
    seat = FakeSeat(at("go"))
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "c")
        await answers(app, pilot, ChooseDialog)
        await apart(pilot, "down", "enter", "c")
        await until(pilot, lambda: "Which way back?" in dialog_text(app), "the ways back")
        at_list = app.screen.query_one(OptionList)
        assert at_list.get_option_at_index(at_list.highlighted).id == "emergency"
    assert [type(each) for each in seat.asked] == [c.ConfirmStep]
    assert seat.view.state.hold is not None


async def test_a_message_is_sent_by_a_second_r():
    night = at("announce")
    night.happens(e.StepDue(step="announce"))
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "r")
        await answers(app, pilot, SureDialog)
        assert "To all users, through mail." in dialog_text(app)
        await apart(pilot, "enter", "r")
        asked = await only(pilot, seat, c.RunAction)
    assert len(asked.digest) == 64


async def test_a_message_sent_by_hand_is_confirmed_with_the_digest_of_its_text():
    night = at("announce")
    night.happens(e.StepDue(step="announce"))
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "c")
        await answers(app, pilot, SureDialog)
        await apart(pilot, "c")
        asked = await only(pilot, seat, c.ConfirmStep)
    assert len(asked.digest) == 64


# ---- time ----------------------------------------------------------------------------------------------------------


async def test_a_wait_is_ended_early_with_a_reason_and_in_production_a_word():
    night = at("settle_down", NIGHT_PRODUCTION)
    night.begins_wait()
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "e")
        await answers(app, pilot, AskDialog)
        assert "5m are left." in dialog_text(app)
        await apart(pilot, *"done", "enter", *"production", "enter")
        asked = await only(pilot, seat, c.EndWait)
    assert (asked.reason, asked.typed) == ("done", "production")


async def test_a_stopped_wait_is_begun_again_by_its_key():
    night = at("settle_down")
    night.begins_wait()
    night.happens(e.WaitStopped(step="settle_down", attempt=1, detail="connections is 141"))
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "e")
        await answers(app, pilot, ChooseDialog)
        await apart(pilot, "enter", "enter")
        assert seat.asked == []
        await apart(pilot, "e")
        await only(pilot, seat, c.RestartWait)


# ---- people --------------------------------------------------------------------------------------------------------


async def test_a_watching_seat_of_the_role_approves():
    seat = FakeSeat(at("approval"), role="watching")
    seat.actor = BO
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "a")
        await answers(app, pilot, SureDialog)
        assert "You approve as Database administrators." in dialog_text(app)
        await apart(pilot, "enter", "a")
        asked = await only(pilot, seat, c.SignOff)
        await until(pilot, lambda: app.run_screen.painted.cursor.step == "backup", "it is approved")
    assert asked.actor == BO


async def test_who_may_not_approve_is_told_before_anything_is_asked():
    seat = FakeSeat(at("approval"))
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "a")
        await until(pilot, lambda: says(app).startswith("✖ ana is not of the role"), "the refusal")
    assert seat.asked == []


async def test_a_second_person_agrees_from_a_watching_seat():
    seat = ready("migrate", NIGHT_PRODUCTION, begin=BEGIN + timedelta(hours=3, minutes=30))
    seat.role, seat.actor = "watching", BO
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "a")
        await answers(app, pilot, SureDialog)
        await apart(pilot, "a")
        await only(pilot, seat, c.Countersign)
        await until(pilot, lambda: "agrees" in app.shows("step"), "the pane says so")


async def test_going_on_without_a_second_person_costs_a_reason_and_a_word():
    seat = ready("migrate", NIGHT_PRODUCTION, begin=BEGIN + timedelta(hours=3, minutes=30))
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "w")
        await answers(app, pilot, AskDialog)
        await apart(pilot, *"alone", "enter", *"production", "enter")
        asked = await only(pilot, seat, c.WaiveSecond)
    assert (asked.reason, asked.typed) == ("alone", "production")


# ---- the way back --------------------------------------------------------------------------------------------------


def test_what_a_plan_loses_is_told_whole_and_on_one_line():
    night = failed()
    said = "Links, " + "and all of them, " * 20 + "\nand the role.\n"
    option = replace(advise(night.state, night.now()).options[0], data_loss=said)
    lost = about(night.state, option, BEGIN, ZoneInfo("UTC"))[1]
    assert lost.startswith("DATA LOSS: Links, and")
    assert lost.endswith("and all of them, and the role.")


async def test_the_advisor_says_of_each_plan_whether_it_fits_what_it_undoes_and_what_is_lost():
    seat = FakeSeat(failed())
    app = StoryApp(seat)
    async with app.run_test(size=(120, 40)) as pilot:
        await apart(pilot, "b")
        await answers(app, pilot, ChooseDialog)
        options = app.screen.query_one(OptionList)
        assert "PROPOSED" in str(options.get_option_at_index(0).prompt)
        about = str(app.screen.query_one("#about", Static).content)
        assert "Fits" in about
        assert "DATA LOSS: profiles created since the migration" in about
        assert "Takes about 13m: over at 22:17; it fits the window until 01:47." in about
        assert about.index("R1.1 Put the old ids back") < about.index("R1.2 Scale up again")
        await apart(pilot, "down")
        assert "everything since 22:00" in str(app.screen.query_one("#about", Static).content)
        await apart(pilot, "escape")
    assert seat.asked == []


def test_times_of_the_advisor_say_the_day_where_that_is_another():
    night = failed()
    night.passes(14 * 3600)
    (option,) = [each for each in advise(night.state, night.now()).options if each.plan == "emergency"]
    told = "\n".join(about(night.state, option, night.now().at, ZoneInfo("Europe/Rome")))
    assert "AFTER the window's end at 02:00" in told
    assert "over at 12:17" in told
    night.passes(12 * 3600)
    told = "\n".join(about(night.state, option, night.now().at, ZoneInfo("Europe/Rome")))
    assert "AFTER the window's end at Sun 02:00" in told


async def test_a_way_back_is_chosen_with_a_reason_and_in_production_by_typing_its_id():
    seat = FakeSeat(failed(NIGHT_PRODUCTION))
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "b")
        await answers(app, pilot, ChooseDialog)
        await apart(pilot, "enter", "enter")
        assert seat.asked == []
        await apart(pilot, *"locks", "enter", *"emergency", "enter")
        asked = await only(pilot, seat, c.ChooseRollback)
        await until(pilot, lambda: "ROLLING BACK" in app.shows("identity"), "the top says so")
        await until(pilot, lambda: "▶ R1 Database back" in app.shows("tree"), "the tree shows the way back")
    assert (asked.plan, asked.reason, asked.typed) == ("emergency", "locks", "emergency")


async def test_on_the_way_back_forward_again_stands_among_the_choices():
    seat = FakeSeat(going_back())
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "b")
        await answers(app, pilot, ChooseDialog)
        await apart(pilot, "down", "enter", *"fixed", "enter")
        asked = await only(pilot, seat, c.LeaveRollback)
    assert asked.reason == "fixed"


async def test_a_failure_that_names_a_plan_opens_the_ways_back_once_and_runs_nothing():
    night = at("migrate")
    night.starts("UPDATE 1")
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot)
        action = night.state.action.action
        night.happens(e.ActionEnded(action=action, step="migrate", outcome="failed", detail="deadlock"))
        seat.looks()
        await answers(app, pilot, ChooseDialog)
        await apart(pilot, "escape")
        await until(pilot, lambda: app.screen is app.run_screen, "it closes")
        night.happens(e.NoteAdded(text="later"))
        seat.looks()
        await until(pilot, lambda: "later" in app.shows("tail"), "the next view is drawn")
        await apart(pilot)
        assert app.screen is app.run_screen
    assert seat.asked == []


async def test_a_gate_that_stays_blocked_opens_the_ways_back_without_another_event():
    night = at("scale_down", with_way_back("scale_down"))
    night.runs()
    night.plans(emergency="pass")
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot)
        night.judges("blocked", ConditionVerdict("connections == 0", False, "connections is 3"))
        seat.looks()
        await until(pilot, lambda: app.run_screen.painted is seat.view.state, "the view arrives")
        await apart(pilot)
        assert app.screen is app.run_screen
        night.passes(SETTLE_S)
        await answers(app, pilot, ChooseDialog)
        about = str(app.screen.query_one("#about", Static).content)
        assert "Proposed: the gate of Scale the application down is blocked." in about
        await apart(pilot, "escape")
        await until(pilot, lambda: app.screen is app.run_screen, "it closes")
    assert seat.asked == []


async def test_the_advisor_does_not_open_on_top_of_another_question():
    night = at("migrate")
    night.starts("UPDATE 1")
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "n")
        await answers(app, pilot, AskDialog)
        action = night.state.action.action
        night.happens(e.ActionEnded(action=action, step="migrate", outcome="failed", detail="deadlock"))
        seat.looks()
        await until(pilot, lambda: app.run_screen.painted is seat.view.state, "the view arrives")
        await apart(pilot)
        assert isinstance(app.screen, AskDialog)
        await apart(pilot, "escape")
        await until(pilot, lambda: not isinstance(app.screen, AskDialog), "it closes")
        seat.looks()
        night.happens(e.NoteAdded(text="later"))
        seat.looks()
        await answers(app, pilot, ChooseDialog)


async def test_what_failed_before_this_screen_opened_opens_nothing_by_itself():
    seat = FakeSeat(failed())
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot)
        seat.story.happens(e.NoteAdded(text="later"))
        seat.looks()
        await until(pilot, lambda: "later" in app.shows("tail"), "the next view is drawn")
        await apart(pilot)
        assert app.screen is app.run_screen


async def test_going_on_in_spite_of_an_immediate_trigger_names_it_and_wants_the_environment():
    night = at("go", NIGHT_PRODUCTION)
    night.fires()
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "g")
        await answers(app, pilot, AskDialog)
        assert "IMMEDIATE logins failing" in dialog_text(app)
        await apart(pilot, *"bots", "enter", *"production", "enter")
        asked = await only(pilot, seat, c.AnswerTriggers)
        await until(pilot, lambda: app.shows("banner") == "", "the banner goes")
    assert (asked.reason, asked.typed) == ("bots", "production")


async def test_any_seat_raises_what_no_probe_sees():
    seat = FakeSeat(at("go"), role="watching")
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "exclamation_mark")
        await answers(app, pilot, ChooseDialog)
        await apart(pilot, "down", "down", "enter", *"calls", "enter")
        asked = await only(pilot, seat, c.RaiseTrigger)
        await until(pilot, lambda: "users complain, raised by ana: calls" in app.shows("banner"), "the banner")
    assert (asked.trigger, asked.reason) == ("complaints", "calls")


async def test_nobody_is_asked_to_read_probes_once_the_run_is_over():
    night = at("go")
    night.does(c.AbortRun, reason="no")
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "full_stop")
        await until(pilot, lambda: "the run is over: it was aborted" in says(app), "the refusal")
    assert not probe_requests(seat.run_dir).exists()


# ---- what no dialog does -------------------------------------------------------------------------------------------


async def test_a_word_pasted_without_brackets_leaves_nothing_in_its_field():
    seat = ready("migrate", NIGHT_PRODUCTION)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "r")
        await answers(app, pilot, AskDialog)
        await until(pilot, lambda: app.screen.focused is not None, "the field has the focus")
        await apart(pilot, "m", "i")
        at_once(app, *"grate", "enter")
        hint = app.screen.query_one("#hint", Static)
        await until(pilot, lambda: "not pasted" in str(hint.content), "the hint")
        await until(pilot, lambda: app.screen.query_one("#word", Input).value == "mi", "it is taken back")
        assert seat.asked == []
        await apart(pilot, *"grate", "enter")
        await only(pilot, seat, c.RunAction)


@pytest.mark.parametrize("key", ["b", "u", "exclamation_mark", "K", "g"])
async def test_every_question_names_the_environment_and_escape_leaves_it_with_nothing_done(key):
    night = at("migrate", NIGHT_PRODUCTION)
    if key == "K":
        night.starts("UPDATE 1")
    else:
        night.runs(outcome="unknown")
    night.fires()
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, key)
        await until(pilot, lambda: app.screen is not app.run_screen and bool(app.screen.query("#dialog")), "it opens")
        await until(pilot, lambda: app.screen.query_one("#dialog")._border_title is not None, "its border")
        assert app.screen.query_one("#dialog")._border_title.plain == "PRODUCTION virtue"
        await apart(pilot, "escape")
        await until(pilot, lambda: app.screen is app.run_screen, "it closes")
    assert seat.asked == []


async def test_keys_typed_before_a_choice_stood_choose_nothing():
    seat = FakeSeat(at("go"))
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "c")
        early = [events.Key("enter", None), events.Key("c", "c")]
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "it opens")
        for key in early:
            app.post_message(key)
        await answers(app, pilot, ChooseDialog)
        await apart(pilot, "c")
        assert isinstance(app.screen, ChooseDialog)
    assert seat.asked == []


@pytest.mark.parametrize(("key", "told"), [("v", "UPDATE 1"), ("C", "Escalation")])
async def test_a_list_over_the_whole_screen_names_environment_and_rehearsal(key, told):
    night = Night(NIGHT_PRODUCTION, rehearsal=True)
    night.reaches("migrate")
    night.starts("UPDATE 1", mode="rolled_back")
    app = StoryApp(FakeSeat(night))
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, key)
        await until(pilot, lambda: isinstance(app.screen, ReadingScreen), "it opens")
        await until(pilot, lambda: told in texts(app.screen.query_one("#reading").lines), "it is drawn")
        assert "PRODUCTION virtue · REHEARSAL" in str(app.screen.query_one("#reading").border_title)


# ---- what an operator must not be misled by ------------------------------------------------------------------------


async def test_confirming_what_ended_unknown_says_so_and_never_that_a_routine_step_cannot_be_taken_back():
    phases = tuple(
        replace(phase, steps=tuple(replace(step, risk="routine") for step in phase.steps)) for phase in NIGHT.phases
    )
    night = at("scale_down", replace(NIGHT, phases=phases))
    night.runs(outcome="unknown")
    night.judges("pass")
    app = StoryApp(FakeSeat(night))
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "c")
        await answers(app, pilot, SureDialog)
        assert "It is NOT KNOWN how it ended" in dialog_text(app)
        assert "taken back" not in dialog_text(app)


async def test_a_message_sent_by_hand_names_no_channel_that_it_does_not_have():
    night = Night(replace(NIGHT, templates=tuple(replace(each, channel="") for each in NIGHT.templates)))
    night.happens(e.StepDue(step="announce"))
    app = StoryApp(FakeSeat(night))
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "c")
        await answers(app, pilot, SureDialog)
        assert "You say that you sent it by hand" in dialog_text(app)
        assert "through its channel" not in dialog_text(app)


async def test_a_plan_that_names_no_lost_data_does_not_say_that_none_is_lost():
    plans = tuple(replace(plan, data_loss="") for plan in NIGHT.rollbacks)
    seat = FakeSeat(failed(replace(NIGHT, rollbacks=plans)))
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "b")
        await answers(app, pilot, ChooseDialog)
        assert "It names no data that is lost." in dialog_text(app)


async def test_a_plan_whose_time_nobody_estimated_is_not_said_to_fit_the_window():
    plans = tuple(
        replace(
            plan,
            phases=tuple(
                replace(phase, steps=tuple(replace(step, estimate_s=0) for step in phase.steps))
                for phase in plan.phases
            ),
        )
        for plan in NIGHT.rollbacks
    )
    app = StoryApp(FakeSeat(failed(replace(NIGHT, rollbacks=plans))))
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "b")
        await answers(app, pilot, ChooseDialog)
        assert "How long it takes was not estimated." in dialog_text(app)
        assert "fits the window" not in dialog_text(app)


async def test_in_a_rehearsal_nobody_is_asked_to_say_that_a_message_was_sent():
    night = Night(rehearsal=True)
    night.happens(e.StepDue(step="announce"))
    seat = FakeSeat(night)
    app = StoryApp(seat)
    async with app.run_test(size=NARROW) as pilot:
        assert "c confirms, nobody sends it" in app.shows("step")
        await apart(pilot, "c")
        await answers(app, pilot, SureDialog)
        assert "nobody sends it" in dialog_text(app)
        assert "You say" not in dialog_text(app)


async def test_what_a_script_does_is_asked_about_and_not_the_values_before_it():
    script = "kubectl scale --replicas=${count}"
    settings = {"script": script, "env": {"WHERE": "prod"}}
    phases = tuple(
        replace(
            phase,
            steps=tuple(
                replace(step, command=script, settings=settings) if step.id == "scale_down" else step
                for step in phase.steps
            ),
        )
        for phase in NIGHT.phases
    )
    app = StoryApp(ready("scale_down", replace(NIGHT, phases=phases)))
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "r")
        await answers(app, pilot, SureDialog)
        assert "$ kubectl scale" in dialog_text(app)


async def test_what_sql_does_is_asked_about_and_not_the_values_before_it():
    phases = tuple(
        replace(
            phase,
            steps=tuple(
                replace(step, settings={**step.settings, "params": {"batch": "7"}}) if step.id == "migrate" else step
                for step in phase.steps
            ),
        )
        for phase in NIGHT.phases
    )
    app = StoryApp(ready("migrate", replace(NIGHT, phases=phases)))
    async with app.run_test(size=NARROW) as pilot:
        await apart(pilot, "r")
        await answers(app, pilot, SureDialog)
        assert "=# UPDATE users" in dialog_text(app)
