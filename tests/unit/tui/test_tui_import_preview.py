"""The preview of an import: which rows belong together, how one moves, and what stands there at every size."""

from __future__ import annotations

import import_story
import pytest
from import_story import RUNBOOK
from msgspec.structs import replace
from screen_story import apart, until
from textual.widgets import Input

from cockpit.importing.imported import Imported, imported
from cockpit.importing.linking import toml_lines
from cockpit.importing.source import Source
from cockpit.profile.model import Step
from cockpit.text import visible
from cockpit.tui.importing.app import PreviewApp
from cockpit.tui.importing.drawing import READING, boxes, stretches
from cockpit.tui.importing.moving import Place
from cockpit.tui.importing.sheets import SourceRows, highlighted, toml_sheet
from cockpit.tui.importing.walk_sheet import walk_sheet
from cockpit.tui.lines import width_of

HOSTILE = "\x1b]0;owned\x07[@click=app.quit]quit[/] [bold]x[/bold]\u202e\x9b31m"


def made(*texts: str) -> Imported:
    """Of these texts, or the one made by hand."""
    if not texts:
        return import_story.made()
    sources = [
        Source(name=f"{name}.md", lines=tuple(text.splitlines()))
        for name, text in zip(("SHOP", "B", "C"), texts, strict=False)
    ]
    return imported(sources)


def placed(*texts: str) -> tuple[Place, SourceRows, Imported]:
    found = made(*texts)
    toml = toml_lines(found.toml)
    rows = SourceRows(found, toml.tables)
    return Place(rows.sheet, toml_sheet(toml)), rows, found


def text_at(place: Place, side: str) -> str:
    return place.sheets[side].text(place.rows[side])  # type: ignore[index]


# ---- where one is ----------------------------------------------------------------------------------------------------


def test_moving_in_the_source_brings_the_table_of_its_step_into_sight():
    place, _, _ = placed()
    place.go(RUNBOOK.splitlines().index("systemctl stop shop"))
    shown = [place.sheets["profile"].text(row) for row in place.window("profile", 12)]
    assert 'command = "systemctl stop shop"' in shown
    marked = [place.sheets["profile"].text(row) for row in sorted(place.marked("profile"))]
    assert marked[0] == "[[phases.steps]]"
    assert 'command = "systemctl stop shop"' in marked
    assert 'id = "wait"' not in marked


def test_moving_in_the_profile_brings_the_lines_it_was_made_of_into_sight():
    place, _, _ = placed()
    place.turn()
    assert place.find("systemctl stop shop")
    marked = [place.sheets["source"].text(row) for row in sorted(place.marked("source"))]
    assert marked == ["# stop the old one", "systemctl stop shop"]


def test_what_is_one_s_on_the_other_side_stays_where_nothing_belongs_to_a_line():
    place, _, _ = placed()
    place.go(RUNBOOK.splitlines().index("systemctl stop shop"))
    before = place.rows["profile"]
    place.go(RUNBOOK.splitlines().index("replicas: 3"))
    assert (place.rows["profile"], place.marked("profile")) == (before, frozenset())


def test_lines_that_are_not_mapped_are_visited_once_for_each_stretch():
    place, rows, _ = placed()
    found = []
    while place.next(rows.sheet.stops, 1):
        found.append(text_at(place, "source"))
    assert found == ["Some words about it, which say why.", "replicas: 3", "replicas: 1"]
    assert place.next(rows.sheet.stops, -1)
    assert text_at(place, "source") == "replicas: 3"
    assert place.next(rows.sheet.stops, -1)
    assert not place.next(rows.sheet.stops, -1)


def test_every_row_can_be_come_to_and_is_in_sight_at_any_height():
    place, rows, _ = placed()
    for side in ("source", "profile"):
        for height in (1, 2, 5, 500):
            place.go(0)
            for row in range(len(place.sheet)):
                place.go(row)
                assert row in place.window(side, height)  # type: ignore[arg-type]
            place.go(10**9)
            assert place.row == len(place.sheet) - 1
        place.turn()
    assert len(rows.sheet) == len(RUNBOOK.splitlines())


def test_a_search_ignores_case_goes_round_and_says_when_there_is_nothing():
    place, _, _ = placed()
    assert place.find("SLEEP 30")
    first = place.row
    assert place.find("sleep 30")
    assert place.row == first
    assert not place.find("no such words")
    assert place.row == first


