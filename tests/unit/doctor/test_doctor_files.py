"""Which files of an account are looked at, and what is said of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.doctor import files
from cockpit.doctor.findings import Finding, Level


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def environ(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), **more}


def put(path: Path, mode: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text("secret")
    path.chmod(mode)
    return path


def bad(home: Path, **more: str) -> dict[str, Finding]:
    return {each.id: each for each in files.of_account(environ(home, **more)) if each.level is not Level.OK}


@pytest.mark.parametrize(
    ("name", "id_", "why"),
    [
        (".pgpass", "files.pgpass", "libpq then ignores it, and its passwords lie open"),
        (".kube/config", "files.kubeconfig", "whoever reads it acts on the cluster as you"),
        (".netrc", "files.netrc", "its passwords lie open"),
        (".config/cockpit/01M7.env", "files.env", "it is where secrets of a keeper's unit stand"),
    ],
)
def test_a_file_of_secrets_that_others_may_read_is_an_error(home: Path, name: str, id_: str, why: str):
    path = put(home / name, 0o640)
    found = bad(home)[id_]
    assert (found.level, found.why) == (Level.ERROR, why)
    assert found.cure == (f"chmod 600 {path}",)
    path.chmod(0o600)
    assert id_ not in bad(home)


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        (".pg_service.conf", "files.pg_service"),
        (".bashrc", "files.startup"),
        (".config/systemd/user/cockpit-01M7.service", "files.unit"),
        (".local/state/cockpit/trusted/x", "files.trusted"),
        (".local/state/cockpit/heads/x", "files.heads"),
    ],
)
def test_a_file_that_others_may_change_is_an_error_and_one_they_may_read_is_none(home: Path, name: str, id_: str):
    path = put(home / name, 0o644)
    assert id_ not in bad(home)
    path.chmod(0o666)
    assert bad(home)[id_].level is Level.ERROR


@pytest.mark.parametrize("name", ["trusted", "heads", "errors"])
def test_a_folder_of_cockpits_own_is_closed(home: Path, name: str):
    folder = home / "state" / "cockpit" / name
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    found = bad(home, XDG_STATE_HOME=str(home / "state"))[f"files.{name}"]
    assert found.cure == (f"chmod 700 {folder}",)


def test_files_are_where_variables_say(home: Path):
    variables = {"PGPASSFILE": put(home / "a", 0o644), "PGSERVICEFILE": put(home / "b", 0o666)}
    variables["KUBECONFIG"] = f"{put(home / 'c', 0o600)}:{put(home / 'd', 0o644)}"  # type: ignore[assignment]
    found = bad(home, **{name: str(path) for name, path in variables.items()})
    assert {each.what.rpartition("/")[2] for each in found.values()} >= {"a", "b", "d"}
    assert not [each for each in found.values() if each.what.endswith("/c")]


def test_an_empty_home_has_nothing_to_mend(home: Path):
    assert {id_ for id_ in bad(home) if not id_.startswith("files.folder")} == set()


def test_of_a_profile_its_files_and_programs_count_with_every_folder_above(home: Path):
    profile, program = put(home / "p" / "shop.toml", 0o664), put(home / "bin" / "deploy", 0o777)
    (home / "bin").chmod(0o777)
    found = {each.what: each for each in files.of_profile([profile, home / "none"], {"deploy": str(program)})}
    assert found[str(program)].level is Level.ERROR
    assert found[str(home / "bin")].id == "files.folder"
    assert found[str(home / "none")].found == "it is not there"
    assert (
        found[str(home / "bin")].cure == (f"chmod go-w {home / 'bin'}",) or "chmod" in found[str(home / "bin")].cure[0]
    )


def test_code_of_cockpit_that_others_may_change_is_told(home: Path, monkeypatch: pytest.MonkeyPatch):
    package = home / "cockpit"
    put(package / "__init__.py", 0o644)
    put(package / "open.py", 0o666)
    monkeypatch.setattr("cockpit.__file__", str(package / "__init__.py"))
    found = [each for each in files.of_installation({}, None) if each.what == str(package / "open.py")]
    assert found[0].level is Level.ERROR


def test_a_cockpit_that_path_does_not_find_is_worth_a_word():
    assert "files.on_path" in {each.id for each in files.of_installation({}, None) if each.level is Level.ADVICE}


def test_a_policy_that_cannot_be_used_is_an_error_before_the_night(home: Path):
    machine, own = home / "machine.toml", put(home / ".config/cockpit/policy.toml", 0o600)
    own.write_text('reviewed = "sometimes"\n')
    [found] = [each for each in files.of_policy(environ(home), machine) if each.what == "policy"]
    assert (found.level, found.why) == (Level.ERROR, "no profile is run while it cannot be used")
    own.chmod(0o666)
    [found] = [each for each in files.of_policy(environ(home), machine) if each.level is Level.ERROR]
    assert found.what == str(own), "said once, with what mends it"
    own.chmod(0o600)
    own.write_text('reviewed = "all"\nallowed_signers = "signers"\n')
    told = {each.what: each.level for each in files.of_policy(environ(home), machine)}
    assert told[str(own.with_name("signers"))] is Level.WARNING, "it is not there"
    put(own.with_name("signers"), 0o666)
    told = {each.what: each.level for each in files.of_policy(environ(home), machine)}
    assert told[str(own.with_name("signers"))] is Level.ERROR
