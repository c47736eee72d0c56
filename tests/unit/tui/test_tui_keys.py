"""Keys on the running screen: what acts, what asks first, and what does nothing and says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from screen_story import (
    ANA,
    BO,
    GONE,
    PRODUCTION,
    PROFILE,
    FakeSeat,
    Story,
    StoryApp,
    apart,
    at_once,
    blocked,
    texts,
    until,
)
from textual import events
from textual.binding import Binding
from textual.widgets import Input

from cockpit.run import commands as c
from cockpit.run.commands import Refusal
from cockpit.session.outcomes import Failed, Unsettled
from cockpit.tui.keyguard import TOLD
from cockpit.tui.screens.choosing import ChooseDialog
from cockpit.tui.screens.dialogs import AskDialog, Question, SureDialog
from cockpit.tui.screens.reading import ReadingScreen

SIZES = [(120, 40), (80, 24)]


def at(step_id: str, profile=PROFILE) -> FakeSeat:
    story = Story(profile)
    story.comes_to(step_id)
    return FakeSeat(story)


def passing(step_id: str, profile=PROFILE) -> FakeSeat:
    seat = at(step_id, profile)
    seat.story.judges("pass")
    seat.looks()
    return seat


def says(app: StoryApp) -> str:
    return app.shows("says")


async def answers(app, pilot, dialog):
    """Wait until the dialog stands and takes keys."""
    await until(pilot, lambda: isinstance(app.screen, dialog), f"{dialog.__name__} opens")
    await until(pilot, lambda: app.screen._since < events.Key("x", "x").time, "the dialog takes keys")


# ---- confirming ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_c_confirms_the_step_that_was_painted(size):
    seat = at("maintenance")
    opened_seq = seat.view.state.cursor.opened_seq
    app = StoryApp(seat)
    async with app.run_test(size=size) as pilot:
        await apart(pilot, "c")
        await until(pilot, lambda: app.run_screen.painted.cursor.step == "migrate", "the screen moves on")
    (asked,) = seat.asked
    assert isinstance(asked, c.ConfirmStep)
    assert (asked.step, asked.painted_seq, asked.actor) == ("maintenance", opened_seq, ANA)


async def test_c_carries_what_was_painted_when_it_was_pressed_not_what_came_since():
    seat = at("maintenance")
    opened_seq = seat.view.state.cursor.opened_seq
    app = StoryApp(seat)
    armed: list[Callable[[], None]] = []

    def weigh(seconds, fire):
        armed.append(fire)
        return app.set_timer(60, bool)  # never in this test: the key is weighed for as long as it says

    app._guard._set_timer = weigh
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot)
        await pilot.press("c")
        await until(pilot, lambda: len(armed) == 1, "the key is weighed")
        seat.story.does(c.ConfirmStep, step="maintenance")  # somebody else was first meanwhile
        seat.looks()
        await until(pilot, lambda: app.run_screen.painted is seat.view.state, "what came since is painted")
        armed[0]()
        await until(pilot, lambda: "✖" in says(app), "a refusal")
    assert [each.painted_seq for each in seat.asked] == [opened_seq]
    assert seat.view.state.cursor.step == "migrate"
    assert seat.view.state.steps["migrate"].status == "open"


async def test_a_blocked_gate_refuses_c_and_the_refusal_stays_above_the_keys():
    seat = FakeSeat(blocked())
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "c")
        await until(pilot, lambda: says(app).startswith("✖ "), "the refusal")
        told = says(app)
        app.run_screen.draw()
        await pilot.pause()
        assert says(app) == told
        await apart(pilot, "down")
        assert says(app) == ""
    assert seat.asked == []


async def test_with_the_keeper_gone_c_is_refused():
    seat = passing("validate")
    seat.keeper = GONE
    app = StoryApp(seat)
    async with app.run_test(size=(120, 40)) as pilot:
        await apart(pilot, "c")
        await until(pilot, lambda: says(app).startswith("✖ "), "the refusal")
        assert "KEEPER GONE" in app.shows("banner")
    assert seat.asked == []


async def test_at_the_door_of_a_phase_c_enters_it():
    seat = at("validate")
    seat.story.judges("pass")
    seat.story.does(c.ConfirmStep, step="validate")
    seat.story.judges("pass")
    seat.looks()
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "c")
        await until(pilot, lambda: app.run_screen.painted.cursor.step == "rollout", "the phase is entered")
    assert [type(each) for each in seat.asked] == [c.EnterPhase]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Refusal("the pen is with bo", "T takes it", "no_pen"), "the pen is with bo — T takes it"),
        (Failed("the disk is full"), "not written: the disk is full"),
        (Unsettled("id77"), "it is not known whether this was written; the log will tell (id77)"),
    ],
)
async def test_what_was_not_written_is_never_shown_as_done(answer, told):
    seat = at("maintenance")
    seat.answer = answer
    app = StoryApp(seat)
    async with app.run_test(size=(120, 40)) as pilot:
        await apart(pilot, "c")
        await until(pilot, lambda: told in says(app), told)
        assert app.run_screen.painted.cursor.step == "maintenance"


# ---- keys that nobody pressed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [("c", "c"), ("p", "s", "q", "l"), ("c", "enter"), ("a", "b", "c")])
async def test_keys_that_come_in_a_burst_submit_nothing(keys):
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot)
        at_once(app, *keys)
        await apart(pilot)
        assert seat.asked == []
        assert seat.view.state.cursor.step == "maintenance"


async def test_a_burst_of_acting_keys_is_told():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot)
        at_once(app, "c", "c", "c")
        await until(pilot, lambda: TOLD in says(app), "the sentence")
        await apart(pilot)
        await apart(pilot)
    assert seat.asked == []


async def test_a_paste_submits_nothing_and_says_so():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot)
        app.post_message(events.Paste("c\nkubectl rollout undo\n"))
        await until(pilot, lambda: "pasted text does nothing here" in says(app), "the sentence")
        await apart(pilot)
    assert seat.asked == []


async def test_enter_space_and_escape_do_nothing():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "enter", "space", "escape", "tab", "enter")
        await apart(pilot)
        assert app.screen is app.run_screen
    assert seat.asked == []


async def test_a_terminal_that_is_too_small_refuses_to_act():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(70, 24)) as pilot:
        await apart(pilot, "c")
        await until(pilot, lambda: "too small to act" in says(app), "the refusal")
        assert "too small to act" in app.shows("banner")
    assert seat.asked == []


async def test_looking_at_another_step_c_is_refused_and_home_leads_back():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(120, 40)) as pilot:
        await apart(pilot, "down", "down", "c")
        await until(pilot, lambda: "you look at 1.3" in says(app), "the refusal")
        assert "the run is at 1.1" in says(app)
        assert seat.asked == []
        await apart(pilot, "home", "c")
        await until(pilot, lambda: bool(seat.asked), "confirmed")
    assert seat.asked[0].step == "maintenance"


async def test_a_key_pressed_while_a_question_is_opening_does_not_act_behind_it():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot)
        app.action_act("confirm")  # as `c` does; it is weighed while the next question opens
        app.push_screen(AskDialog(Question(title="Note", reason="what?")))
        await apart(pilot)
        await apart(pilot)
    assert seat.asked == []


# ---- dialogs -------------------------------------------------------------------------------------------------------


async def test_a_careful_step_asks_for_a_second_c():
    seat = passing("rollout")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "c")
        await answers(app, pilot, SureDialog)
        assert seat.asked == []
        await apart(pilot, "enter")
        assert seat.asked == []
        await apart(pilot, "c")
        await until(pilot, lambda: bool(seat.asked), "confirmed")
    assert (type(seat.asked[0]), seat.asked[0].step) == (c.ConfirmStep, "rollout")


async def test_in_production_an_irreversible_step_wants_its_id_and_takes_no_other_word():
    seat = at("migrate", PRODUCTION)
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "c")
        await answers(app, pilot, AskDialog)
        await apart(pilot, *"yes", "enter")
        assert seat.asked == []
        assert isinstance(app.screen, AskDialog)
        app.screen.query_one("#word", Input).value = ""
        await apart(pilot, *"migrate", "enter")
        await until(pilot, lambda: bool(seat.asked), "confirmed")
    assert (seat.asked[0].step, seat.asked[0].typed) == ("migrate", "migrate")


async def test_skipping_wants_a_reason():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "s")
        await answers(app, pilot, AskDialog)
        await apart(pilot, "enter", "space", "enter")
        assert seat.asked == []
        assert isinstance(app.screen, AskDialog)
        await apart(pilot, "o", "k", "enter")
        await until(pilot, lambda: bool(seat.asked), "skipped")
    assert (type(seat.asked[0]), seat.asked[0].reason) == (c.SkipStep, "ok")


@pytest.mark.parametrize("key", ["s", "d", "n", "h", "j", "A"])
async def test_escape_leaves_a_dialog_with_nothing_done(key):
    seat = at("migrate")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, key)
        await until(pilot, lambda: app.screen is not app.run_screen, "the dialog opens")
        await apart(pilot, "escape")
        await until(pilot, lambda: app.screen is app.run_screen, "the dialog closes")
        await apart(pilot)
    assert seat.asked == []


async def test_keys_typed_before_a_dialog_stood_are_dropped():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        early = [events.Key(each, each) for each in "xyz"]
        await apart(pilot, "n")
        await until(pilot, lambda: isinstance(app.screen, AskDialog), "the dialog opens")
        for key in early:  # pressed before it stood, delivered after
            app.post_message(key)
        await answers(app, pilot, AskDialog)
        assert app.screen.query_one("#reason", Input).value == ""
        await apart(pilot, "o", "k")
        assert app.screen.query_one("#reason", Input).value == "ok"


async def test_a_paste_with_a_line_break_does_not_send_a_dialog():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "n")
        await answers(app, pilot, AskDialog)
        at_once(app, "o", "k", "enter")
        await apart(pilot)
        await apart(pilot)
        assert seat.asked == []
        assert isinstance(app.screen, AskDialog)


async def test_overriding_shows_what_does_not_hold_and_in_production_wants_the_environment():
    seat = FakeSeat(blocked(PRODUCTION))
    app = StoryApp(seat)
    async with app.run_test(size=(120, 40)) as pilot:
        await apart(pilot, "o")
        await answers(app, pilot, AskDialog)
        shown = " ".join(str(each.content) for each in app.screen.query("#dialog Static"))
        assert "✖ missing_profiles == 0   missing_profiles is 12" in shown
        assert "type production to go on" in shown
        await apart(pilot, "o", "k", "enter", *"production", "enter")
        await until(pilot, lambda: bool(seat.asked), "overridden")
        await until(pilot, lambda: "overridden by ana: ok" in app.shows("gate"), "the gate says so")
    assert (seat.asked[0].gate, seat.asked[0].typed) == ("step:validate", "production")


async def test_holding_stops_the_line_in_a_banner_and_h_releases_it():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "h")
        await answers(app, pilot, AskDialog)
        await apart(pilot, "l", "a", "g", "enter")
        await until(pilot, lambda: "HELD by ana, h releases: lag" in app.shows("banner"), "the banner")
        await apart(pilot, "c")
        await until(pilot, lambda: says(app).startswith("✖ "), "a refusal")
        await apart(pilot, "h")
        await answers(app, pilot, AskDialog)
        await apart(pilot, "o", "k", "enter")
        await until(pilot, lambda: app.shows("banner") == "", "the banner goes")
    assert [type(each) for each in seat.asked] == [c.PlaceHold, c.ReleaseHold]


async def test_jumping_picks_a_step_and_wants_a_reason():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "j")
        await answers(app, pilot, ChooseDialog)
        await apart(pilot, "down", "enter", "enter")
        assert seat.asked == []
        await apart(pilot, "o", "k", "enter")
        await until(pilot, lambda: bool(seat.asked), "jumped")
    assert (type(seat.asked[0]), seat.asked[0].step, seat.asked[0].reason) == (c.JumpTo, "validate", "ok")


async def test_finishing_asks_for_a_second_f():
    seat = at("")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "F")
        await answers(app, pilot, SureDialog)
        await apart(pilot, "F")
        await until(pilot, lambda: "FINISHED" in app.shows("identity"), "the run is finished")
    assert [type(each) for each in seat.asked] == [c.FinishRun]


async def test_who_only_watches_confirms_nothing():
    seat = at("maintenance")
    seat.role = "watching"
    app = StoryApp(seat)
    async with app.run_test(size=(120, 40)) as pilot:
        assert "WATCHING" in app.shows("identity")
        await apart(pilot, "c")
        await until(pilot, lambda: says(app).startswith("✖ "), "a refusal")
    assert seat.asked == []


# ---- reading, and leaving ------------------------------------------------------------------------------------------


async def test_q_detaches_and_the_run_goes_on():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "q")
    assert app.return_value == 0
    assert seat.asked == []
    assert seat.view.state.status == "live"


async def test_ctrl_c_ends_nothing_and_says_what_does():
    app = StoryApp(at("maintenance"))
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "ctrl+c")
        assert "q detaches" in says(app)
        assert app.is_running


async def test_help_lists_every_binding():
    app = StoryApp(at("maintenance"))
    async with app.run_test(size=(80, 50)) as pilot:
        await apart(pilot, "question_mark")
        await until(pilot, lambda: isinstance(app.screen, ReadingScreen), "the help opens")
        await until(pilot, lambda: bool(app.screen.query_one("#reading").lines), "it is drawn")
        told = texts(app.screen.query_one("#reading").lines)
        for binding in (*StoryApp.BINDINGS, *type(app.run_screen).BINDINGS):
            assert isinstance(binding, Binding)
            assert binding.description in told
        await apart(pilot, "escape")
        assert app.screen is app.run_screen


async def test_the_palette_lists_every_binding_that_is_shown():
    app = StoryApp(at("maintenance"))
    async with app.run_test(size=(80, 24)):
        titles = {each.title for each in app.get_system_commands(app.screen)}
        assert titles == {each.description for each in StoryApp.BINDINGS if isinstance(each, Binding) and each.show}


async def test_a_reading_screen_goes_on_while_it_is_open():
    seat = FakeSeat(blocked())
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "l")
        await until(pilot, lambda: isinstance(app.screen, ReadingScreen), "the log opens")
        seat.story.does(c.AddNote, text="seen while reading", actor=BO)
        seat.looks()
        await until(
            pilot, lambda: "seen while reading" in texts(app.screen.query_one("#reading").lines), "the note shows"
        )


async def test_keys_that_act_do_nothing_while_a_list_is_read():
    seat = at("maintenance")
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "p", "c", "s")
        await apart(pilot)
        assert isinstance(app.screen, ReadingScreen)
    assert seat.asked == []


async def test_a_step_title_with_markup_stands_in_the_border_as_it_is_written():
    title = "[@click=app.quit]Drop[/] [bold]all"
    phases = (replace(PROFILE.phases[0], steps=(replace(PROFILE.phases[0].steps[0], title=title),)),)
    app = StoryApp(FakeSeat(Story(replace(PROFILE, phases=phases))))
    async with app.run_test(size=(120, 40)) as pilot:
        await apart(pilot)
        assert app.run_screen._panes["step"]._border_title.plain == f"1.1 {title}"


@pytest.mark.parametrize("size", [(40, 13), (59, 13), (60, 20), (72, 20), (80, 24), (99, 30), (100, 30), (200, 60)])
async def test_at_every_size_the_panes_say_where_the_run_is_and_how_the_probes_are(size):
    app = StoryApp(FakeSeat(blocked(PRODUCTION)))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: bool(app.shows("step")), "it is drawn")
        assert "▌PRODUCTION▐" in app.shows("identity")
        assert "1.3" in app.shows("tree")
        assert "▶ now" in app.shows("step") or "more lines" in app.shows("step")
        assert "blocked" in app.shows("gate") or "more lines" in app.shows("gate")
        assert app.shows("probes")


async def test_below_every_size_one_sentence_says_what_is_needed():
    app = StoryApp(at("maintenance"))
    async with app.run_test(size=(39, 12)) as pilot:
        await until(pilot, lambda: "the run goes on" in app.shows("identity"), "the sentence")
        assert "40x13 at least" in app.shows("identity")
