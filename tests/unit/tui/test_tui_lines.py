"""Lines: everything is measured in cells, whatever characters are in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.text import visible
from cockpit.tui.lines import (
    cut,
    duration,
    fitted,
    flowed,
    in_two_lines,
    padded,
    spread,
    width_of,
    without_folders,
    wrapped,
)

# What reaches a line has passed through `visible`.
CHARACTERS = st.sampled_from([*list("ab Z…✔▶é"), "漢", "字", "😀", "é", "한", "ﾊ", "👩🏽", "\x1b[31m", "[b]"])
TEXTS = st.lists(CHARACTERS, max_size=40).map(lambda parts: visible("".join(parts)))
LINES = st.lists(st.tuples(TEXTS, st.sampled_from(["plain", "bad", "dim"])), max_size=6).map(tuple)
WIDTHS = st.integers(1, 60)


@given(LINES, WIDTHS)
def test_a_fitted_line_never_takes_more_cells_than_it_has(line, width):
    assert width_of(fitted(line, width)) <= width


@given(LINES, WIDTHS)
def test_a_line_that_was_cut_says_so(line, width):
    if width_of(line) > width:
        assert "".join(text for text, _ in fitted(line, width)).endswith("…")
    else:
        assert fitted(line, width) == line


@given(TEXTS, WIDTHS)
def test_padding_gives_exactly_the_cells_asked_for(text, width):
    assert cell_len(padded(text, width)) == width


@given(TEXTS, st.integers(0, 60))
def test_a_cut_text_is_the_text_or_ends_in_an_ellipsis(text, width):
    result = cut(text, width)
    assert cell_len(result) <= width
    assert result == text or result.endswith("…") or width == 0


@given(LINES, LINES, st.integers(1, 80))
def test_left_and_right_fill_the_width_exactly_or_are_cut_to_it(left, right, width):
    line = spread(left, right, width)
    assert width_of(line) <= width
    if width - width_of(right) >= 8:
        assert width_of(line) == width
        assert line[len(line) - len(right) :] == right


@given(TEXTS, st.integers(2, 60))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text, width):
    lines = wrapped(text, width)
    assert all(cell_len(each) <= width for each in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_wrapping_ends_even_where_a_character_is_wider_than_the_line():
    assert wrapped("漢字", 1) == ["漢", "字"]


def test_durations_are_said_in_seconds_then_minutes_then_hours():
    assert [duration(each) for each in (-3, 0, 59.9, 60, 3599, 3600, 7_260)] == [
        "0s",
        "0s",
        "59s",
        "1m",
        "59m",
        "1:00",
        "2:01",
    ]


@given(st.lists(LINES, max_size=6), st.integers(1, 60))
def test_flowing_parts_keep_their_order_and_none_is_broken_to_fit(parts, width):
    lines = flowed(parts, width)
    told = [text for line in lines for text, _ in line if text != "  "]
    assert told == [text for part in parts for text, _ in part if text != "  "]
    for line in lines:
        assert width_of(line) <= width or line in parts


def test_a_line_that_is_broken_within_a_span_keeps_the_space_before_it():
    line = (("✖ ", "bad"), ("ana holds the run: no-go", "bold"), (" — release the hold first, with a reason", "plain"))
    first, second = in_two_lines(line, 44)
    assert "".join(text for text, _ in first) == "✖ ana holds the run: no-go — release the"
    assert "".join(text for text, _ in second) == "  hold first, with a reason"


def test_what_became_of_a_log_is_told_without_the_folders_it_is_in():
    told = "/var/lib/runs/01KXYZ/audit.jsonl was cut from 9 to 5 bytes; see `cockpit print /var/lib/runs/01KXYZ`"
    assert without_folders(told) == "audit.jsonl was cut from 9 to 5 bytes; see `cockpit print /var/lib/runs/01KXYZ`"
