"""`cockpit check`, `show`, `schema` and `probe`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli_desk import PROFILE, Cockpit, one_sentence

from cockpit.profile.kinds import installed
from cockpit.profile.load import load


def test_check_says_how_many_and_ends_with_one_for_errors(cockpit: Cockpit, profile: Path) -> None:
    assert cockpit("check", "shop.toml").returncode == 0
    profile.write_text(PROFILE.replace('title = "Second"', 'titel = "Second"'))
    ended = cockpit("check", "shop.toml")
    assert ended.returncode == 1
    assert re.match(r"shop\.toml:\d+:\d+: ", ended.stdout)
    assert "`title`" in ended.stdout
    found = json.loads(cockpit("check", "--format", "json", "shop.toml").stdout)
    assert "title" in [problem["nearest"] for problem in found]


def test_show_prints_a_profile_that_loads_again(cockpit: Cockpit, profile: Path, tmp_path: Path) -> None:
    ended = cockpit("show", "shop.toml")
    assert ended.returncode == 0
    (tmp_path / "again.toml").write_text(ended.stdout)
    assert load(tmp_path / "again.toml", installed()).profile == load(profile, installed()).profile


def test_schema_is_json(cockpit: Cockpit) -> None:
    assert json.loads(cockpit("schema").stdout)["$schema"]


@pytest.mark.parametrize("command", ["check", "show", "run", "probe"])
def test_a_profile_that_is_not_there_is_a_sentence(cockpit: Cockpit, command: str) -> None:
    ended = cockpit(command, "nowhere.toml")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "nowhere.toml:1:1: " in ended.stdout + ended.stderr


PROBES = """
id = "looked_at"
environment = "staging"
[variables.word]
env = "COCKPIT_TEST_WORD"
secret = true
[[probes]]
id = "greets"
kind = "command"
argv = ["printenv", "GREETING"]
timeout = 10
env = {{ GREETING = "${{word}}" }}
value = "stdout"
pass = ["exit_code == 0"]
[[probes]]
id = "ends"
kind = "command"
argv = ["sh", "-c", "exit {code}"]
interval = 0.2
timeout = 10
value = "exit_code"
"""


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (1, 1)])
def test_probe_reads_once_without_a_run_and_ends_by_what_it_read(
    cockpit: Cockpit, tmp_path: Path, code: int, expected: int
) -> None:
    (tmp_path / "p.toml").write_text(PROBES.format(code=code))
    ended = cockpit("probe", "p.toml", COCKPIT_TEST_WORD="open-sesame")
    assert ended.returncode == expected, ended.stdout + ended.stderr
    assert re.search(r"✔ pass\s+greets", ended.stdout)
    assert "open-sesame" not in ended.stdout + ended.stderr
    lines = cockpit("probe", "p.toml", "--format", "json", COCKPIT_TEST_WORD="open-sesame").stdout.splitlines()
    assert [json.loads(line)["reading"]["status"] for line in lines] == ["pass", "fail" if code else "pass"]
    assert not (tmp_path / "runs").exists()


def test_probe_says_which_variable_is_missing(cockpit: Cockpit, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(PROBES.format(code=0))
    ended = cockpit("probe", "p.toml")
    assert ended.returncode == 1
    assert "COCKPIT_TEST_WORD" in one_sentence(ended)


@pytest.mark.parametrize("end", ["interrupt", "unheard"])
def test_watching_probes_goes_on_until_ctrl_c_or_until_nobody_reads(tmp_path: Path, end: str) -> None:
    (tmp_path / "p.toml").write_text(PROBES.format(code=0))
    watching = subprocess.Popen(
        [sys.executable, "-u", "-m", "cockpit.cli", "probe", "--watch", str(tmp_path / "p.toml")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COCKPIT_TEST_WORD": "open-sesame"},
    )
    assert watching.stdout is not None
    assert watching.stderr is not None
    seen = [watching.stdout.readline() for _ in range(4)]
    assert sum("ends" in line for line in seen) >= 2, seen
    if end == "interrupt":
        watching.send_signal(2)
        watching.stdout.read()
    watching.stdout.close()
    with watching.stderr:
        assert watching.stderr.read() == ""
    assert watching.wait(60) == (130 if end == "interrupt" else 141)
