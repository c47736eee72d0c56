"""`cockpit demo NAME`: systems that stand in for real ones, each in a process of its own that leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from demo_place import demo_place, left_behind, until
from systems.stage import needs

from cockpit.demo import launch
from cockpit.demo.at_work import is_at_work
from cockpit.demo.lifetime import READY, AtWork
from cockpit.demo.standing import Kind, kinds
from cockpit.demo.tonight import of_standing
from cockpit.errors import KeeperError
from cockpit.profile.kinds import installed
from cockpit.profile.load import examine
from cockpit.profile.model import Profile
from cockpit.profile.steps import SignoffSettings, settings_of
from cockpit.run.commands import AbortRun
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.runs import summary
from cockpit.session.seat import Seat

VIRTUE = kinds()["virtue"]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for demos; what a demo puts into this process's environment is taken out again."""
    environ = dict(os.environ)
    with demo_place(monkeypatch) as folder:
        monkeypatch.setenv("TMPDIR", str(folder))
        yield folder
    os.environ.clear()
    os.environ.update(environ)


def cockpit(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cockpit.cli", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **more},
    )


def test_the_systems_are_listed_with_a_line_each():
    listed = cockpit("demo", "--list")
    assert listed.returncode == 0
    lines = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
    assert [name for name, _ in lines] == ["shop", *kinds()]
    assert all(len(doc) > 10 for _, doc in lines)


def test_an_unknown_system_is_refused_with_the_known_ones():
    refused = cockpit("demo", "virtu")
    assert refused.returncode == 2
    assert "virtue" in refused.stderr


def test_faults_are_the_shops_alone():
    refused = cockpit("demo", "virtue", "--fault", "slow-api")
    assert refused.returncode != 0
    assert "for the shop" in refused.stderr


@pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.name)
def test_a_demos_profile_loads_without_a_remark_and_one_person_can_play_it(kind: Kind, tmp_path: Path):
    loaded, problems = examine(of_standing(tmp_path, kind), installed())
    assert [str(problem) for problem in problems] == []
    assert loaded is not None
    assert loaded.profile.environment == "demo"
    assert asks_for_two(loaded.profile) == []


def asks_for_two(profile: Profile) -> list[str]:
    """Sign-offs that whoever does the work may not give, in the walk."""
    signoffs = [(step.id, settings_of(step, SignoffSettings)) for _, step in profile.steps() if step.kind == "signoff"]
    return [name for name, settings in signoffs if settings.four_eyes or settings.not_by]


def test_a_stand_in_is_a_run_and_stopping_it_leaves_the_log_alone(place: Path):
    needs("kubectl")
    demo = launch.start_standing(VIRTUE)
    assert summary(demo.run_dir).status == "live"
    secret = os.environ["VIRTUE_TEST_PASSWORD"]
    kept = [path for path in demo.folder.rglob("*") if path.is_file() and "postgres" not in path.parts]
    assert [path for path in kept if secret.encode() in path.read_bytes()] == [], "no secret is on disk"
    assert launch.stop() == [demo.run_dir]
    assert "the demo was stopped" in summary(demo.run_dir).last_sentence
    assert [path.name for path in place.iterdir()] == ["runs"]
    assert left_behind(place) == []


def test_a_stand_in_ends_with_its_run(place: Path):
    needs("kubectl")
    demo = launch.start_standing(VIRTUE)
    seat = Seat.open(demo.run_dir, actor())
    assert isinstance(seat.submit(seat.command(AbortRun, reason="enough", typed="demo")), Done)
    seat.close()
    assert until(lambda: not demo.folder.exists())
    assert until(lambda: left_behind(place) == [])


def test_a_stand_in_that_is_forgotten_ends_by_itself_and_says_so(place: Path):
    needs("kubectl")
    demo = launch.start_standing(VIRTUE, longest_s=1.0)
    assert until(lambda: not demo.folder.exists())
    assert "the demo's time is over" in summary(demo.run_dir).last_sentence


def test_what_a_killed_stand_in_leaves_is_cleaned_up_by_stop(place: Path):
    needs("kubectl")
    demo = launch.start_standing(VIRTUE)
    pid = msgspec.json.decode((demo.folder / READY).read_bytes(), type=AtWork).pid
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: not is_at_work(pid, demo.folder))
    assert launch.stop() == [demo.run_dir]
    assert not demo.folder.exists()
    assert until(lambda: left_behind(place) == [])


def test_without_kubectl_it_says_what_is_missing_and_where_to_get_it(place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(place))
    with pytest.raises(KeeperError, match=r"no `kubectl` on PATH; install it: https://"):
        launch.start_standing(VIRTUE)
    assert list(place.iterdir()) == []


def test_without_postgres_it_says_what_is_missing_and_where_to_get_it(place: Path, monkeypatch: pytest.MonkeyPatch):
    needs("kubectl")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(KeeperError, match=r"extra `demo` .* is not installed; install it: pip install"):
        launch.start_standing(VIRTUE)
    assert list(place.iterdir()) == []
