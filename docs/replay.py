"""Makes `docs/replay.svg`, the README's picture of a replay: the long night that the tests tell, at a hold.

.uv/bin/uv run python docs/replay.py
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

TOP = Path(__file__).parents[1]
PICTURE = Path(__file__).with_name("replay.svg")
SIZE = (120, 36)


async def take_picture(log: Path) -> str:
    """Read the log, go to the first trigger, and return the screen as SVG."""
    from cockpit.report.replay.film import Film
    from cockpit.tui.replay import ReplayApp

    app = ReplayApp(Film(log), at="!trigger")
    async with app.run_test(size=SIZE) as pilot:
        while app.film.proof is None or not app.run_screen.player.view.state.fired:
            await pilot.pause(0.05)
        await pilot.pause(0.2)
        return app.export_screenshot(title="cockpit replay")


def main() -> None:
    """Write the picture."""
    sys.path.insert(0, str(TOP / "tests"))
    from report_story import long_night, written

    with TemporaryDirectory() as folder:
        log = written(long_night().events, Path(folder) / "night.jsonl")
        PICTURE.write_text(asyncio.run(take_picture(log)))


if __name__ == "__main__":
    main()
