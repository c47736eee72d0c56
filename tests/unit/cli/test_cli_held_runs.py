"""The runs of a store, as a table: what gives way on narrow terminals, and what never does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cockpit.audit.postgres.listing import Dropped, Held
from cockpit.cli.held_runs import table

AT = datetime(2026, 11, 21, 22, 4, tzinfo=UTC)
GONE = Dropped("01M7RB0J" + "0" * 18, 48, "ab" * 32, "vault:/x\x1b[2J.jsonl", "older than\na year", AT, "store_admin")
HELD = [
    Held("01M7RB4J" + "0" * 18, 123456, "live", "virtue", "production", AT, AT),
    Held("01M7RB3J" + "0" * 18, 7, "finished", "a_profile_with_a_name_that_is_rather_long", "sta\x1b[31mging", AT, AT),
    Held(GONE.run, 48, "dropped", last=AT, dropped=GONE),
]


@pytest.mark.parametrize("columns", [None, 120, 100, 80, 60, 45])
def test_ids_stay_whole_and_lines_fit(columns: int | None) -> None:
    told = table(HELD, columns)
    assert len(told) == 1 + len(HELD) + 2
    rows = [told[1], told[2], told[3]]
    for held, line in zip(HELD, rows, strict=True):
        assert line.startswith(held.run)
        assert line.split()[-1] == str(held.lines)
        assert held.state in line
    assert columns is None or max(map(len, told)) <= columns
    assert "\x1b" not in "".join(told)
    assert "\n" not in "".join(told)


def test_what_became_of_a_dropped_run_stands_below_it() -> None:
    *_, told, where = table(HELD, None)
    assert told == "  dropped on 2026-11-21 by store_admin: older than␊a year"
    assert where == "  exported to vault:/x␛[2J.jsonl; its last line is " + "ab" * 16


def test_a_wide_terminal_says_when() -> None:
    heading, first, *_ = table(HELD, 140)
    assert heading.split("  ")[0] == "run"
    assert "started (UTC)" in heading
    assert "last line (UTC)" in heading
    assert first.count("2026-11-21 22:04") == 2
    assert "UTC" not in table(HELD, 60)[0]
