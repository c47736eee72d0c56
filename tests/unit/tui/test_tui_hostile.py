"""Nothing from outside acts on a screen: the corpus of attacks in every text of every place, down to the bytes.

A place is a screen, a dialog or a list with hostile text in all that can come from outside. It is covered by standing
in `PLACES`; a widget, screen or application of ours that stands in none of them fails a test.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import screen_branch
import screen_night
import screen_pen
from attacks import ATTACKS, MARK, foreign
from hostile_screens import SHORT, HostileApp, Lace, actions_on, laced, shown, strips_of, watched
from import_story import made
from msgspec.structs import replace
from report_story import written
from screen_story import GONE, FakeSeat, Story, blocked, until
from textual.app import App
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import OptionList

import cockpit.tui
from cockpit.report.replay.film import Film
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.tui.guarded import GuardedApp
from cockpit.tui.importing.app import PreviewApp
from cockpit.tui.replay import ReplayApp
from cockpit.tui.screens.dialogs import Dialog
from cockpit.tui.screens.jumping import JumpScreen
from cockpit.tui.screens.lists import opened

SIZE = (100, 34)
Look = Callable[[str], Awaitable[None]]


class Looking:
    """Looks at one place after the other of an application, and at all that it wrote meanwhile."""

    def __init__(self, app: GuardedApp, pilot: Pilot[Any], *, is_thorough: bool = False) -> None:
        self.app, self.pilot = app, pilot
        self.is_thorough = is_thorough
        """Whether to look at every choice and step, and to click on every screen."""
        self.filter = next(each for each in app._filters if hasattr(each, "mended"))
        self.seen: set[type] = {type(app)}
        self._clicked: set[type] = set()

    async def __call__(self, what: str, *, is_marked: bool = True) -> None:
        """Fail if anything acts, or the text did not arrive."""
        strips = strips_of(self.app)
        if is_marked and MARK not in shown(strips):  # titles in capitals are marked elsewhere too
            await until(self.pilot, lambda: MARK in shown(strips_of(self.app)), what)
            strips = strips_of(self.app)
        self.seen |= {type(self.app.screen), *(type(each) for each in self.app.screen.walk_children(Widget))}
        driver = self.app._driver
        assert actions_on(strips) == set(), f"{what}: a click would act"
        assert self.filter.mended == [], f"{what}: only the second line of defence caught this"
        assert driver.asked == driver.written, f"{what}: only the list of sequences caught something"
        assert [found for each in driver.written for found in foreign(each)] == [], what
        driver.asked.clear()
        driver.written.clear()

    async def clicks(self) -> None:
        """Click where the text is, once on each kind of screen: it stays, and no action of it runs."""
        screen, rows = self.app.screen, shown(strips_of(self.app)).split("\n")
        if type(screen) in self._clicked and not self.is_thorough:
            return
        self._clicked.add(type(screen))
        for y, row in [(y, row) for y, row in enumerate(rows) if MARK in row][:1]:
            x = row.index(MARK)
            assert await self.pilot.click(offset=(x, y))
            assert await self.pilot.click(offset=(min(x + 24, SIZE[0] - 2), y))
        assert self.app.screen is screen
        assert self.app._exit is False


# ---- a live run -----------------------------------------------------------------------------------------------------


def _fired() -> Story:
    night = screen_night.at("settle_down")
    night.begins_wait()
    night.fires()
    night.happens(e.TriggerRaised(reason="users cannot log in"), screen_night.BO)
    night.happens(e.WaitStopped(step="settle_down", attempt=1, detail="connections is 412"))
    return night


def _running() -> Story:
    night = screen_night.at("scale_down")
    night.passes_gate()
    night.starts("deployment.apps/app scaled", "waiting for 3 pods")
    night.trouble = "the disk is full: audit.jsonl cannot be written"
    night.signing = "the agent does not answer"
    return night


def _held() -> Story:
    night = screen_night.at("go")
    night.does(c.PlaceHold, reason="look at replica 2")
    night.happens(e.NoteAdded(text="replica 2 is behind"), screen_night.BO)
    night.happens(e.SigningFailed(seq=night.seq, reason="the agent refused"))
    return night


def _unknown() -> Story:
    night = screen_night.at("migrate")
    night.runs("BEGIN", outcome="unknown", detail="its shim is gone")
    return night


STATES: dict[str, tuple[Callable[[], Story], tuple[str, ...]]] = {
    "a gate": (blocked, ("override", "skip", "note", "hold", "outside", "abort")),
    "a message": (lambda: screen_night.at("announce"), ("end_wait",)),
    "a sign-off": (lambda: screen_night.at("approval"), ("skip",)),
    "a value": (lambda: screen_night.at("backup"), ("confirm", "jump")),
    "a command": (lambda: screen_night.at("scale_down", screen_night.NIGHT_PRODUCTION), ("run",)),
    "SQL": (lambda: screen_night.at("migrate"), ("reopen", "jump")),
    "what runs": (_running, ("cancel", "elsewhere")),
    "what ended": (screen_night.failed, ("rollback",)),
    "what is unknown": (_unknown, ("settle",)),
    "a wait that was stopped, and triggers": (_fired, ("end_wait", "answer", "raise", "rollback")),
    "a decision": (lambda: screen_night.at("go"), ("confirm",)),
    "a hold": (_held, ("hold",)),
    "a checkpoint": (lambda: screen_night.at("look_30m"), ("end_wait",)),
    "the way back": (screen_night.going_back, ("rollback",)),
    "another's keeper": (screen_night.other_hands, ("run",)),
    "a conflict": (screen_branch.conflict, ("settle",)),
}
"""Moments of a live run, with the keys that ask something there."""
LISTS = ("probes", "log", "company", "contacts", "ready", "output", "help")


def seat_at(state: str, lace: Lace) -> FakeSeat:
    return of_hostile_people(FakeSeat(laced(STATES[state][0](), lace)), lace)


def of_hostile_people(seat: FakeSeat, lace: Lace) -> FakeSeat:
    """Whoever sits there has such a name too."""
    seat.actor = lace.value(seat.actor, e.Actor)
    return seat


async def asks(look: Looking, key: str, what: str) -> None:
    """Press an acting key, and look at what it asks, to the end of it; then leave it."""
    app = look.app
    assert isinstance(app, HostileApp)
    app.run_screen.say()
    app.seat.afar = SimpleNamespace(is_there=False)
    work = app.run_worker(app._operates().act(key, app.run_screen.painted, None))
    await until(look.pilot, lambda: isinstance(app.screen, Dialog), f"{what}, {key}: a question")
    await look(f"{what}, {key}: the question")
    await look.clicks()
    for options in app.screen.query(OptionList):
        for at in range(1, options.option_count if look.is_thorough else 1):
            options.highlighted = at
            await look(f"{what}, {key}: choice {at}")
        options.action_select()
        await look(f"{what}, {key}: what was chosen")
    app.screen.hint(SHORT)
    app.screen.dismiss(None)
    await until(look.pilot, lambda: work.is_finished and app.screen is app.run_screen)


async def of_a_run(look: Looking, lace: Lace) -> None:
    """Every state, every question, every list."""
    app = look.app
    assert isinstance(app, HostileApp)
    app.run_screen.format_steps()
    for state, (_, keys) in STATES.items():
        seat = seat_at(state, lace)
        app.shows_story(seat)
        await look(state)
        await look.clicks()
        for selected in seat.story.state.steps if look.is_thorough else ():
            app.run_screen.selected = selected
            app.run_screen.draw()
            await look(f"{state}, {selected} looked at")
        app.run_screen.selected = None
        for key in keys if look.is_thorough else keys[:1]:
            await asks(look, key, state)


async def of_lists(look: Looking, lace: Lace) -> None:
    """Every list, on a night in which much is there."""
    app = look.app
    assert isinstance(app, HostileApp)
    for story in (screen_night.failed(), screen_pen.troubled())[: 1 + look.is_thorough]:
        app.shows_story(of_hostile_people(FakeSeat(laced(story, lace)), lace))
        for name in LISTS:
            screen = opened(app.run_screen, name)
            if screen is None:
                continue
            await app.push_screen(screen)
            await look(f"the list {name}", is_marked=name not in ("probes", "help"))
            await look.clicks()
            screen.dismiss()
            await until(look.pilot, lambda: app.screen is app.run_screen)


async def of_the_pen(look: Looking, lace: Lace) -> None:
    """Who has the pen, who asks for it, the card that goes with it."""
    app = look.app
    assert isinstance(app, HostileApp)
    cases = (
        (screen_pen.asked(), "SEATANA", ""), (screen_pen.offered(), "SEATBO", "pen"),
        (screen_pen.gathered(screen_pen.paired(), "SEATANA"), "SEATBO", "take"),
        (screen_pen.troubled(), "SEATBO", "pen"),
        (screen_pen.paired(), "SEATANA", "pen"), (screen_pen.paired(), "SEATBO", "pen"),
    )  # fmt: skip
    for story, place, key in cases if look.is_thorough else cases[:3]:
        is_gone = not any(seat.seat == "SEATANA" for seat in story.here)
        story = laced(story, lace)
        story.here = tuple(seat for seat in story.here if not is_gone or seat.seat != "SEATANA")
        app.shows_story(of_hostile_people(screen_pen.seat_of(story, place), lace))
        await look(f"{place} with the pen")
        if key:
            await asks(look, key, f"{place} with the pen")


async def of_trouble(look: Looking, lace: Lace) -> None:
    """The database away, a branch, a keeper that is gone, a log that cannot be written."""
    app = look.app
    assert isinstance(app, HostileApp)
    for make, keys in (
        (screen_branch.away_seat, ("elsewhere",)),
        (lambda: screen_branch.offline_seat(answers=True), ("elsewhere",)),
        (lambda: screen_branch.taking_over_seat(Path("/nowhere"), 3600.0), ("probe",)),
        (lambda: FakeSeat(_running(), keeper=GONE), ("elsewhere",)),
    ):
        seat = make()
        away = seat._view.away
        seat.story = laced(seat.story, lace)
        seat._view = replace(seat.story.view(), away=lace.text(away) if away else "", answers=seat._view.answers)
        seat.objection = lace.text(seat.objection) if seat.objection else ""
        app.shows_story(of_hostile_people(seat, lace))
        await look("trouble")
        for key in keys:
            await asks(look, key, "trouble")


async def of_copies(look: Looking, lace: Lace) -> None:
    """What is copied is shown first; the title, the palette, and what is said."""
    app = look.app
    assert isinstance(app, HostileApp)
    for state in ("SQL", "a message", "a command", "a gate")[: 4 if look.is_thorough else 2]:
        app.shows_story(seat_at(state, lace))
        app.action_copy()
        await until(look.pilot, lambda: isinstance(app.screen, Dialog))
        await look(f"copying {state}")
        app.screen.dismiss(None)
        await until(look.pilot, lambda: app.screen is app.run_screen)
        app.copy_to_clipboard(app._copied())
        app.title_shown.set(app, f"{lace.text('title')}{state}")
        app.run_screen.say((lace.text("said"), "warn"))
        await look(f"copied {state}")
    app.action_command_palette()
    await until(look.pilot, lambda: app.screen is not app.run_screen)
    await until(look.pilot, lambda: bool(app.screen.query("CommandList")))
    await look("the palette", is_marked=False)
    app.screen.dismiss(None)
    await until(look.pilot, lambda: app.screen is app.run_screen)


async def of_little_room(look: Looking, lace: Lace) -> None:
    """Small terminals cut texts in other places."""
    app = look.app
    assert isinstance(app, HostileApp)
    for size in ((80, 24), (60, 15), (40, 10), (20, 5)):
        await look.pilot.resize_terminal(*size)
        app.shows_story(seat_at("a wait that was stopped, and triggers", lace))
        await look(f"at {size}", is_marked=size[0] >= 60)


def a_run(lace: Lace, folder: Path) -> GuardedApp:
    return HostileApp(seat_at("a gate", lace))


# ---- a replay -------------------------------------------------------------------------------------------------------


def a_replay(lace: Lace, folder: Path) -> GuardedApp:
    """Of a log that a stranger wrote, with the characters themselves in it."""
    storable = Lace(lace.only, storable=True, ids=lace.ids)
    night = laced(screen_pen.troubled(), storable)
    return ReplayApp(Film(written(night.events, folder / "audit.jsonl")), trouble=lace.text("trouble"))


async def of_a_replay(look: Looking, lace: Lace) -> None:
    """Every event of it, then its lists, where one goes in it, and what is otherwise."""
    app = look.app
    assert isinstance(app, ReplayApp)
    await until(look.pilot, lambda: app.film.is_whole and app.run_screen._is_formatted)
    await look("as it opens")
    screen = app.run_screen
    for fact in range(0, app.film.facts, 1 if look.is_thorough else 12):
        screen.player.go_to(fact)
        screen.draw()
        await look(f"event {fact}")
    await look.clicks()
    screen.action_note()
    screen.player.go_to_end()
    screen.draw()
    for name in LISTS:
        app.action_read(name)
        if app.screen is not screen:
            await look(f"the list {name}", is_marked=name not in ("probes", "help"))
            app.screen.dismiss()
            await until(look.pilot, lambda: app.screen is screen)
    screen.player.go_to(0)
    app.action_difference()
    await look("the difference")
    app.screen.dismiss()
    await until(look.pilot, lambda: app.screen is screen)
    app.action_jump(lace.text("/"))
    await until(look.pilot, lambda: isinstance(app.screen, JumpScreen))
    await look("where to go")
    for typed in (lace.text("/words"), lace.text("@bo"), lace.text("22:41"), f"/{MARK}"):
        app._seeking.jump(typed)
        await until(look.pilot, lambda: all(work.is_finished for work in app.workers))
        await look(f"gone to {typed!r}")
    for zone in range(3):
        screen.action_zone()
        await look(f"zone {zone}")


# ---- the preview of an import ---------------------------------------------------------------------------------------


def an_import(lace: Lace, folder: Path) -> GuardedApp:
    """Of a runbook, a profile and notes that are hostile throughout."""
    imported = made()
    lines = ((line, re.sub("[\x00-\x1f\x7f\ud83d]", "", lace.text(line))) for line in imported.toml.split("\n"))
    toml = "\n".join(f"{line} # {told}" if " = " in line else line for line, told in lines)
    return PreviewApp(lace.value(replace(imported, toml=toml), type(imported), "toml"))


async def of_an_import(look: Looking, lace: Lace) -> None:
    """Both sides of it, the walk, a line whole, words that are sought, the keys."""
    app = look.app
    assert isinstance(app, PreviewApp)
    screen = app.preview
    for _ in range(3):
        screen.action_move(5)
        await look("the source")
    await look.clicks()
    screen.action_note(-1)
    screen.action_lost(1)
    await look("what is left out")
    screen.action_turn()
    await look("the profile")
    screen.action_walk()
    await look("the walk")
    for open_it in (screen.action_whole, screen.action_help, screen.action_find):
        open_it()
        await look(open_it.__name__, is_marked=open_it == screen.action_whole)
        app.screen.dismiss(None)
        await until(look.pilot, lambda: app.screen is screen)
    screen._found(lace.text("sought"))
    await look("what was sought in vain")


Place = tuple[Callable[[Lace, Path], GuardedApp], Callable[[Looking, Lace], Awaitable[None]]]
PLACES: dict[str, Place] = {
    "run": (a_run, of_a_run),
    "lists": (a_run, of_lists),
    "pen": (a_run, of_the_pen),
    "trouble": (a_run, of_trouble),
    "copies": (a_run, of_copies),
    "little room": (a_run, of_little_room),
    "replay": (a_replay, of_a_replay),
    "import": (an_import, of_an_import),
}
"""How each application is opened with hostile texts, and what is then looked at."""
COVERED_BY = {
    "CockpitApp": "run", "RunScreen": "run", "AskDialog": "run", "ChooseDialog": "run", "SureDialog": "copies",
    "CardDialog": "pen", "ReadingScreen": "lists", "ReplayApp": "replay", "ReplayScreen": "replay",
    "JumpScreen": "replay", "PreviewApp": "import", "PreviewScreen": "import", "Pane": "run",
}  # fmt: skip
"""Every widget, screen and application of ours, and the place where it is seen with hostile text."""
ONLY_BASES = {"GuardedApp", "Patient", "Dialog"}
"""What is never shown itself."""


async def goes_through(place: str, lace: Lace, folder: Path, *, is_thorough: bool = False) -> set[type]:
    """Every class that was seen, hostile and harmless."""
    make, walk = PLACES[place]
    app = make(lace, folder)
    watched(app)
    async with app.run_test(size=SIZE, headless=False) as pilot:
        look = Looking(app, pilot, is_thorough=is_thorough)
        await pilot.pause()
        await walk(look, lace)
    return look.seen


@pytest.mark.parametrize("place", PLACES)
async def test_no_text_from_outside_acts_anywhere(place: str, tmp_path: Path) -> None:
    seen = await goes_through(place, Lace(), tmp_path)
    names = {each.__name__ for kind in seen for each in kind.__mro__}
    assert {name for name, where in COVERED_BY.items() if where == place} <= names


async def test_no_id_that_a_stranger_made_up_acts(tmp_path: Path) -> None:
    await goes_through("replay", Lace(ids=True), tmp_path)


@pytest.mark.many
@pytest.mark.parametrize("attack", sorted(ATTACKS))
@pytest.mark.parametrize("place", PLACES)
async def test_no_attack_acts_anywhere_by_itself(place: str, attack: str, tmp_path: Path) -> None:
    await goes_through(place, Lace(attack), tmp_path, is_thorough=attack == min(ATTACKS))


def ours(kind: type) -> set[type]:
    """Every class of this kind that the program has."""
    found = set(kind.__subclasses__())
    for each in list(found):
        found |= ours(each)
    return {each for each in found if each.__module__.startswith("cockpit.")}


def test_every_widget_screen_and_application_is_covered() -> None:
    for module in pkgutil.walk_packages(cockpit.tui.__path__, "cockpit.tui."):
        importlib.import_module(module.name)
    names = {each.__name__ for kind in (App, Widget) for each in ours(kind)}
    assert names - ONLY_BASES == set(COVERED_BY), "say in COVERED_BY where it is seen, and look at it there"
    assert all(issubclass(each, GuardedApp) for each in ours(App)), "an application of ours is a GuardedApp"
