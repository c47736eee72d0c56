"""Logs kept for ever are replayed to the same state and the same picture, at both sizes.

Times come from the log alone, so nothing has to be frozen. Pictures are made anew as in `test_snapshots_screen`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from screen_story import until

from cockpit.tui.replay import Replay, ReplayApp

LOGS = Path(__file__).parents[1] / "logs" / "v1"
SIZES = pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=lambda size: f"{size[0]}x{size[1]}")


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch):
    for name in ("NO_COLOR", "COCKPIT_THEME", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS"):
        monkeypatch.delenv(name, raising=False)


def at_the_override() -> ReplayApp:
    """The night's log, up to where the gate was overridden."""
    replay = Replay(LOGS / "night.jsonl")
    while replay.event.type != "gate.overridden":
        replay.go_to(replay.at + 1)
    return ReplayApp(replay)


async def drawn(pilot) -> None:
    app = pilot.app
    await until(pilot, lambda: bool(app.run_screen._panes["step"].lines), "the first paint")
    app.run_screen.format_steps()
    app.action_step(0)
    await pilot.pause()


@SIZES
def test_a_blocked_gate_in_a_golden_log_looks_as_it_did(snap_compare, size):
    assert snap_compare(at_the_override(), terminal_size=size, run_before=drawn)


@SIZES
def test_the_end_of_a_golden_log_looks_as_it_did(snap_compare, size):
    replay = Replay(LOGS / "night.jsonl")
    replay.go_to(10**6)
    assert snap_compare(ReplayApp(replay), terminal_size=size, run_before=drawn)


def test_a_golden_log_is_replayed_to_the_same_final_state():
    replay = Replay(LOGS / "night.jsonl")
    replay.go_to(10**6)
    state = replay.view.state
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
    assert replay.view.head is not None
    assert f"night.jsonl {replay.view.head.seq} {replay.view.head.digest}" in (LOGS / "heads.txt").read_text()


@pytest.mark.parametrize("log", sorted(LOGS.glob("*.jsonl")), ids=lambda log: log.stem)
def test_going_back_shows_what_going_on_showed(log):
    replay = Replay(log)
    there = []
    for stop in range(len(replay.stops)):
        replay.go_to(stop)
        there.append(replay.view)
    for stop in reversed(range(len(replay.stops))):
        replay.go_to(stop)
        assert replay.view == there[stop]
