"""That the benchmark of searching measures what it says; never how well it went."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import bench_search
import long_log
import pytest

pytestmark = pytest.mark.benchmark


def test_the_commands_that_are_measured_find_what_they_look_for(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    long_log.write(path, 3000)
    seconds, memory_mb = bench_search.ran("export", str(path), "--step", "1.2")
    assert 0.02 < seconds < 60
    assert 10 < memory_mb < 200
    rows = bench_search._of_one(path, 1)
    assert [row.name for row in rows][::2] == ["export --step / hashing each line", "log --grep / hashing each line"]
    exported = subprocess.run(
        [sys.executable, "-m", "cockpit.cli", "export", str(path), "--step", "1.2"], capture_output=True, check=True
    )
    assert {json.loads(line)["data"].get("step", "step_1") for line in exported.stdout.splitlines()} == {"step_1"}


def test_so_many_runs_are_listed(tmp_path: Path) -> None:
    bench_search.write_runs(tmp_path / "runs", 30)
    told = subprocess.run(
        [sys.executable, "-m", "cockpit.cli", "runs", "--all", "--format", "json"],
        capture_output=True, check=True, env={**os.environ, "COCKPIT_RUNS": str(tmp_path / "runs")},
    )  # fmt: skip
    assert len(json.loads(told.stdout)) == 30
