"""That the benchmark of the command line's start measures what it says; never how long it took."""

from __future__ import annotations

import bench_check
import pytest

pytestmark = pytest.mark.benchmark


def test_help_and_check_are_compared_with_click() -> None:
    rows = bench_check.measure(quick=True)
    assert [(row.limit, row.unit) for row in rows] == [(1.5, "x"), (3.0, "x"), (3.0, "x")]
    assert all(row.measured > 0.5 for row in rows)
