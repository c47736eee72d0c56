"""Makes `docs/screen.svg`, the README's picture: the demo's real screen, while the migration is under way.

    .uv/bin/uv run python docs/screen.py

It starts a demo, confirms its way to step 2.3 by keys, takes the picture while the gate is still blocked, and stops it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from cockpit.demo import launch
from cockpit.session.identity import actor
from cockpit.session.seat import Seat
from cockpit.tui.app import CockpitApp

PICTURE = Path(__file__).with_name("screen.svg")
SIZE = (120, 36)
LOOK_S = 0.1


async def take_picture(seat: Seat) -> str:
    """Walk to the migration and return the screen as SVG."""
    app = CockpitApp(seat)
    async with app.run_test(size=SIZE) as pilot:
        while True:
            state = seat.view.state
            assert state.cursor is not None, "walked past the migration"
            gate = state.gates.get(state.cursor.gate)
            verdict = gate.verdict if gate and gate.opened_seq == state.cursor.opened_seq else "pending"
            if state.cursor.step == "migrate" and verdict == "blocked":
                await pilot.pause(LOOK_S)
                return app.export_screenshot(title="cockpit demo")
            if verdict == "pass":
                await pilot.press("c")
            await pilot.pause(0.5)


def main() -> None:
    """Write the picture."""
    demo = launch.start()
    try:
        seat = Seat.open(demo.run_dir, actor())
        try:
            PICTURE.write_text(asyncio.run(take_picture(seat)))
        finally:
            seat.close()
    finally:
        launch.stop()


if __name__ == "__main__":
    main()
