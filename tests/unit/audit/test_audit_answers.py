"""What a database answers is read as what was asked for, or as no answer at all: nothing in between is acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cockpit.audit.line import Draft, Head, digest, draft, prefix
from cockpit.audit.postgres.answers import Misread, row_of, rows_of
from cockpit.audit.postgres.appended import FENCED, OTHER_HISTORY, outcome_in, refusal_in
from cockpit.audit.postgres.lines import as_in_a_file
from cockpit.audit.postgres.listing import _moment, _run_id
from cockpit.audit.postgres.mirror import Kept, Mirror, start_mirror
from cockpit.audit.postgres.store import _kept, rest_of
from cockpit.audit.store import Conflict, Durable
from cockpit.errors import LogDamaged
from cockpit.run.events import Actor, NoteAdded, ProbesSampled

RUN, BEFORE = "R1", "ab" * 32
DRAFTS = tuple(draft(body, Actor(user="ana", host="h1")) for body in (NoteAdded(text="one"), ProbesSampled()))
RESTS = [rest_of(one, RUN) for one in DRAFTS]


def written() -> list[list[Any]]:
    """As the database answers: the fact is line 6, telemetry line 7."""
    fact = digest(prefix(RUN, 6, BEFORE) + RESTS[0])
    return [[6, BEFORE, 6, fact], [7, fact, 6, fact]]


def test_what_is_written_is_durable_with_the_lines_as_they_are_kept() -> None:
    outcome, kept = outcome_in(written(), RUN, 5, DRAFTS, RESTS)
    assert isinstance(outcome, Durable)
    assert [event.seq for event in outcome.events] == [6, 7]
    assert outcome.head == Head(6, digest(kept[0].line))
    assert kept[1].line.startswith(prefix(RUN, 7, outcome.head.digest))


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.clear(),
        lambda rows: rows.pop(),
        lambda rows: rows.append(rows[1]),
        lambda rows: rows[0].pop(),
        lambda rows: rows[1].append(1),
        lambda rows: rows[0].__setitem__(0, None),
        lambda rows: rows[0].__setitem__(0, True),
        lambda rows: rows[0].__setitem__(0, "6"),
        lambda rows: rows[0].__setitem__(0, -3),
        lambda rows: rows[0].__setitem__(0, -1),
        lambda rows: rows[1].__setitem__(0, 8),
        lambda rows: rows[1].__setitem__(0, 2**63),
        lambda rows: rows[0].__setitem__(1, None),
        lambda rows: rows[0].__setitem__(1, "ab"),
        lambda rows: rows[1].__setitem__(1, BEFORE),
        lambda rows: rows[1].__setitem__(2, 7),
        lambda rows: rows[1].__setitem__(2, 0),
        lambda rows: rows[1].__setitem__(3, BEFORE),
        lambda rows: rows[1].__setitem__(3, ""),
    ],
)
def test_rows_that_do_not_tell_of_each_line_are_no_answer(change: Callable[[list[list[Any]]], object]) -> None:
    rows = written()
    change(rows)
    with pytest.raises(Misread):
        refusal_in(rows) or outcome_in(rows, RUN, 5, DRAFTS, RESTS)


def test_a_conflict_is_one_row_about_another_fact_than_the_last_that_was_known() -> None:
    rows = [[0, None, 4, BEFORE]]
    assert refusal_in(rows) == 0
    assert outcome_in(rows, RUN, 5, DRAFTS, RESTS) == (Conflict(head=Head(4, BEFORE)), [])
    assert outcome_in([[0, None, 0, ""]], RUN, 5, DRAFTS, RESTS) == (Conflict(head=None), [])
    for last_fact_seq in (4, None):
        with pytest.raises(Misread):
            outcome_in(rows, RUN, last_fact_seq, DRAFTS, RESTS)


def test_refusals_are_one_row_each() -> None:
    for code in (OTHER_HISTORY, FENCED):
        assert refusal_in([[code, None, 0, ""]]) == code
        with pytest.raises(Misread):
            refusal_in([[code, None, 0, ""]] * 2)


def test_telemetry_alone_leaves_the_head_where_it_was() -> None:
    only: tuple[Draft, ...] = DRAFTS[1:]
    outcome, _ = outcome_in([[6, BEFORE, 5, BEFORE]], RUN, None, only, RESTS[1:])
    assert outcome.head == Head(5, BEFORE)
    with pytest.raises(Misread):
        outcome_in([[6, BEFORE, 6, BEFORE]], RUN, None, only, RESTS[1:])


def test_a_truth_is_no_number_and_a_number_no_truth() -> None:
    assert rows_of([(1, True)], int, bool) == [(1, True)]
    for row in ((True, True), (1, 1), (1,), (2**63, True)):
        with pytest.raises(Misread):
            row_of([row], int, bool)


def test_lines_that_were_not_asked_for_are_no_answer() -> None:
    lines = [(1, b"", b"a", True, 1), (2, b"", b"b", False, 1)]
    assert [each.seq for each in _kept(lines, 0, 2)] == [1, 2]
    for after, limit in ((1, 2), (0, 1)):
        with pytest.raises(Misread):
            _kept(lines, after, limit)


def test_torn_bytes_come_back_as_they_were_also_with_a_carriage_return_in_them() -> None:
    assert as_in_a_file(b"a\rb\n\n", b"c\rd", 3) == [b"a\rb\n", b"\n", b"c\rd\n"]
    for before, line in ((b"torn", b"c"), (b"", b"c\nd")):
        with pytest.raises(LogDamaged, match="line 3 in the database is not one line of a file"):
            as_in_a_file(before, line, 3)


def test_a_line_that_the_database_lacks_is_told_of_and_not_asked_for_for_ever(tmp_path: Path) -> None:
    start_mirror(tmp_path / RUN, RUN)
    mirror = Mirror(tmp_path / RUN, RUN)
    asked: list[int] = []

    def fetch(seq: int) -> list[Kept]:
        asked.append(seq)
        assert len(asked) < 5
        return [Kept(seq + 2, b"", b"{}", is_fact=False)]

    with pytest.raises(LogDamaged, match="does not hold line 1"):
        mirror.pull(fetch)
    mirror.close()


def test_a_run_that_is_listed_has_a_name_that_a_folder_can_have() -> None:
    assert _run_id("R1") == "R1"
    for name in ("../../x", "", "/etc", "a\n"):
        with pytest.raises(Misread):
            _run_id(name)


def test_a_moment_of_a_list_can_be_told_in_any_zone() -> None:
    assert _moment("2026-11-22T04:00:00Z") == datetime(2026, 11, 22, 4, tzinfo=UTC)
    assert [_moment(text) for text in ("2026-11-22T04:00:00", "0001-01-01T00:00:00Z", "soon", "", None)] == [None] * 5
