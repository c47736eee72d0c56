"""A place for demos under test: a folder of its own for runs and temporary files, and a look at what is left behind."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from looks import PATIENCE_S, looks

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
    own, lines = os.fsencode(folder), list[str]()
    for path in Path("/proc").glob("[0-9]*/cmdline"):  # psutil takes ten times as long
        try:
            line = path.read_bytes()
        except OSError:  # it ended while we looked
            continue
        if own in line and int(path.parent.name) != os.getpid():
            lines.append(os.fsdecode(line.replace(b"\0", b" ").strip()))
    return lines


def until(holds: Callable[[], bool], timeout_s: float = PATIENCE_S) -> bool:
    """Wait until something holds; whether it does."""
    return any(holds() for _ in looks(timeout_s))
