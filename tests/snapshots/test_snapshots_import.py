"""How the preview of an import looks: side by side, one above the other, and as a walk."""

from __future__ import annotations

import pytest
from import_story import made
from screen_story import apart, until

from cockpit.tui.importing.app import PreviewApp


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch):
    """The picture depends on no terminal's wishes."""
    for name in ("NO_COLOR", "COCKPIT_THEME", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS"):
        monkeypatch.delenv(name, raising=False)


def app(environment: str = "production") -> PreviewApp:
    return PreviewApp(made(environment))


def after(*keys, lines=0):
    async def before(pilot):
        await until(pilot, lambda: bool(pilot.app.preview._panes["source"].lines), "the first paint")
        pilot.app.preview.action_move(lines)
        for key in keys:
            await apart(pilot, key)

    return before


def test_a_step_and_its_lines_side_by_side(snap_compare):
    assert snap_compare(app(), terminal_size=(120, 40), run_before=after(lines=12))


def test_a_line_that_is_not_mapped_on_a_small_terminal(snap_compare):
    assert snap_compare(app("staging"), terminal_size=(80, 24), run_before=after("n"))


def test_the_walk_beside_the_source(snap_compare):
    assert snap_compare(app(), terminal_size=(120, 40), run_before=after("t", lines=14))
