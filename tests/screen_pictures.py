"""What every picture of a screen shares: its sizes, and keys that are pressed before it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from screen_story import apart, until
from textual.pilot import Pilot
from textual.widgets import Input

WIDE, NARROW = (120, 40), (80, 24)
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])


def looks(*keys: str, each_after_s: float = 0.0) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Press keys once the step is drawn as Markdown; a cursor in a field does not blink.

    `each_after_s`: for how long what a key opens takes no other.
    """

    async def before(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        await until(pilot, lambda: bool(app.shows("step")), "the first paint")
        app.run_screen.format_steps()
        for number, key in enumerate(keys):
            if number and each_after_s:
                await asyncio.sleep(each_after_s)
            await apart(pilot, key)
            if app.screen is not app.run_screen:
                for field in app.screen.query(Input):
                    field.cursor_blink = False
                    field._cursor_visible = True
        await pilot.pause()

    return before
