"""A replay shows what was, offers nothing that acts, and goes where it was told to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from report_story import written
from screen_story import ANA, PRODUCTION, Story, text_of, texts, until

from cockpit.profile.model import Phase, Probe, Step
from cockpit.report.replay.film import Film
from cockpit.run import events as e
from cockpit.run.forecast import forecast
from cockpit.tui import keymap
from cockpit.tui.panes import banner, gate, keys, stepping
from cockpit.tui.panes.seen import Seen
from cockpit.tui.playing import SPEEDS, Player
from cockpit.tui.replay import ReplayApp
from cockpit.tui.screens.replay import NO_END
from cockpit.tui.zones import own_zone, zone_named, zones

LOGS = sorted((Path(__file__).parents[2] / "logs" / "v1").glob("*.jsonl"))
NIGHT = next(log for log in LOGS if log.stem == "night")
ACTING = next(log for log in LOGS if log.stem == "acting")


@pytest.fixture(scope="module")
def films() -> Iterator[dict[str, Film]]:
    """Every golden log, read to its end."""
    found = {log.stem: Film(log) for log in LOGS}
    for film in found.values():
        film.start(lambda: None)
        end = time.monotonic() + 20
        while not film.is_whole:
            assert time.monotonic() < end
            time.sleep(0.001)
    yield found
    for film in found.values():
        film.close()


def seen_at(player: Player, selected: str | None = None) -> Seen:
    now = player.now()
    return Seen(
        view=player.view, now=now, keeper=player.keeper_sight(), forecast=forecast(player.view.state, now),
        mode=player.mode, zone=ZoneInfo("UTC"), selected=selected,
    )  # fmt: skip


@pytest.mark.parametrize("log", [log.stem for log in LOGS])
def test_at_no_moment_does_a_replay_offer_a_key_that_acts(films, log):
    player = Player(films[log])
    for fact in range(player.film.facts):
        player.go_to(fact)
        for selected in (None, next(iter(player.view.state.steps))):
            seen = seen_at(player, selected)
            lines = [
                *stepping.lines(seen, 60, 30, is_formatted=False),
                *gate.gate(seen, 60),
                banner.banner(seen, 99, 30),
            ]
            assert not [text for line in lines for text, ink in line if ink == "key"], texts(lines)
            assert "overrides" not in texts(lines)
            assert "releases" not in texts(lines)


def test_the_hints_name_keys_of_a_replay_only(films):
    player = Player(films["night"])
    hints = text_of(keys.hints(seen_at(player), 200, 40))
    for name in ("play", "go", "find", "difference", "zone"):
        assert f"{keymap.REPLAY[name].label} {keymap.REPLAY[name].word}" in hints
    assert "confirm" not in hints


def test_no_key_of_a_replay_is_one_that_acts():
    assert not [key for key in keymap.REPLAY.values() if key.action.startswith("act(")]
    names = [name for key in keymap.REPLAY.values() for name in key.name.split(",")]
    assert len(names) == len(set(names))


# ---- moving ------------------------------------------------------------------------------------------------------


def test_steps_end_at_both_ends_and_say_so(films):
    player = Player(films["night"])
    assert not player.step(-1)
    assert player.step(1)
    assert player.step(-10)
    assert player.place.fact == 0
    assert player.step(1000)
    assert player.place.fact == player.film.facts - 1
    assert not player.step(1)


def test_from_between_two_facts_back_is_to_the_one_before(films):
    player = Player(films["night"])
    film = player.film
    between = film.at_fact(12).at.at + timedelta(seconds=1)
    player.go(film.at_time(between))
    assert player.place.fact == 12
    player.step(-1)
    assert player.place == film.at_fact(12)
    player.step(-1)
    assert player.place.fact == 11


def plays(player: Player, seconds: float, frames: int = 10_000) -> list[str]:
    """Play until it stops, in frames of so many seconds; what was said."""
    told: list[str] = []
    for _ in range(frames):
        if not player.is_playing or player.follows:
            break
        player.tick(seconds, told.append)
    return told


@pytest.mark.parametrize("log", [log.stem for log in LOGS])
@pytest.mark.parametrize("skips", [True, False])
def test_playing_passes_every_fact_in_order_and_ends_at_the_end(films, log, skips):
    player = Player(films[log])
    player.skips_idle = skips
    while player.speed != 60:
        player.faster(1)
    player.play()
    places = [player.place_s]
    frames = 20_000
    frame_s = max(0.5, 2 * player.film.timeline.length_s / player.speed / frames)  # a run of weeks in as many
    for _ in range(frames):
        if not player.is_playing or player.follows:
            break
        player.tick(frame_s, lambda told: None)
        places.append(player.place_s)
    assert player.place.fact == player.film.facts - 1
    assert places == sorted(places)
    assert player.is_at_end
    assert player.is_playing is player.follows


def test_playing_moves_by_the_log_s_own_time_between_facts_too(films):
    player = Player(films["night"])
    player.skips_idle = False
    player.go_to(12)
    begin = player.now()
    player.play()
    player.tick(2.0, lambda told: None)
    assert player.now().at - begin.at == timedelta(seconds=2)
    assert player.now().mono - begin.mono == pytest.approx(2)
    assert player.place.fact == 12


def test_idle_stretches_are_skipped_and_that_is_said(films):
    player = Player(films["night"])
    player.play()
    told = plays(player, 0.1, frames=600)
    assert any(each.startswith("skipped 12 min") for each in told)
    assert player.place.fact > 2


def test_playing_stops_at_marks_if_asked_to(films):
    player = Player(films["night"])
    player.stops_at_marks = True
    for _ in SPEEDS:
        player.faster(1)
    assert player.speed == SPEEDS[-1]
    kinds = []
    while not player.is_at_end:
        player.play()
        told = plays(player, 0.1)
        assert told[-1].startswith("paused at a mark: ")
        kinds.append(told[-1].rpartition(" ")[2])
    assert kinds == [mark.kind for mark in player.film.timeline.marks]


def test_damage_that_no_event_tells_is_a_mark_to_go_to_and_to_pause_at(tmp_path):
    lines = NIGHT.read_bytes().splitlines(keepends=True)
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"".join([*lines[:32], lines[32].replace(b"counted: twelve", b"counted: thirty"), *lines[33:]]))
    film = Film(path)
    try:
        film.start(lambda: None)
        give_up = time.monotonic() + 20
        while film.proof is None and time.monotonic() < give_up:
            time.sleep(0.01)
        player = Player(film)
        while player.place.seq < 32:
            assert player.mark(1)
        assert player.mark(1)
        assert (player.place.seq, player.view.trouble[:21]) == (33, "not proven from here ")
        player.go_to(film.at_seq(32).fact)
        player.stops_at_marks = True
        player.play()
        plays(player, 100.0)
        assert (player.place.seq, player.is_playing) == (33, False)
        player.go_to(film.facts - 1)
        while player.place.seq > 33:
            assert player.mark(-1)
        assert player.place.seq == 33
    finally:
        film.close()


def test_after_the_end_of_a_run_that_is_over_play_begins_again(films):
    player = Player(films["night"])
    player.go_to_end()
    player.follows = False
    player.play()
    assert player.place.fact == 0


# ---- the screen --------------------------------------------------------------------------------------------------


async def test_a_click_on_the_timeline_goes_there():
    app = ReplayApp(Film(NIGHT))
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            screen = app.run_screen
            await until(pilot, lambda: app.film.is_whole and "of 24 " in screen._panes["timeline"]._title, "all read")
            marks = text_of(screen._panes["timeline"].lines[0])
            await pilot.click("#timeline", offset=(1 + marks.index("■"), 1))
            await until(pilot, lambda: screen.player.place.fact > 0, "the click's place")
            held = next(mark for mark in app.film.timeline.marks if mark.kind == "hold")
            assert abs((screen.player.now().at - held.at).total_seconds()) < 30
            await pilot.click("#tree", offset=(3, 3))
            assert screen.player.place.fact == held.fact or abs(screen.player.place.fact - held.fact) <= 2
    finally:
        app.film.close()


async def test_at_the_end_of_a_log_without_an_end_that_is_said_until_the_end_comes(tmp_path):
    lines, path = NIGHT.read_bytes().splitlines(keepends=True), tmp_path / "audit.jsonl"
    path.write_bytes(b"".join(lines[:40]))
    app = ReplayApp(Film(path))
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            screen = app.run_screen
            await until(pilot, lambda: app.film.is_whole, "all read")
            await pilot.press("end")
            await until(pilot, lambda: NO_END[0] in texts(screen._panes["says"].lines), "that it is said in full")
            with path.open("ab") as file:
                file.write(b"".join(lines[40:]))
            await until(pilot, lambda: "at the end" in screen._panes["timeline"]._title, "the end of the run")
            assert NO_END[0] not in texts(screen._panes["says"].lines)
            await pilot.press("home", "end")
            assert NO_END[0] not in texts(screen._panes["says"].lines)
    finally:
        app.film.close()


LONG = "A very long name that fits nowhere and is to be shown all the same, 数据库迁移, \u202e[bold]x[/bold]"


class Kept(Story):
    """Keeps all events."""

    def __init__(self, *arguments: Any) -> None:
        self.events: list[e.Event] = []
        super().__init__(*arguments)

    def happens(self, body: e.Body, actor: e.Actor = ANA) -> e.Event:
        self.events.append(super().happens(body, actor))
        return self.events[-1]


def only_started() -> Kept:
    return Kept()


def all_red() -> Kept:
    """Two hundred probes that fail, long names, holds and triggers everywhere, and a day in between."""
    steps = tuple(Step(id=f"s{n}", title=f"{LONG} {n}") for n in range(40))
    phases = tuple(Phase(id=f"p{n}", title=LONG, steps=steps[4 * n : 4 * n + 4]) for n in range(10))
    probes = tuple(Probe(id=f"probe_{n:03}", kind="http") for n in range(200))
    story = Kept(replace(PRODUCTION, title=LONG, phases=phases, probes=probes))
    for probe in probes:
        story.happens(e.ProbeChanged(probe=probe.id, previous="unread", status="fail", value=LONG, detail=LONG))
    for n, step in enumerate(steps):
        story.passes(86_400 if n == 20 else 60)
        story.happens(e.HoldPlaced(reason=LONG), e.Actor(LONG, LONG))
        story.happens(e.TriggerRaised(reason=LONG))
        story.happens(e.HoldReleased(reason=LONG))
        story.happens(e.StepSkipped(step=step.id, attempt=1, reason=LONG))
    return story


@pytest.mark.parametrize("size", [(40, 13), (80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("story", [only_started, all_red], ids=lambda made: made.__name__)
async def test_odd_runs_are_shown_whole_at_every_size(story, size, tmp_path):
    app = ReplayApp(Film(written(story().events, tmp_path / "log.jsonl")))
    try:
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.film.proof is not None, "that it was verified")
            for key in ("end", "full_stop", "comma", "left", "space", "m", "home", "right_curly_bracket", "z"):
                await pilot.press(key)
            await pilot.pause()
            lines = [line for pane in app.run_screen._panes.values() for line in pane.lines]
            assert "event" in f"{app.run_screen._panes['timeline']._title}{texts(lines)}"
            assert all(text_of(line).isprintable() for line in lines)
            assert app.film.proof.ok
    finally:
        app.film.close()


async def test_what_was_read_can_be_gone_to_before_all_was():
    app = ReplayApp(Film(NIGHT))
    app.film.start = lambda on_change: None  # type: ignore[method-assign]
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            screen = app.run_screen
            await until(pilot, lambda: "reading " in screen._panes["timeline"]._title, "that it is being read")
            assert "event 1 of 1 " in screen._panes["timeline"]._title
            screen.action_step(1)
            app._seeking.jump("23:59")
            assert "of the log is read yet)" in text_of(screen._says)
    finally:
        app.film.close()


# ---- zones -------------------------------------------------------------------------------------------------------


def test_zones_are_the_window_s_utc_and_one_s_own_each_once(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    assert [zone.key for zone in zones("Europe/Rome")] == ["Europe/Rome", "UTC", "America/New_York"]
    assert [zone.key for zone in zones("Europe/Rome", "local")] == ["America/New_York", "Europe/Rome", "UTC"]
    assert [zone.key for zone in zones("America/New_York", "utc")] == ["UTC", "America/New_York"]
    assert [zone.key for zone in zones(None, "Asia/Tokyo")] == ["Asia/Tokyo", "UTC", "America/New_York"]


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../../etc/passwd", "\x00", "x" * 999])
def test_a_zone_that_there_is_not_is_none(name, monkeypatch):
    assert zone_named(name) is None
    assert zones(name)[0].key == "UTC"
    monkeypatch.setenv("TZ", name.replace("\x00", ""))
    assert own_zone().key
