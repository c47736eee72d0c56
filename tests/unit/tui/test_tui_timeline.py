"""The timeline in cells: exactly as wide as asked for, every mark in its place, readable without colour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from screen_story import text_of

from cockpit.report.marks import KINDS, SIGNS, Sign
from cockpit.report.replay.timeline import GAP_S, Anchor, Gap, Mark, Stretch, Timeline
from cockpit.tui.panes.timeline import Scene, legend, timeline

AT = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
TITLES = st.sampled_from(["Database", "Ein sehr langer Name einer Phase", "数据库迁移", "\x1b[31mred", "", "x"])


@st.composite
def scenes(draw) -> Scene:
    """A run of up to a hundred facts: phases that touch, marks anywhere, a hold, gaps."""
    count = draw(st.integers(1, 100))
    steps = draw(st.lists(st.floats(0, 2e4), min_size=count, max_size=count))
    places = [sum(steps[: at + 1]) - steps[0] for at in range(count)]
    cuts = sorted({0, *draw(st.lists(st.integers(0, count - 1), max_size=12))})
    phases = tuple(
        Stretch(
            f"p{n}", str(n), draw(TITLES), first, places[first],
            None if last is None else last, None if last is None else places[last], is_back=draw(st.booleans()),
        )
        for n, (first, last) in enumerate(zip(cuts, [*cuts[1:], None], strict=True))
    )  # fmt: skip
    marked = draw(st.lists(st.tuples(st.integers(0, count - 1), st.sampled_from(KINDS)), max_size=30))
    marks = tuple(Mark(at, at + 1, kind, places[at], AT + timedelta(seconds=places[at])) for at, kind in sorted(marked))
    gaps = tuple(Gap(a, b) for a, b in pairwise(places) if b - a >= GAP_S)
    shown = Timeline(
        facts=count, length_s=places[-1], active_s=places[-1], anchors=(Anchor(0, 0.0, AT),), phases=phases,
        steps=phases, holds=phases[:1], marks=marks, gaps=gaps, window_start=AT, window_end=AT + timedelta(hours=2),
        no_return=AT + timedelta(hours=1),
    )  # fmt: skip
    place_s = draw(st.floats(0, places[-1] + 100))
    return Scene(timeline=shown, place_s=place_s, at=AT + timedelta(seconds=place_s), zone=UTC, noted_s=places[0])


@given(scenes(), st.integers(1, 200), st.integers(1, 4))
def test_every_line_is_as_wide_as_asked_for_and_there_are_as_many_as_asked_for(scene, width, rows):
    lines = timeline(scene, width, rows)
    assert len(lines) == rows
    for line in lines:
        assert cell_len(text_of(line)) == len(text_of(line)) == width
        assert text_of(line).isprintable()
        assert sum(len(text) for text, ink in line if ink == "here") <= 1


@given(scenes(), st.integers(20, 200))
def test_every_mark_has_its_glyph_unless_a_graver_one_shares_its_cell(scene, width):
    marks = text_of(timeline(scene, width, 3)[0])
    for mark in scene.timeline.marks:
        assert any(SIGNS[kind].glyph in marks for kind in KINDS[: KINDS.index(mark.kind) + 1])
    if scene.timeline.marks:
        gravest = min((mark.kind for mark in scene.timeline.marks), key=KINDS.index)
        assert SIGNS[gravest].glyph in marks


@given(scenes(), st.integers(20, 200))
def test_where_the_replay_stands_is_marked_at_the_same_cell_in_every_row(scene, width):
    lines = timeline(scene, width, 4)
    cells = []
    for line in lines[:3]:
        before = 0
        for text, ink in line:
            if ink == "here":
                cells.append(before)
            before += len(text)
    assert len(cells) == 3
    assert len(set(cells)) == 1
    assert text_of(lines[3])[cells[0]] == "↑" or "↑" not in text_of(lines[3])


def shown(*marks: tuple[float, str]) -> Timeline:
    phases = (Stretch("a", "1", "Database", 0, 0.0, 3, 3600.0), Stretch("b", "R1", "Undo", 3, 3600.0, is_back=True))
    return Timeline(
        facts=9, length_s=7200.0, active_s=7200.0, anchors=(Anchor(0, 0.0, AT),), phases=phases, steps=phases,
        holds=(Stretch("bo", "", "lag", 1, 720.0, 2, 1440.0),),
        marks=tuple(Mark(1, 1, kind, at_s, AT + timedelta(seconds=at_s)) for at_s, kind in marks),  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_night_reads_without_any_colour():
    scene = Scene(
        timeline=shown((720, "hold"), (1440, "release"), (3600, "rollback"), (3601, "note"), (5400, "failure")),
        place_s=5000.0,
        at=AT + timedelta(seconds=5000),
        zone=UTC,
    )
    assert [text_of(line) for line in timeline(scene, 60, 4)] == [
        "      ■━━━━━□                 ◀2             ✖              ",
        "│1 Database───────────────────│R1 Undo═══╋══════════════════",
        "│1                            │R1                           ",
        "22:00                                    ↑23:23:20 Sun 00:00",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_help_says_what_every_glyph_means(kind):
    sign: Sign = SIGNS[kind]
    assert any(text_of(line).startswith(sign.glyph) and sign.means in text_of(line) for line in legend())


def test_nothing_is_drawn_before_a_fact_is_known():
    assert timeline(Scene(timeline=Timeline(), place_s=0.0, at=AT, zone=UTC), 80, 3) == []
