"""The pane: what it refreshes covers every cell that changed, however wide its characters are."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len, chop_cells
from textual.app import App
from textual.strip import Strip

from cockpit.text import visible
from cockpit.tui.lines import fitted
from cockpit.tui.widgets import pane as panes
from cockpit.tui.widgets.pane import Pane

WIDTH = 24
CHARACTERS = st.sampled_from([*list("ab Z…✔▶▁█"), "漢", "字", "😀", "é", "한", "👩🏽", "🇮🇹"])
TEXTS = st.lists(CHARACTERS, max_size=16).map(lambda parts: visible("".join(parts)))
INKS = st.sampled_from(["plain", "bad"])
LINES = st.lists(st.tuples(TEXTS, INKS), max_size=4).map(lambda spans: fitted(tuple(spans), WIDTH))


def columns(line):
    """What stands in each column, worked out apart from the code under test: a cell, its ink, and its place in it."""
    found = []
    for text, ink in line:
        for grapheme in chop_cells(text, 1):
            found += [(grapheme, ink, place) for place in range(cell_len(grapheme))]
    return (found + [(" ", "plain", 0)] * WIDTH)[:WIDTH]


@given(LINES, LINES)
@example((("👩🏽ab", "plain"),), (("👩🏽ac", "plain"),))
@example((("漢a", "plain"),), (("字a", "plain"),))
def test_the_region_covers_every_cell_that_differs(before, after):
    if before == after:
        return
    region = panes._difference(before, after, 3, WIDTH)
    old, new = columns(before), columns(after)
    changed = [x for x in range(WIDTH) if old[x] != new[x]]
    assert region.y == 3
    assert region.height == 1
    assert region.x >= 0
    assert region.right <= WIDTH
    if changed:
        assert region.x <= changed[0]
        assert region.right > changed[-1]


@given(LINES, LINES)
def test_the_region_begins_where_a_character_begins_on_both_lines(before, after):
    if before == after:
        return
    x = panes._difference(before, after, 0, WIDTH).x
    assert columns(before)[x][2] == 0 or x == 0
    assert columns(after)[x][2] == 0 or x == 0


def test_a_small_change_refreshes_a_small_region():
    before = (("connections        41", "plain"),)
    after = (("connections        42", "plain"),)
    assert panes._difference(before, after, 0, WIDTH).size == (1, 1)


class OnePane(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.pane = Pane(id="one")

    def compose(self):
        yield self.pane


async def test_what_is_drawn_is_what_was_last_shown_cut_to_the_pane():
    app = OnePane()
    async with app.run_test(size=(20, 3)) as pilot:
        app.pane.show([(("a line that is longer than the pane", "bad"),), (("漢字", "plain"),)])
        await pilot.pause()
        rows = [app.pane.render_line(y) for y in range(3)]
        assert [row.text.rstrip() for row in rows] == ["a line that is long…", "漢字", ""]
        assert all(row.cell_length == 20 for row in rows)
        app.pane.show([(("short", "plain"),)])
        await pilot.pause()
        assert app.pane.lines == ((("short", "plain"),),)
        assert app.pane.render_line(1).text.strip() == ""


async def test_markup_and_links_in_a_line_are_only_text():
    app = OnePane()
    async with app.run_test(size=(40, 3)) as pilot:
        app.pane.show([(("[@click=app.quit]quit[/] [bold]x", "plain"),)])
        await pilot.pause()
        strip: Strip = app.pane.render_line(0)
        assert strip.text.startswith("[@click=app.quit]quit[/] [bold]x")
        assert not any(segment.style and segment.style.meta.get("@click") for segment in strip)
