"""That the benchmark of imports measures what it says; never how long it took."""

from __future__ import annotations

import bench_importing
import pytest

from cockpit.importing.imported import imported
from cockpit.importing.source import read_source

pytestmark = pytest.mark.benchmark


def test_a_runbook_of_1_mb_is_imported_whole_and_compared_with_markdown_it() -> None:
    text = bench_importing.runbook()
    assert abs(len(text.encode()) - bench_importing.SIZE_BYTES) < 100_000
    made = imported([read_source(bench_importing.runbook(100_000).encode(), "RUNBOOK.md")])
    steps = [step for _, step in made.profile.every_step()]
    assert len(steps) >= 8 * bench_importing.SECTIONS
    assert sum(bool(step.command) for step in steps) >= 4 * bench_importing.SECTIONS
    rows = bench_importing.measure(quick=True)
    assert [(row.limit, row.unit) for row in rows] == [(8.0, "x"), (2.0, "s")]
    assert all(row.measured > 0.05 for row in rows)