def test_the_walk_shows_the_step_that_the_toml_was_at():
    place, _, found = placed()
    place.turn()
    assert place.find("systemctl stop shop")
    place.show(walk_sheet(found.profile))
    assert "stop the old one" in text_at(place, "profile").lower()


def test_every_key_of_the_toml_is_found_in_the_walk_too():
    _, _, found = placed()
    walk = walk_sheet(found.profile)
    toml = toml_lines(found.toml)
    assert {table.key for table in toml.tables} <= set(walk.rows_of)


def test_a_step_that_was_made_of_something_else_leads_to_the_lines_that_it_names():
    found = made()
    sent = Step(id="send", title="Send it", source="SHOP.md:13-15")
    phase = found.profile.phases[0]
    profile = replace(found.profile, phases=(replace(phase, steps=(*phase.steps, sent)), *found.profile.phases[1:]))
    rows = SourceRows(replace(found, profile=profile), ())
    assert [rows.sheet.text(row) for row in rows.sheet.rows_of["step", "send"]] == [
        "# stop the old one",
        "systemctl stop shop",
        "sleep 30",
    ]
    far = replace(sent, source="SHOP.md:29-99999999")
    profile = replace(found.profile, phases=(replace(phase, steps=(*phase.steps, far)),))
    assert SourceRows(replace(found, profile=profile), ()).sheet.keys  # what is said of lines that are not there


def test_several_sources_begin_with_their_names_and_keep_their_own_numbers():
    _, rows, _ = placed(RUNBOOK, "## Checks\n\n- [ ] Look at the graphs\n")
    names = [rows.names[row] for row, entry in enumerate(rows.entries) if entry is None]
    assert names == ["SHOP.md", "B.md"]
    last = rows.entries[-1]
    assert last is not None
    assert (last.line, last.text) == (3, "- [ ] Look at the graphs")


# ---- what is drawn ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(40, 10), (60, 12), (72, 15), (80, 24), (99, 30), (100, 16), (120, 40), (300, 90)])
def test_panes_fill_the_terminal_and_never_overlap(size: tuple[int, int]):
    for side in ("source", "profile"):
        cells = [
            (x, y)
            for box in boxes(*size, side).values()  # type: ignore[arg-type]
            for x in range(box.x, box.x + box.width)
            for y in range(box.y, box.y + box.height)
        ]
        assert len(cells) == len(set(cells)) == size[0] * size[1]


def test_toml_is_told_apart_by_its_parts_and_a_text_is_none_of_them():
    assert [ink for _, ink in highlighted('title = "x"', is_text=False)] == ["accent", "dim", "plain"]
    assert [ink for _, ink in highlighted("[[phases]]", is_text=False)] == ["bold"]
    assert [ink for _, ink in highlighted("# a remark", is_text=False)] == ["warn"]
    assert [ink for _, ink in highlighted('title = "x"', is_text=True)] == ["plain"]
    assert [ink for _, ink in highlighted("# no remark", is_text=True)] == ["plain"]


def test_lines_are_told_in_stretches():
    assert stretches([1, 2, 2, 3, 7, 9, 10]) == [(1, 3), (7, 7), (9, 10)]


def shown(app: PreviewApp, name: str) -> str:
    return "\n".join("".join(part for part, _ in line) for line in app.preview._panes[name].lines)


async def test_a_line_that_is_not_mapped_is_said_with_why():
    app = PreviewApp(made())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: bool(shown(app, "source")), "the first paint")
        await apart(pilot, "n", "n")
        assert shown(app, "says").startswith(" line 19: it asks for something, and is not mapped: yaml is shown")
        assert "✖" in shown(app, "source")
        assert shown(app, "top").rstrip().endswith("5 of 8 mapped, 3 not")
        await apart(pilot, "n", "n")
        assert "no line after this one is left out" in shown(app, "says")


async def test_both_sides_stand_one_above_the_other_on_a_small_terminal():
    app = PreviewApp(made())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: bool(shown(app, "source")), "the first paint")
        assert "Move the shop" in shown(app, "source")
        assert 'title = "Move the shop to its new house"' in shown(app, "profile")
        assert "PRODUCTION" in shown(app, "top")


