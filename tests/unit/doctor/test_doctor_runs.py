"""The folder of runs, its disk, its runs, and the keeper of one."""

from __future__ import annotations

from pathlib import Path

import pytest

import cockpit
from cockpit.audit.files import FileStore
from cockpit.audit.filesystems import FileSystem
from cockpit.audit.layout import locks_dir, log_path, outputs_dir
from cockpit.audit.line import draft
from cockpit.doctor import runs
from cockpit.doctor.findings import Finding, Level
from cockpit.doctor.runs import Disk
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.events import Body, KeeperStarted, RunAborted
from cockpit.session.creating import create_run
from cockpit.session.identity import actor

PROFILE = (
    'id = "shop"\nenvironment = "staging"\n[[phases]]\nid = "a"\ntitle = "A"\n[[phases.steps]]\nid = "b"\ntitle = "B"\n'
)
EXT4 = FileSystem("ext4", "/dev/sda1")
GIB = 1 << 30


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    (tmp_path / "shop.toml").write_text(PROFILE)
    return create_run(load(tmp_path / "shop.toml", installed()), {}, folder=tmp_path / "runs")


def append(run_dir: Path, *bodies: Body) -> None:
    store = FileStore.open(run_dir)
    store.append(None, *(draft(body, actor()) for body in bodies))
    store.close()


def by_id(found: object) -> dict[str, Finding]:
    return {each.id: each for each in found}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("disk", "id_", "level"),
    [
        (Disk(9 * GIB, 10**6, EXT4), "runs.room", Level.OK),
        (Disk(9 * GIB, None, EXT4), "runs.room", Level.OK),
        (Disk(GIB // 2, 10**6, EXT4), "runs.room", Level.WARNING),
        (Disk(GIB // 20, 10**6, EXT4), "runs.room", Level.ERROR),
        (Disk(9 * GIB, 10, EXT4), "runs.room", Level.ERROR),
        (Disk(None, None, EXT4), "runs.room", Level.UNKNOWN),
        (Disk(9 * GIB, None, FileSystem("nfs4", "nas:/x")), "runs.filesystem", Level.ERROR),
        (Disk(9 * GIB, None, FileSystem("tmpfs", "tmpfs")), "runs.filesystem", Level.WARNING),
        (Disk(9 * GIB, None, None), "runs.filesystem", Level.UNKNOWN),
    ],
    ids=[str(number) for number in range(9)],
)
def test_a_disk_is_judged_by_its_room_and_its_kind(disk: Disk, id_: str, level: Level):
    assert by_id(runs.of_disk("/runs", disk))[id_].level is level


def test_a_folder_that_runs_would_be_refused_in_is_an_error_with_the_same_cure(run_dir: Path):
    folder = run_dir.parent
    assert by_id(runs.of_folder(folder))["runs.folder"].level is Level.OK
    folder.chmod(0o777)
    found = by_id(runs.of_folder(folder))["runs.folder"]
    assert (found.level, found.found) == (Level.ERROR, "everybody may write to this folder (mode 0777)")
    assert "nothing was written" not in found.found
    assert f"chmod go-w {folder}" in found.cure[0] or f"chmod o-w {folder}" in found.cure[0]


@pytest.mark.parametrize("what", ["log", "outputs", "locks", "folder", "key"], ids=str)
def test_whatever_of_a_run_is_open_to_others_is_an_error(run_dir: Path, what: str):
    assert by_id(runs.of_runs([run_dir]))["runs.run"].level is Level.OK
    key = run_dir / "environment.key"
    key.touch(mode=0o600)
    path = {
        "log": log_path(run_dir),
        "outputs": outputs_dir(run_dir),
        "locks": locks_dir(run_dir),
        "folder": run_dir,
        "key": key,
    }[what]
    path.chmod(0o755 if path.is_dir() else 0o644)
    found = by_id(runs.of_runs([run_dir]))["runs.run"]
    assert (found.level, found.what) == (Level.ERROR, str(path))
    assert "chmod" in found.cure[0]


def test_a_live_run_without_a_keeper_is_a_warning_and_one_that_is_over_needs_none(run_dir: Path):
    found = by_id(runs.of_run(run_dir))["runs.keeper"]
    assert (found.level, found.cure) == (Level.WARNING, (f"cockpit resume {run_dir.name}",))
    append(run_dir, RunAborted(reason="it is over"))
    assert by_id(runs.of_run(run_dir))["runs.keeper"].level is Level.OK


def test_a_run_whose_log_is_damaged_is_an_error(run_dir: Path):
    log_path(run_dir).write_bytes(b"nonsense\n")
    assert by_id(runs.of_run(run_dir))["runs.log"].level is Level.ERROR


def test_the_version_of_the_last_keeper_is_read_from_the_log(run_dir: Path):
    assert runs.keeper_version(log_path(run_dir)) == ""
    append(run_dir, *(KeeperStarted(epoch=epoch, pid=1, version=f"0.0.{epoch}") for epoch in (1, 2)))
    assert runs.keeper_version(log_path(run_dir)) == "0.0.2"
    assert runs.keeper_version(run_dir / "none") == ""


def test_a_run_that_a_database_keeps_is_not_taken_for_looked_at(run_dir: Path):
    assert "runs.store" not in by_id(runs.of_run(run_dir))
    (run_dir / "store").write_text("postgresql://db/cockpit\n")
    assert by_id(runs.of_run(run_dir))["runs.store"].level is Level.UNKNOWN
    assert "runs.store" not in by_id(runs.of_run(run_dir, has_store=True))


def test_a_keeper_of_another_cockpit_is_a_warning():
    assert runs.of_version("keeper", "9.9", "01M7").level is Level.WARNING
    assert runs.of_version("keeper", cockpit.__version__, "01M7").level is Level.OK
    assert runs.of_version("keeper", "", "01M7").level is Level.UNKNOWN
