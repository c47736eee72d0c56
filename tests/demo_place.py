"""A place for demos under test: a folder of its own for runs and temporary files, and a look at what is left behind."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from cockpit.demo import launch


@contextmanager
def demo_place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder open to all, since as root PostgreSQL runs as a user of its own; at its end nothing may work there."""
    folder = Path(tempfile.mkdtemp(prefix="demo-place-"))
    folder.chmod(0o755)
    monkeypatch.setenv("COCKPIT_RUNS", str(folder / "runs"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    try:
        yield folder
    finally:
        launch.stop()
        assert until(lambda: left_behind(folder) == []), left_behind(folder)
        shutil.rmtree(folder)


def left_behind(folder: Path) -> list[str]:
    """Command lines of processes that name the folder: the demo's system, its database, the runs' keepers."""
    lines = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:  # it ended while we looked
            continue
        if str(folder) in line and process.pid != os.getpid():
            lines.append(line)
    return lines


def until(holds: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    """Wait until something holds; whether it does."""
    give_up = time.monotonic() + timeout_s
    while not holds() and time.monotonic() < give_up:
        time.sleep(0.02)
    return holds()
