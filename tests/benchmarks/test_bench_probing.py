"""That the probing benchmark measures what it says; never how well it went."""

from __future__ import annotations

import bench_probing
import pytest

pytestmark = pytest.mark.benchmark


def test_a_real_keeper_is_judged_by_the_requests_that_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_probing, "LIMITS", {30: 8.0})
    error, missed, cpu, memory = bench_probing.measure(quick=True)
    assert "150 requests" in error.detail or error.measured < 1000
    assert error.measured > 0
    assert missed.measured >= 0
    assert 0 < cpu.measured < 400
    assert 20 < memory.measured < 1000


def test_the_scheduling_error_is_the_distance_from_the_grid() -> None:
    assert list(bench_probing._errors([10.0, 11.0, 12.25, 13.0])) == [0.0, 0.0, 0.25, 0.0]
