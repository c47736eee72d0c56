"""Starting and stopping the demo: real processes, a real run, and nothing left behind."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from demo_place import demo_place, left_behind, until

from cockpit.demo import launch, postgres_server
from cockpit.demo.at_work import is_at_work
from cockpit.demo.system import READY, System
from cockpit.errors import KeeperError
from cockpit.run.commands import AbortRun
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.runs import summary
from cockpit.session.seat import Seat


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with demo_place(monkeypatch) as folder:
        yield folder


def system(demo: launch.Demo) -> System:
    return msgspec.json.decode((demo.folder / READY).read_bytes(), type=System)


def test_a_demo_is_a_run_and_stopping_it_leaves_the_log_alone(place: Path):
    demo = launch.start()
    assert summary(demo.run_dir).status == "live"
    assert (system(demo).postgres == "") == bool(demo.remark)
    assert launch.stop() == [demo.run_dir]
    assert summary(demo.run_dir).status == "aborted"
    assert "the demo was stopped" in summary(demo.run_dir).last_sentence
    assert [path.name for path in place.iterdir()] == ["runs"]
    assert left_behind(place) == []


def test_the_system_ends_with_its_run(place: Path):
    demo = launch.start()
    seat = Seat.open(demo.run_dir, actor())
    assert isinstance(seat.submit(seat.command(AbortRun, reason="enough", typed="demo")), Done)
    seat.close()
    assert until(lambda: not demo.folder.exists())
    assert until(lambda: left_behind(place) == [])


def test_a_demo_that_is_forgotten_ends_by_itself_and_says_so(place: Path):
    demo = launch.start(longest_s=2.0)
    assert until(lambda: not demo.folder.exists())
    assert summary(demo.run_dir).status == "aborted"
    assert "the demo's time is over" in summary(demo.run_dir).last_sentence


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
