"""What of an action's output reaches the log."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cockpit.actions.runner import Output
from cockpit.keeper.outlet import ALL_BYTES, EVERY_S, PART_BYTES, PROGRESS_LINES, Outlet
from cockpit.run.events import ActionOutput


def size(text: str) -> int:
    return len(text.encode())


def test_the_first_words_are_told_at_once_and_the_next_ones_together_a_little_later() -> None:
    outlet = Outlet("A")
    outlet.take(Output(text="one\n"))
    assert outlet.due(10.0) == ActionOutput(action="A", text="one\n")
    outlet.take(Output(text="two\n"))
    assert outlet.due(10.1) is None
    outlet.take(Output(text="three"))
    assert outlet.due(10.0 + EVERY_S) == ActionOutput(action="A", text="two\nthree")
    assert outlet.due(20.0) is None


def test_of_much_the_end_is_told_and_how_much_was_left_out() -> None:
    outlet = Outlet("A")
    outlet.take(Output(text="x" * 10_000 + "end"))
    told = outlet.due(0.0)
    assert told is not None
    assert (size(told.text), told.skipped_bytes) == (PART_BYTES, 10_003 - PART_BYTES)
    assert told.text.endswith("end")


def test_progress_stands_until_another_comes_and_is_cut_to_a_screenful() -> None:
    outlet = Outlet("A")
    outlet.take(Output(progress=tuple(f"row {n}\x1b[2J" for n in range(100))))
    told = outlet.due(0.0)
    assert told is not None
    assert len(told.progress) == PROGRESS_LINES
    assert told.progress[0] == "row 0␛[2J"
    outlet.take(Output(text="more"))
    again = outlet.due(1.0)
    assert again is not None
    assert again.progress == told.progress


def test_what_acts_on_a_terminal_is_made_visible() -> None:
    outlet = Outlet("A")
    outlet.take(Output(text="a\x1b]0;title\x07\nb"))
    told = outlet.due(0.0)
    assert told is not None
    assert told.text == "a␛]0;title␇\nb"


def test_a_flood_ends_in_silence_and_one_last_word() -> None:
    outlet = Outlet("A")
    told = []
    for second in range(300):
        outlet.take(Output(text="y" * PART_BYTES))
        told.append(outlet.due(float(second)))
    said = [event for event in told if event is not None]
    assert sum(size(event.text) for event in said) == ALL_BYTES
    assert len(said) == ALL_BYTES // PART_BYTES
    last = outlet.rest(300.0)
    assert last is not None
    assert (last.text, last.skipped_bytes) == ("", 300 * PART_BYTES - ALL_BYTES)


def test_where_the_newest_text_ends_in_the_file_is_told() -> None:
    outlet = Outlet("A")
    outlet.take(Output(text="one\n", end=4))
    outlet.take(Output(text="two\n", end=8))
    outlet.take(Output(progress=("half",)))
    assert outlet.due(10.0) == ActionOutput(action="A", text="one\ntwo\n", progress=("half",), end=8)


_SAID = st.tuples(
    st.text(st.sampled_from("aé\n☃🜁"), max_size=3000), st.integers(0, 5000), st.floats(0, 2, allow_nan=False)
)


@given(st.lists(_SAID, max_size=60))
def test_what_is_told_and_what_is_left_out_add_up_and_come_slowly(said: list[tuple[str, int, float]]) -> None:
    outlet, now_mono = Outlet("A"), 0.0
    told: list[tuple[float, ActionOutput]] = []
    for text, skipped, pause_s in said:
        now_mono += pause_s
        outlet.take(Output(text=text, skipped_bytes=skipped))
        if (event := outlet.due(now_mono)) is not None:
            told.append((now_mono, event))
    times = [when for when, _ in told]
    assert all(later - earlier >= EVERY_S for earlier, later in pairwise(times))
    if (last := outlet.rest(now_mono)) is not None:
        told.append((now_mono, last))
    events = [event for _, event in told]
    assert all(size(event.text) <= PART_BYTES for event in events)
    assert sum(size(event.text) for event in events) <= ALL_BYTES
    assert sum(size(event.text) + event.skipped_bytes for event in events) == sum(size(t) + s for t, s, _ in said)
