"""That the replay's benchmark measures what it says; never how well it went."""

from __future__ import annotations

from pathlib import Path

import bench_replay
import long_log
import pytest

from cockpit.audit.verify import verify

pytestmark = pytest.mark.benchmark


def test_the_long_log_is_one_that_cockpit_reads_and_every_place_of_it_is_sought(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    long_log.write(path, 3000)
    found = verify(path)
    assert found.ok, found.problem
    assert found.seq == 3000
    assert 0.01 < found.facts / found.seq < 0.3
    rows = {row.name: row for row in bench_replay._seeking(path, 3000, 12)}
    assert 0 < rows["replay: seeking anywhere, the slowest"].measured < 60_000


def test_a_real_screen_is_measured_through_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    long_log.write(path, 500)
    assert 0.05 < bench_replay._painted_s(path) < 60
    assert all(row.measured > 0 for row in bench_replay._on_screen(path, 500, 3))