async def test_where_there_is_room_for_one_side_the_other_is_a_key_away_and_named():
    app = PreviewApp(made())
    async with app.run_test(size=(60, 12)) as pilot:
        await until(pilot, lambda: bool(shown(app, "source")), "the first paint")
        source, profile = app.preview._panes["source"], app.preview._panes["profile"]
        assert (source.display, profile.display) == (True, False)
        assert "(Tab: the profile)" in source._title
        await apart(pilot, "tab")
        await until(pilot, lambda: bool(shown(app, "profile")), "the other side")
        assert (source.display, profile.display) == (False, True)
        assert "(Tab: the source)" in profile._title


async def test_a_terminal_that_is_too_small_is_told_so_and_comes_back():
    app = PreviewApp(made())
    async with app.run_test(size=(30, 8)) as pilot:
        await until(pilot, lambda: "at least" in shown(app, "top"), "the sentence")
        assert f"{READING[0]}x{READING[1]} at least" in shown(app, "top")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "Move the shop" in shown(app, "source"), "the sides")


async def test_a_search_is_asked_for_and_gone_on_with():
    app = PreviewApp(made())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: bool(shown(app, "source")), "the first paint")
        await apart(pilot, "slash", *"replicas", "enter")
        await until(pilot, lambda: not isinstance(app.focused, Input), "the field to close")
        assert app.preview.place.row == 18
        await apart(pilot, "full_stop")
        assert app.preview.place.row == 26
        await apart(pilot, "comma")
        assert app.preview.place.row == 18


async def test_the_whole_line_and_all_keys_can_be_read():
    app = PreviewApp(made("# Shop\n\n## Deployment\n\n- [ ] " + "long words " * 60 + "the end\n"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: bool(shown(app, "source")), "the first paint")
        await apart(pilot, "G", "enter")
        await until(pilot, lambda: app.screen is not app.preview, "the whole line")
        lines = app.screen.query_one("#reading").lines  # type: ignore[attr-defined]
        assert "the end" in "\n".join("".join(part for part, _ in line) for line in lines)
        await apart(pilot, "escape", "question_mark")
        await until(pilot, lambda: app.screen is not app.preview, "help")


async def test_what_stands_in_a_runbook_acts_on_no_terminal():
    text = f"# Shop {HOSTILE}\n\n## Deployment\n\n- [ ] {HOSTILE}\n\n```yaml\n{HOSTILE}\n```\n"
    app = PreviewApp(made(text))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: bool(shown(app, "source")), "the first paint")
        for key in ("n", "enter", "escape", "t", "tab", "G", "enter", "escape"):
            await apart(pilot, key)
            everything = "".join(part for pane in app.screen.query("Pane") for line in pane.lines for part, _ in line)  # type: ignore[attr-defined]
            assert everything == visible(everything)
            for pane in app.screen.query("Pane"):
                assert all(width_of(line) <= pane.content_size.width for line in pane.lines)  # type: ignore[attr-defined]
        assert app.is_running


async def test_wide_characters_keep_to_the_width():
    app = PreviewApp(made("# Shop\n\n## Deployment\n\n- [ ] " + "日本語の手順" * 40 + "\n"))
    async with app.run_test(size=(81, 24)) as pilot:
        await until(pilot, lambda: bool(shown(app, "source")), "the first paint")
        await apart(pilot, "G")
        for name in ("source", "profile"):
            pane = app.preview._panes[name]
            assert all(width_of(line) <= pane.content_size.width for line in pane.lines)


async def test_four_thousand_lines_are_moved_through_without_drawing_what_is_not_in_sight():
    lines = [f"- [ ] Check number {number} of the many that there are" for number in range(1300)]
    app = PreviewApp(made("# Shop\n\n## Deployment\n\n" + "\n\n\n".join(lines) + "\n"))
    drawn = 0
    draw = app.preview.rows.sheet.draw

    def counted(row: int):
        nonlocal drawn
        drawn += 1
        return draw(row)

    app.preview.rows.sheet.draw = counted
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: bool(shown(app, "source")), "the first paint")
        drawn = 0
        for _ in range(50):
            app.preview.action_move(1)
        assert drawn <= 50 * 40
        await apart(pilot, "G")
        assert "1299" in shown(app, "source")
