"""Variables, PATH, umask and the folder for temporary files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cockpit.doctor import environment
from cockpit.doctor.findings import Finding, Level


def judged(umask: int = 0o077, **variables: str) -> dict[str, Finding]:
    seen = environment.look_around({"PATH": "/usr/bin", "TMPDIR": "/", **variables})
    seen = environment.Surroundings(seen.variables, umask, seen.path, seen.temporary)
    return {each.what: each for each in environment.judge(seen)}


@pytest.mark.parametrize("name", ["LD_PRELOAD", "LD_AUDIT", "BASH_ENV", "SSLKEYLOGFILE"])
def test_a_variable_that_runs_or_betrays_is_an_error_and_unset_mends_it(name: str):
    found = judged(**{name: "/tmp/x"})[name]
    assert (found.level, found.cure) == (Level.ERROR, (f"unset {name}",))
    assert name not in judged(**{name: ""})


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONASYNCIODEBUG", "COCKPIT_DEBUG", "IFS", "CDPATH", "SHELLOPTS"])
def test_a_variable_that_changes_what_is_done_is_a_warning(name: str):
    assert judged(**{name: "1"})[name].level is Level.WARNING


def test_no_finding_shows_the_value_of_a_variable():
    found = judged(LD_PRELOAD="hunter2", PGPASSWORD="hunter2", PS4="hunter2")
    assert "hunter2" not in repr(found)


def test_functions_that_bash_would_take_over_are_told():
    found = judged(**{"BASH_FUNC_ls;x%%": "() { rm; }"})["exported functions"]
    assert found.cure == ("unset -f 'ls;x'",)


@pytest.mark.parametrize("path", ["/usr/bin:.", ":/usr/bin", "/usr/bin:", "bin:/usr/bin"])
def test_a_relative_folder_in_path_is_an_error_and_the_cure_leaves_it_out(path: str):
    found = judged(PATH=path)["PATH"]
    assert (found.level, found.cure) == (Level.ERROR, ("export PATH=/usr/bin",))


def test_a_folder_in_path_that_others_may_write_to_is_an_error(tmp_path: Path):
    tmp_path.chmod(0o700)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin").chmod(0o777)
    found = judged(PATH=f"/usr/bin:{tmp_path}/bin")[f"{tmp_path}/bin"]
    assert found.level is Level.ERROR


def test_a_folder_in_path_that_anybody_could_make_is_an_error(tmp_path: Path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o1777)
    found = judged(PATH=f"/usr/bin:{tmp_path}/open/none/bin")
    assert found[f"{tmp_path}/open"].level is Level.ERROR


@pytest.mark.parametrize(
    ("umask", "level"), [(0o000, Level.ERROR), (0o020, Level.ERROR), (0o022, Level.ADVICE), (0o027, Level.OK)], ids=str
)
def test_the_umask(umask: int, level: Level):
    assert judged(umask)["umask"].level is level


def test_the_umask_is_read_and_stays(tmp_path: Path):
    before = os.umask(0o037)
    try:
        assert environment.look_around({}).umask == 0o037
        (tmp_path / "x").touch()
        assert (tmp_path / "x").stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)


def test_a_folder_for_temporary_files_is_there_and_sticky(tmp_path: Path):
    for name, mode in (("open", 0o777), ("sticky", 0o1777), ("own", 0o700)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    assert judged(TMPDIR=f"{tmp_path}/open")[f"temporary files in {tmp_path}/open"].level is Level.ERROR
    assert judged(TMPDIR=f"{tmp_path}/none")[f"temporary files in {tmp_path}/none"].level is Level.ERROR
    assert judged(TMPDIR=f"{tmp_path}/sticky")["temporary files"].level is Level.OK
    assert judged(TMPDIR=f"{tmp_path}/own")["temporary files"].level is Level.OK
