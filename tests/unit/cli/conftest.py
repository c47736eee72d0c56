"""The real command, in a folder and with runs of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_desk import PROFILE, Cockpit, Ended

from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.session.creating import create_run


@pytest.fixture
def cockpit(tmp_path: Path) -> Cockpit:
    """The real command, in a folder and with runs of its own."""

    def call(*arguments: str, **environ: str) -> Ended:
        return subprocess.run(
            [sys.executable, "-P", "-m", "cockpit.cli", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            env={**os.environ, "COCKPIT_RUNS": str(tmp_path / "runs"), **environ},
        )

    return call


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "shop.toml"
    path.write_text(PROFILE)
    return path


@pytest.fixture
def run_dir(tmp_path: Path, profile: Path) -> Path:
    return create_run(load(profile, installed()), {"host": "x"}, folder=tmp_path / "runs")
