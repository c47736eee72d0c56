"""Places keep their order and stay within the width, whatever was idle and however narrow it is."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cockpit.report.replay.scaling import SHARE, scale
from cockpit.report.replay.timeline import GAP_S, Gap, Timeline

HOUR = 3600.0


@st.composite
def timelines(draw) -> Timeline:
    """Stretches in which something was done, with idle ones between them."""
    at, gaps = draw(st.floats(0, 4 * HOUR)), []
    for _ in range(draw(st.integers(0, 30))):
        end = at + draw(st.floats(GAP_S, 100 * HOUR))
        gaps.append(Gap(at, end))
        at = end + draw(st.floats(0, 4 * HOUR))
    after = draw(st.floats(0, 50 * HOUR))
    return Timeline(facts=1, length_s=at + after, active_s=at, gaps=tuple(gaps))


@given(timelines(), st.integers(1, 300), st.lists(st.floats(-HOUR, 4000 * HOUR), max_size=20))
def test_places_keep_their_order_and_stay_within_the_width(timeline, width, places):
    where = scale(timeline, width)
    cells = [where.cell(place) for place in sorted(places)]
    assert all(0 <= cell < width for cell in cells)
    assert all(a <= b for a, b in pairwise(cells))
    assert where.cell(-1.0) == 0
    if timeline.length_s > 0:
        assert where.cell(timeline.length_s) == width - 1


@given(timelines(), st.integers(1, 300))
def test_a_cell_leads_to_a_place_that_stands_in_it(timeline, width):
    where = scale(timeline, width)
    for cell in {0, width // 3, width // 2, width - 1}:
        just_within_s = min(1e-6, timeline.length_s / width / 2)
        assert timeline.length_s == 0 or abs(where.cell(where.place(cell) + just_within_s) - cell) <= 1


@given(timelines(), st.integers(1, 300))
def test_breaks_are_whole_cells_apart_from_each_other_and_say_what_they_have_room_for(timeline, width):
    where = scale(timeline, width)
    for pause in where.breaks:
        assert pause.first >= 0
        assert pause.first + pause.cells <= width
        assert len(pause.says) + 2 <= pause.cells or (pause.says == "" and pause.cells == 1)
    assert all(a.first + a.cells <= b.first for a, b in pairwise(where.breaks))


def test_a_checkpoint_a_day_later_leaves_the_night_its_room():
    night = Timeline(facts=9, length_s=28 * HOUR, active_s=28 * HOUR, gaps=(Gap(4 * HOUR, 28 * HOUR - 60),))
    where = scale(night, 80)
    assert [(pause.cells, pause.says) for pause in where.breaks] == [(5, "24h")]
    assert where.cell(4 * HOUR - 1) >= 70


def test_days_of_scattered_work_before_the_night_leave_it_its_room_too():
    gaps = tuple(Gap(day * 10 * HOUR, day * 10 * HOUR + 9.9 * HOUR) for day in range(12))
    where = scale(Timeline(facts=9, length_s=123 * HOUR, active_s=123 * HOUR, gaps=gaps), 80)
    assert len(where.breaks) == 12
    assert where.cell(123 * HOUR) - where.cell(120 * HOUR) > 40


def test_a_gap_that_is_not_long_beside_the_rest_stands_in_proportion():
    gaps = (Gap(0.0, SHARE * 10 * HOUR - 1),)
    assert scale(Timeline(facts=2, length_s=10 * HOUR, active_s=10 * HOUR, gaps=gaps), 80).breaks == ()


def test_what_waits_at_the_end_of_a_live_run_is_cut_short_too():
    where = scale(Timeline(facts=2, length_s=4 * HOUR, active_s=4 * HOUR), 80, until_s=30 * HOUR)
    assert [pause.says for pause in where.breaks] == ["26h"]
    assert where.cell(30 * HOUR) == 79
