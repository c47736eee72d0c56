"""That the log's benchmarks measure what they say; never how long it took."""

from __future__ import annotations

import bench_append
import bench_verify
import pytest
from figures import Row, paired_ratios

pytestmark = pytest.mark.benchmark


def test_an_append_is_compared_with_a_bare_one() -> None:
    (row,) = bench_append.measure(quick=True)
    assert row.measured > 0.2
    assert row.unit == "x"


def test_a_verification_is_compared_with_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    ratio, memory = bench_verify.measure(quick=True)
    assert ratio.measured > 0.2
    assert 5 < memory.measured < 1000


def test_a_row_keeps_its_limit_or_misses_it() -> None:
    assert Row("a", 1.0, 1.0, "x").ok
    assert not Row("a", 1.01, 1.0, "x").ok


def test_pairs_are_measured_in_turn_in_both_orders() -> None:
    calls: list[str] = []

    def timed(name: str, took_s: float) -> float:
        calls.append(name)
        return took_s

    ratios = paired_ratios(lambda: timed("a", 3.0), lambda: timed("b", 2.0), 2)
    assert ratios == [1.5, 1.5]
    assert calls == ["a", "b", "b", "a"]
