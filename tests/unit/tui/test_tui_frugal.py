"""What is written to the terminal for a partial update: fewer bytes, the same cells."""

from __future__ import annotations

import random

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from screen_story import FakeSeat, StoryApp, blocked
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from cockpit.tui.widgets.frugal import FrugalCompositor, FrugalUpdate

WIDTH, HEIGHT = 24, 3
COLOURS = st.sampled_from([None, Color.parse("#8a94a6"), Color.parse("red"), Color.parse("default")])
STYLES = st.builds(
    lambda bold, dim, underline, reverse, strike, italic, fore, back: (
        Style(bold=bold, dim=dim, underline=underline, reverse=reverse, strike=strike, italic=italic)
        + Style.from_color(fore, back)
    ),
    *([st.sampled_from([None, True, False])] * 6),
    COLOURS,
    COLOURS,
)
SEGMENTS = st.lists(
    st.tuples(st.text("ab ✔漢", min_size=1, max_size=6), st.one_of(st.none(), STYLES)), min_size=1, max_size=6
)


def row(parts: list[tuple[str, Style | None]]) -> Strip:
    return Strip([Segment(text, style) for text, style in parts]).adjust_cell_length(WIDTH)


def painted(first: str, then: str) -> list[tuple[object, ...]]:
    screen = pyte.Screen(WIDTH, HEIGHT)
    pyte.Stream(screen).feed(first + then)
    return [tuple(screen.buffer[y][x] for x in range(WIDTH)) for y in range(HEIGHT)]


def console() -> Console:
    return Console(color_system="truecolor", force_terminal=True, legacy_windows=False)


@given(
    st.lists(SEGMENTS, min_size=HEIGHT, max_size=HEIGHT),
    st.lists(st.tuples(st.integers(0, HEIGHT - 1), st.integers(0, 10), st.integers(11, WIDTH)), min_size=1, max_size=3),
    st.integers(1, WIDTH - 1),
)
def test_a_frugal_update_leaves_the_cells_that_textuals_own_leaves(rows, spans, cut):
    """The dirty spans lie in rows that are already on the screen up to them, as the compositor's always do."""
    strips = [row(parts) for parts in rows]
    chops = [dict(zip((0, cut), strip.divide([cut, WIDTH]), strict=True)) for strip in strips]
    ends = [[cut, WIDTH]] * HEIGHT
    one_each = sorted({y: (y, first, last) for y, first, last in spans}.values())
    # Left of a span the screen already shows what Textual would write there once more.
    before = "".join(
        f"\x1b[{y + 1};1H" + Strip.join(chops[y].values()).crop(0, first).render(console()) for y, first, _ in one_each
    )
    theirs = ChopsUpdate(chops, one_each, ends).render_segments(console())
    ours = FrugalUpdate(chops, one_each, ends).render_segments(console())
    assert painted(before, ours) == painted(before, theirs)


def test_a_changed_number_writes_its_own_cells_and_not_its_pane():
    plain = Style.parse("#e0e0e0 on #121212")
    strip = Strip([Segment("✔ ", Style.parse("green")), Segment("probe_000          142 ms", plain)])
    update = FrugalUpdate([{0: strip}], [(0, 21, 24)], [[strip.cell_length]])
    written = update.render_segments(console())
    assert "142" in written
    assert "probe" not in written
    assert len(written) < 60


def test_nothing_is_written_without_a_span_that_holds_a_cell():
    strip = Strip([Segment("abc")])
    assert FrugalUpdate([{0: strip}], [(0, 3, 9)], [[3]]).render_segments(console()) == ""


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_an_update_holds_what_the_whole_screen_would_show_there(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also beside panes that were not asked, and where a dialog lies over some of them."""
    updates: list[tuple[int, int, int]] = []
    whole = FrugalCompositor.render_partial_update

    def compared(self: FrugalCompositor) -> ChopsUpdate | None:
        update = whole(self)
        if update is not None:
            shown = self.render_strips()
            for y, first, last in update.spans:
                parts = [(x, strip) for x, strip in update.chops[y].items() if strip is not None]
                found = Strip.join(
                    strip.crop(max(0, first - x), last - x)
                    for (x, strip), end in zip(parts, update.chop_ends[y], strict=False)
                    if x < last and x + strip.cell_length > first
                )
                assert found.text == shown[y].crop(first, last).text
                updates.append((y, first, last))
        return update

    monkeypatch.setattr(FrugalCompositor, "render_partial_update", compared)
    dice = random.Random(7)
    app = StoryApp(FakeSeat(blocked()))
    async with app.run_test(size=size) as pilot:
        for _ in range(60):
            await pilot.press(dice.choice(("down", "up", "down", "n", "a", "escape", "question_mark", "pagedown", "x")))
            await pilot.pause()
    assert len(updates) > 50
