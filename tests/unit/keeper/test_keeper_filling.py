"""What a keeper says and does as its run's log becomes long."""

from __future__ import annotations

import pytest
from test_keeper_writer import ANA, Store

from cockpit.audit.extent import CROWDED, FULL, LEFT_TO_PEOPLE, NEAR, Extent
from cockpit.audit.line import Draft
from cockpit.audit.store import Durable
from cockpit.errors import LogFull
from cockpit.keeper.filling import Filling, is_kept, is_needed
from cockpit.keeper.writer import Writer
from cockpit.run.events import ActionOutput, Event, Instant, LogFilled, NoteAdded, ProbesSampled
from cockpit.run.evolve import evolve
from cockpit.run.state import RunState

NOTE, SAMPLE = NoteAdded(text="n"), ProbesSampled()
LIVE = RunState(status="live")


def told(state: RunState, body: LogFilled) -> RunState:
    from datetime import UTC, datetime

    instant = Instant(at=datetime(2026, 11, 21, tzinfo=UTC), boot="b", mono=1.0)
    return evolve(state, Event(state.last_seq + 1, "id", body.type, True, instant, ANA, body))


def test_that_a_log_is_long_is_said_once_and_that_it_is_full_once_more() -> None:
    filling = Filling()
    assert list(filling.look(Extent(NEAR.events - 1, NEAR.size_bytes - 1), LIVE)) == []
    (near,) = filling.look(Extent(5, NEAR.size_bytes), LIVE)
    assert near == LogFilled(level="near", events=5, size_bytes=NEAR.size_bytes)
    assert list(filling.look(Extent(6, NEAR.size_bytes), LIVE)) == [], "until it is read again, too"
    state = told(LIVE, near)
    assert state.filled == "near"
    (full,) = filling.look(FULL, state)
    assert full.level == "full"
    state = told(state, full)
    assert (state.filled, told(state, near).filled) == ("full", "full")
    assert list(Filling().look(CROWDED, state)) == [], "nor by another keeper"
    (at_once,) = Filling().look(CROWDED, LIVE)
    assert at_once.level == "full"


def test_into_a_full_log_no_output_is_quoted_and_into_a_crowded_one_facts_alone_are_written() -> None:
    output = ActionOutput(action="a", text="x")
    assert is_needed(output, told(LIVE, LogFilled(level="near", events=1, size_bytes=1)))
    full = told(LIVE, LogFilled(level="full", events=1, size_bytes=1))
    assert [is_needed(body, full) for body in (output, SAMPLE, NOTE)] == [False, True, True]
    assert [is_kept(body, FULL) for body in (NOTE, SAMPLE)] == [True, True]
    assert [is_kept(body, CROWDED) for body in (NOTE, SAMPLE)] == [True, False]
    for body in (NOTE, SAMPLE):
        with pytest.raises(LogFull, match="what room is left is for people") as raised:
            is_kept(body, LEFT_TO_PEOPLE)
    assert "go on in a new one" in raised.value.hint


class Long(Store):
    """A log of some length."""

    def __init__(self, extent: Extent) -> None:
        super().__init__()
        self.extent = extent
        self.go_on.set()
        self.types: list[str] = []

    def append(self, last_fact_seq: int | None, *drafts: Draft) -> Durable:
        assert drafts
        self.types += [each.body.type for each in drafts]
        return super().append(last_fact_seq, *drafts)


@pytest.mark.parametrize(
    ("extent", "written"),
    [(FULL, ["probes.sampled", "note.added"]), (CROWDED, ["note.added"]), (LEFT_TO_PEOPLE, [])],
    ids=["full", "crowded", "left-to-people"],
)
def test_a_writer_leaves_out_what_is_not_kept_and_stops_where_nothing_is(extent: Extent, written: list[str]) -> None:
    store, failures = Long(extent), list[Exception]()
    writer = Writer(store, ANA, failures.append)
    for body in (SAMPLE, NOTE, SAMPLE):
        writer.put(body)
    assert writer.close(10)
    assert [each for at, each in enumerate(store.types) if each not in store.types[:at]] == written
    assert [type(each) for each in failures] == ([] if written else [LogFull])
