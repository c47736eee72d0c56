"""`cockpit demo` where it needs no screen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_place import demo_place

from cockpit.demo import launch
from cockpit.demo.faults import FAULTS
from cockpit.session.runs import summary


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with demo_place(monkeypatch) as folder:
        monkeypatch.setenv("TMPDIR", str(folder))
        yield folder


def cockpit(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cockpit.cli", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_faults_are_listed_with_the_steps_they_strike_at(place: Path):
    listed = cockpit("demo", "--fault", "list")
    assert listed.returncode == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(FAULTS)
    assert all(f"at {fault.step}: {fault.doc}" in listed.stdout for fault in FAULTS.values())


def test_without_a_terminal_nothing_is_started(place: Path):
    refused = cockpit("demo")
    assert refused.returncode == 4
    assert "a screen needs a terminal" in refused.stderr
    assert list(place.iterdir()) == []


def test_an_unknown_fault_is_refused_with_the_known_ones(place: Path):
    refused = cockpit("demo", "--fault", "gremlins")
    assert refused.returncode == 2
    assert all(name in refused.stderr for name in FAULTS)
    assert list(place.iterdir()) == []


def test_stop_ends_every_demo_and_says_which(place: Path):
    demo = launch.start()
    stopped = cockpit("demo", "--stop")
    assert stopped.returncode == 0
    assert demo.run_dir.name in stopped.stderr
    assert summary(demo.run_dir).status == "aborted"
    assert "no demo is running" in cockpit("demo", "--stop").stderr
