"""`cockpit runs init`: a folder that a group shares is made, found as it should be, or refused with what mends it."""

from __future__ import annotations

import grp
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import fuse_place
import pytest

from cockpit.audit import sharing
from cockpit.audit.sharing import Group, share
from cockpit.errors import PlaceRefused
from cockpit.exits import Exit

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
NAMELESS = next(number for number in range(47000, 48000) if number not in {each.gr_gid for each in grp.getgrall()})


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that belongs to root all the way up, and that everybody gets to."""
    place = Path(tempfile.mkdtemp(prefix="cockpit-shared-", dir="/tmp"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


def init(*arguments: str, umask: int = 0o022) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cockpit.cli", "runs", "init", *arguments],
        capture_output=True, text=True, timeout=60, umask=umask,
    )  # fmt: skip


def mode_of(path: Path) -> tuple[str, int]:
    found = path.stat()
    return f"{stat.S_IMODE(found.st_mode):o}", found.st_gid


def refusal(folder: Path, group: Group | None = None) -> str:
    with pytest.raises(PlaceRefused) as refused:
        share(folder, group or sharing.group_called(str(NAMELESS)))
    return str(refused.value)


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o000])
def test_it_is_made_with_what_is_missing_above_it_whatever_the_umask(place: Path, umask: int) -> None:
    folder = place / "srv" / "runs"
    done = init("--group", str(NAMELESS), str(folder), umask=umask)
    assert done.returncode == Exit.OK, done.stderr
    assert mode_of(folder) == ("2770", NAMELESS)
    assert mode_of(folder.parent)[0] == "755"
    assert f"export COCKPIT_RUNS={folder}\nexport COCKPIT_GROUP={NAMELESS}\n" in done.stdout
    assert f"find {folder} -name audit.jsonl -exec chattr +a {{}} +" in done.stdout
    assert "was made" in done.stderr


def test_what_it_prints_is_a_snippet_that_a_shell_takes(place: Path) -> None:
    folder = place / "it's a folder"
    printed = init("--group", str(NAMELESS), str(folder)).stdout
    settings = [line for line in printed.splitlines() if line.startswith(("#", "export"))]
    told = subprocess.run(
        ["sh", "-euc", "\n".join([*settings, 'printf %s "$COCKPIT_RUNS|$COCKPIT_GROUP"'])],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout == f"{folder}|{NAMELESS}"


def test_said_again_it_changes_nothing_also_where_runs_are_in_it(place: Path) -> None:
    group = sharing.group_called(str(NAMELESS))
    assert share(place / "runs", group) == "made"
    (place / "runs" / "R1").mkdir()
    assert share(place / "runs", group) == "ready"
    assert "is as it should be" in init("--group", str(NAMELESS), str(place / "runs")).stderr


def test_others_may_read_where_that_was_asked_for(place: Path) -> None:
    done = init("--group", str(NAMELESS), "--readable", str(place / "runs"))
    assert mode_of(place / "runs") == ("2775", NAMELESS)
    assert "cockpit join" in done.stdout


def test_an_empty_folder_that_is_otherwise_is_mended_and_one_that_holds_something_is_not(place: Path) -> None:
    folder, group = place / "runs", sharing.group_called(str(NAMELESS))
    folder.mkdir(0o755)
    assert share(folder, group) == "mended"
    assert mode_of(folder) == ("2770", NAMELESS)
    folder.chmod(0o750)
    (folder / "R1").mkdir()
    said = refusal(folder)
    assert "with the mode 0750, and holds something; nothing was changed" in said
    assert mode_of(folder)[0] == "750"
    subprocess.run(said.partition("share it: ")[2].replace("sudo ", ""), shell=True, check=True)
    assert share(folder, group) == "ready"


def test_a_name_that_is_no_group_is_answered_with_how_to_make_one(place: Path) -> None:
    done = init("--group", "no\x1b[2Jgroup", str(place / "runs"))
    assert done.returncode == Exit.REFUSED
    assert "there is no group no␛[2Jgroup on this host; have it made: sudo groupadd" in done.stderr
    assert not (place / "runs").exists()


@pytest.mark.parametrize("number", ["4294967295", "99999999999999999999", "9" * 5000])
def test_a_number_that_no_group_can_have_is_answered_alike(number: str) -> None:
    with pytest.raises(PlaceRefused, match=r"there is no group [49]"):
        sharing.group_called(number)


@pytest.mark.parametrize("name", ["new\nline", "esc\x1b[2J", "\udcff", "\u202eback"])
def test_a_folder_whose_name_nobody_can_set_is_refused(place: Path, name: str) -> None:
    assert "has a name that cannot be typed" in refusal(place / name)
    assert not list(place.iterdir())


def test_no_name_is_not_the_current_folder() -> None:
    done = init("--group", str(NAMELESS), "")
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert "no folder is named" in done.stderr


def test_a_crontab_takes_the_whole_line(place: Path) -> None:
    printed = init("--group", str(NAMELESS), str(place / "100%")).stdout
    assert f"export COCKPIT_RUNS={place}/100%\n" in printed
    assert f"root find {place}/100\\% -name" in printed


def test_what_is_no_folder_or_a_link_is_refused(place: Path) -> None:
    (place / "file").touch()
    (place / "link").symlink_to(place)
    assert "is no folder" in refusal(place / "file")
    assert "lies below a file" in refusal(place / "file" / "runs")
    assert "is a symbolic link" in refusal(place / "link")


def test_a_folder_that_members_cannot_get_to_or_that_somebody_could_replace_is_refused(place: Path) -> None:
    (place / "closed").mkdir(0o700)
    said = refusal(place / "closed" / "runs")
    assert f"cannot get through this folder (mode 0700): {place / 'closed'}" in said
    (place / "anas").mkdir(0o755)
    os.chown(place / "anas", 47999, 47999)
    assert "could put another in a run's place" in refusal(place / "anas" / "runs")
    assert not (place / "anas" / "runs").exists()


def test_who_is_not_in_the_group_is_told_how_they_get_in(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 47999)
    monkeypatch.setattr(sharing, "own_groups", lambda: frozenset({47999}))
    said = refusal(place / "runs")
    assert f"47999 is not in the group {NAMELESS}" in said
    assert f"sudo gpasswd -a 47999 {NAMELESS}" in said
    assert not (place / "runs").exists()


@pytest.mark.skipif(bool(fuse_place.obstacle()), reason=fuse_place.obstacle())
def test_a_file_system_that_cannot_be_trusted_is_refused(place: Path) -> None:
    (place / "mnt").mkdir()
    with fuse_place.mounted(place / "mnt", "fuse.sshfs", "nas:/export"):
        assert "no run can be kept safely on fuse" in refusal(place / "mnt" / "runs")


def test_runs_alone_still_lists(place: Path) -> None:
    env = {**os.environ, "COCKPIT_RUNS": str(place / "none")}
    argv = [sys.executable, "-m", "cockpit.cli", "runs"]
    listed = subprocess.run([*argv, "--all"], env=env, capture_output=True, text=True)
    assert (listed.returncode, listed.stdout) == (Exit.OK, "")
    assert "no runs in" in listed.stderr
    helped = subprocess.run([*argv, "--help"], env=env, capture_output=True, text=True).stdout
    assert "init" in helped
    wrong = subprocess.run([*argv, "inti"], env=env, capture_output=True, text=True)
    assert wrong.returncode == Exit.USAGE
    assert "did you mean `runs init`" in wrong.stderr
