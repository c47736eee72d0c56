"""Screens that wait for their terminal: whatever asks to be drawn meanwhile is drawn once the terminal is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from cockpit.tui.widgets import patient
from cockpit.tui.widgets.patient import Patient

FIRST_FRAMES_S = 0.05
"""What is laid out and drawn at the start, in three frames of a sixtieth of a second, is over by then."""


class TwoLines(Patient[None]):
    CSS = "Static { height: 1; }"

    def compose(self) -> ComposeResult:
        yield Static("above", id="above")
        yield Static("below", id="below")


class Drawing(App[None]):
    """Notes which rows of the terminal are written."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: set[int] = set()

    def on_mount(self) -> None:
        self.push_screen(TwoLines())

    def _display(self, screen: Any, renderable: Any) -> None:
        if not self._batch_count:
            self.rows |= {y for y, _, _ in getattr(renderable, "spans", ())}
        super()._display(screen, renderable)


@pytest.fixture
def link(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Makes the terminal slow, or well again."""
    slow: list[bool] = []
    monkeypatch.setattr(patient, "is_behind", lambda app: bool(slow))

    def turn(is_slow: bool) -> None:
        slow[:] = [True] if is_slow else []

    return turn


async def until(holds: Callable[[], object], pilot: Any) -> None:
    for _ in range(6000):
        if holds():
            return
        await pilot.pause(0.01)
    raise AssertionError("waited in vain")


async def test_nothing_is_drawn_for_a_terminal_that_is_behind_and_all_of_it_afterwards(
    link: Callable[[bool], None],
) -> None:
    app = Drawing()
    async with app.run_test(size=(20, 4)) as pilot:
        await pilot.pause(FIRST_FRAMES_S)
        link(True)
        app.rows.clear()
        for name in ("above", "below"):
            app.screen.query_one(f"#{name}", Static).update("anew")
            await until(lambda: app.screen._waits_for_terminal, pilot)
        assert app.rows == set()
        link(False)
        await until(lambda: app.rows == {0, 1}, pilot)


async def test_what_asks_just_before_the_terminal_is_there_is_not_forgotten(link: Callable[[bool], None]) -> None:
    app = Drawing()
    async with app.run_test(size=(20, 4)) as pilot:
        await pilot.pause(FIRST_FRAMES_S)
        screen = app.screen
        assert isinstance(screen, Patient)
        link(True)
        app.rows.clear()
        above, below = (screen.query_one(f"#{name}", Static) for name in ("above", "below"))
        above.update("anew")
        await until(lambda: screen._waits_for_terminal and screen._compositor._dirty_regions, pilot)
        below.update("anew")
        # The screen knows already; the compositor is told by the next frame's timer.
        while below not in screen._dirty_widgets:  # noqa: ASYNC110 - Textual tells nobody
            await asyncio.sleep(0)
        link(False)
        screen._draw_late()
        await until(lambda: app.rows == {0, 1}, pilot)


async def test_what_is_due_in_a_batch_is_drawn_after_it(link: Callable[[bool], None]) -> None:
    app = Drawing()
    async with app.run_test(size=(20, 4)) as pilot:
        await pilot.pause(FIRST_FRAMES_S)
        screen = app.screen
        assert isinstance(screen, Patient)
        link(True)
        app.rows.clear()
        screen.query_one("#below", Static).update("anew")
        await until(lambda: screen._waits_for_terminal and screen._compositor._dirty_regions, pilot)
        with app.batch_update():
            link(False)
            screen._draw_late()
            assert screen._compositor._dirty_regions, "not thrown away"
        await until(lambda: 1 in app.rows, pilot)
