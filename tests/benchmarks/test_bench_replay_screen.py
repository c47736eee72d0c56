"""That the benchmark of a replay's screen measures what it says; never how well it went."""

from __future__ import annotations

import bench_replay_screen
import pytest

pytestmark = pytest.mark.benchmark


def test_a_real_replay_is_measured_through_a_terminal() -> None:
    rows = bench_replay_screen.measure(quick=True)
    assert [row.name.partition(": ")[0] for row in rows] == ["replay"] * 4
    assert all(row.measured > 0 for row in rows)
    assert 0.2 < rows[0].measured < 20
