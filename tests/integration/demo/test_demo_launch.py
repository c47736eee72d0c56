"""Starting and stopping the demo: real processes, a real run, and nothing left behind."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from cockpit.demo import launch, postgres_server
from cockpit.demo.at_work import is_at_work
from cockpit.demo.system import READY, System
from cockpit.errors import KeeperError
from cockpit.run.commands import AbortRun
from cockpit.session.identity import actor
from cockpit.session.runs import summary
from cockpit.session.seat import Done, Seat


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for runs and temporary files, open to all: as root, PostgreSQL runs as a user of its own."""
    folder = Path(tempfile.mkdtemp(prefix="demo-launch-"))
    folder.chmod(0o755)
    monkeypatch.setenv("COCKPIT_RUNS", str(folder / "runs"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    launch.stop()
    shutil.rmtree(folder)


def left_behind(folder: Path) -> list[str]:
    """Command lines of processes that work in the folder."""
    lines = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if str(folder) in line and process.pid != os.getpid():
            lines.append(line)
    return lines


def until(holds: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    give_up = time.monotonic() + timeout_s
    while not holds() and time.monotonic() < give_up:
        time.sleep(0.02)
    return holds()


def system(demo: launch.Demo) -> System:
    return msgspec.json.decode((demo.folder / READY).read_bytes(), type=System)


def test_a_demo_is_a_run_and_stopping_it_leaves_the_log_alone(place: Path):
    demo = launch.start()
    assert summary(demo.run_dir).status == "live"
    assert (system(demo).postgres == "") == bool(demo.remark)
    assert launch.stop() == [demo.run_dir]
    assert summary(demo.run_dir).status == "aborted"
    assert "the demo was stopped" in summary(demo.run_dir).last_sentence
    assert not demo.folder.exists()
    assert left_behind(place) == []


def test_the_system_ends_with_its_run(place: Path):
    demo = launch.start()
    seat = Seat.open(demo.run_dir, actor())
    assert isinstance(seat.submit(seat.command(AbortRun, reason="enough", typed="demo")), Done)
    seat.close()
    assert until(lambda: not demo.folder.exists())
    assert until(lambda: left_behind(place) == [])


def test_two_demos_live_side_by_side(place: Path):
    first, second = launch.start(), launch.start(fault="slow-api")
    assert system(first).service != system(second).service
    assert sorted(launch.stop()) == sorted([first.run_dir, second.run_dir])
    assert left_behind(place) == []


def test_what_a_killed_system_leaves_is_cleaned_up_by_stop(place: Path):
    demo = launch.start()
    os.kill(pid := system(demo).pid, signal.SIGKILL)
    assert until(lambda: not is_at_work(pid, demo.folder))
    assert launch.stop() == [demo.run_dir]
    assert not demo.folder.exists()
    assert until(lambda: left_behind(place) == [])


def test_where_there_is_no_postgres_the_demo_says_why_and_goes_on(place: Path):
    place.chmod(0o700)
    demo = launch.start()
    if os.geteuid() == 0:
        assert str(place) in demo.remark
        assert system(demo).postgres == ""
    assert summary(demo.run_dir).status == "live"


def test_a_system_that_cannot_start_says_so_and_leaves_nothing(place: Path):
    with pytest.raises(KeeperError, match="invalid choice"):
        launch.start(fault="no-such-fault")
    assert list(place.glob("cockpit-demo-*")) == []


def test_postgres_is_refused_where_it_would_open_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "closed").mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "open to all" in postgres_server.obstacle(tmp_path / "closed" / "postgres")
