"""Logs kept for ever are replayed to the same state and the same picture, at both sizes, with colour and without.

Times come from the log alone, so nothing has to be frozen. Pictures are made anew as in `test_snapshots_screen`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from screen_story import until

from cockpit.audit.tail import Tail
from cockpit.report.replay.film import Film
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY, RunState
from cockpit.tui.film_view import Views
from cockpit.tui.replay import ReplayApp

LOGS = Path(__file__).parents[1] / "logs" / "v1"
SIZES = pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=lambda size: f"{size[0]}x{size[1]}")


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")


def replayed(log: str = "night") -> ReplayApp:
    """The film is closed with the process: a snapshot has no end that one could wait for."""
    return ReplayApp(Film(LOGS / f"{log}.jsonl"))


def at(typed: str):
    """Wait until the whole log was read, then go to what was typed."""

    async def drawn(pilot) -> None:
        app = pilot.app
        await until(pilot, lambda: app.film.proof is not None, "the whole log, verified")
        await until(pilot, lambda: bool(app.run_screen._panes["timeline"].lines), "the first paint")
        if typed == "end":
            app.run_screen.action_end(1)
        else:
            app._seeking.jump(typed)
            await until(pilot, lambda: app.run_screen._says != (), f"what {typed} leads to")
        await pilot.pause()

    return drawn


@SIZES
def test_a_blocked_gate_in_a_golden_log_looks_as_it_did(snap_compare, size):
    assert snap_compare(replayed(), terminal_size=size, run_before=at("!deviation"))


@SIZES
def test_a_way_back_in_a_golden_log_looks_as_it_did(snap_compare, size):
    assert snap_compare(replayed("acting"), terminal_size=size, run_before=at("!rollback"))


@SIZES
def test_the_end_of_a_golden_log_looks_as_it_did(snap_compare, size):
    assert snap_compare(replayed(), terminal_size=size, run_before=at("end"))


def test_without_colour_a_golden_log_says_the_same(snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(replayed(), terminal_size=(80, 24), run_before=at("!hold"))


def test_a_golden_log_is_replayed_to_the_same_final_state():
    film = whole(LOGS / "night.jsonl")
    view = Views(film).at(film.at_fact(10**6))
    film.close()
    state = view.state
    assert state.status == "finished"
    assert {name: step.status for name, step in state.steps.items()} == {
        "maintenance": "confirmed",
        "migrate": "confirmed",
        "validate": "confirmed",
        "rollout": "confirmed",
        "smoke": "skipped",
    }
    assert [deviation.kind for deviation in state.deviations] == ["hold", "override", "skip"]
    seen = {entry.probe: (entry.status, entry.value) for entry in state.steps["validate"].evidence}
    assert seen["missing_profiles"] == ("fail", 12)
    assert view.head is not None
    assert f"night.jsonl {view.head.seq} {view.head.digest}" in (LOGS / "heads.txt").read_text()


def whole(log: Path) -> Film:
    """A film that was read to its end."""
    film = Film(log)
    film.start(lambda: None)
    while not film.is_whole:
        pass
    return film


@pytest.mark.parametrize("log", sorted(LOGS.glob("*.jsonl")), ids=lambda log: log.stem)
def test_at_every_fact_forward_and_back_a_replay_shows_the_fold_of_the_log(log):
    folded: list[RunState] = []
    tail, state = Tail(log), EMPTY
    while entries := tail.read():
        for entry in entries:
            state = evolve(state, entry.event)
            folded += [state] if entry.event.is_fact else []
    tail.close()
    film = whole(log)
    views = Views(film)
    there = [views.at(film.at_fact(fact)) for fact in range(film.facts)]
    assert [view.state for view in there] == folded
    for fact in reversed(range(film.facts)):
        assert views.at(film.at_fact(fact)) == there[fact]
    film.close()
