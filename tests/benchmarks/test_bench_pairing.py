"""That the pairing benchmark measures what it says; never how well it went."""

from __future__ import annotations

import bench_pairing
import pytest

pytestmark = pytest.mark.benchmark


def test_a_note_is_timed_from_a_real_key_to_another_real_screen() -> None:
    with bench_pairing._run(5, "still") as run_dir, bench_pairing.screens(run_dir, 2) as two:
        taken = bench_pairing.latencies_s(two, 3)
        assert two[1].text.count("note on ") == 3
    assert all(each > 0.001 for each in taken)


def test_the_load_of_eight_screens_is_counted_at_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_pairing, "TARGETS", 5)
    monkeypatch.setattr(bench_pairing, "SCREENS", 3)
    requests, keeper, screen, written, growth = bench_pairing.load_rows(2.0, settling_s=2.0)
    assert 0.5 < requests.measured < 2, requests
    assert 0 < keeper.measured < 20
    assert 0 < screen.measured < 400
    assert written.measured > 0
    assert 5 < growth.measured < 100
