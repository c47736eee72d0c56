"""That the store's benchmark measures what it says; never how well it went."""

from __future__ import annotations

import bench_store
import pytest

pytestmark = pytest.mark.benchmark


def test_appends_and_events_are_compared_with_what_is_bare() -> None:
    with bench_store.server() as dsn:
        plain, copied = bench_store.append_rows(dsn, 15)
        median, late = bench_store.event_rows(dsn, 10)
    assert 0.3 < plain.measured < 30, plain
    assert 0.3 < copied.measured < 30, copied
    assert 0.3 < median.measured < 100, median
    assert late.measured > 0.1
