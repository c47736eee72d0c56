"""The folder of broken profiles: each file ends with what `check` must say about it, line by line.

`#> 4:8: sentence` is a problem of the file itself, `#> base.toml:4:8: sentence` one of a file it extends.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.exits import Exit
from cockpit.profile.check import check, check_exit
from cockpit.profile.kinds import installed

KINDS = installed()
BROKEN = Path(__file__).parents[2] / "broken"
FILES = sorted(path.name for path in BROKEN.glob("*.toml"))


def expected(name: str) -> list[str]:
    lines = [line[3:] for line in (BROKEN / name).read_text().splitlines() if line.startswith("#> ")]
    return [f"{name}:{line}" if line[0].isdigit() else line for line in lines]


def test_there_are_broken_profiles() -> None:
    assert len(FILES) > 15
    assert all(expected(name) for name in FILES)


@pytest.mark.parametrize("name", FILES)
def test_every_problem_of_a_broken_profile_is_found_at_its_place(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)
    problems = check([name], KINDS)
    assert [str(problem) for problem in problems] == expected(name)
    only_advice = name in ("warnings.toml", "steps_advice.toml")
    assert check_exit(problems) == (Exit.OK if only_advice else Exit.PROBLEMS)
    assert check_exit(problems, strict=True) == Exit.PROBLEMS


def test_several_files_are_checked_at_once_and_a_shared_base_is_reported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)
    problems = [str(problem) for problem in check(["heir.toml", "inherited.toml", "kinds.toml"], KINDS)]
    assert problems == [*expected("heir.toml"), *expected("kinds.toml")]


def test_the_command_reports_the_whole_folder_at_once_with_exit_status_1() -> None:
    argv = [sys.executable, "-m", "cockpit.cli", "check", *FILES]
    finished = subprocess.run(argv, cwd=BROKEN, capture_output=True, text=True, check=False)
    told = [line for line in finished.stdout.splitlines() if "; digest " not in line]  # of those that could be run
    assert sorted(set(told)) == sorted({line for name in FILES for line in expected(name)})
    assert len(set(told)) == len(told)
    assert finished.returncode == Exit.PROBLEMS
    assert "Traceback" not in finished.stderr
