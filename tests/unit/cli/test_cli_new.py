"""`cockpit new`: a shipped profile as a start."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cockpit.cli.new import new
from cockpit.errors import RunError
from cockpit.profile.kinds import installed
from cockpit.profile.load import examine
from cockpit.profile.shipped import described, folder_of, names


def made(*arguments: str) -> str:
    ended = CliRunner().invoke(new, list(arguments), standalone_mode=False)
    if ended.exception is not None:
        raise ended.exception
    return ended.output


@pytest.mark.parametrize("name", names())
def test_a_copy_of_a_shipped_profile_checks_without_a_remark(name: str, tmp_path: Path):
    made(str(tmp_path / "mine"), "--from", name)
    files = sorted((tmp_path / "mine").glob("*.toml"))
    assert files
    assert [str(problem) for file in files for problem in examine(file, installed())[1]] == []
    copied = {path.relative_to(tmp_path / "mine") for path in (tmp_path / "mine").rglob("*") if path.is_file()}
    shipped = {path.relative_to(folder_of(name)) for path in folder_of(name).rglob("*") if path.is_file()}
    assert copied == {path for path in shipped if "__pycache__" not in path.parts}


def test_it_says_what_the_profile_takes_from_the_environment_and_what_comes_next(tmp_path: Path):
    told = made(str(tmp_path / "mine"), "--from", "virtue")
    lines = [line.split() for line in told.splitlines() if line.startswith("  VIRTUE_")]
    assert len(lines) > 10
    assert ["VIRTUE_KUBE_NAMESPACE"] not in [line[:1] for line in lines], "it has a default"
    assert next(line for line in lines if line[0] == "VIRTUE_DATABASE_URL")[1] == "secret:"
    assert f"cockpit check {tmp_path}/mine/*.toml" in told
    assert f"cockpit ready {tmp_path}/mine/staging.toml" in told


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path):
    (tmp_path / "note").write_text("ours")
    with pytest.raises(Exception, match="not empty; name a new folder"):
        made(str(tmp_path), "--from", "virtue")
    assert [path.name for path in tmp_path.iterdir()] == ["note"]


def test_an_unknown_profile_is_refused_with_the_known_ones(tmp_path: Path):
    with pytest.raises(RunError, match=r"there are: .*virtue"):
        made(str(tmp_path / "mine"), "--from", "virtu")
    assert not (tmp_path / "mine").exists()


def test_the_profiles_are_listed_with_a_line_each():
    lines = [line.split(maxsplit=1) for line in made("--list").splitlines()]
    assert lines == [[name, described(name)] for name in names()]
    assert all(len(doc) > 20 for _, doc in lines)


def test_without_a_folder_or_a_profile_it_says_how_it_is_used(tmp_path: Path):
    with pytest.raises(Exception, match="cockpit new DIR --from NAME"):
        made(str(tmp_path / "mine"))
