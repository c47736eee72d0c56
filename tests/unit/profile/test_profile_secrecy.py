"""Secrets that stand in a profile or in a file that it names: refused with their place, and never quoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.profile.kinds import installed
from cockpit.profile.load import examine, load
from cockpit.profile.problems import ProfileError
from cockpit.profile.secrecy import FILE_BYTES

HEAD = 'id = "shop"\nenvironment = "staging"\n'
GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
PASSWORD = "9wH-4kd_Lp2"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----"
STEP = f"""{HEAD}
[[targets]]
id = "db"
kind = "postgres"
dsn = "host=db.example"
database = "shop"
[[phases]]
id = "db"
title = "Database"
[[phases.steps]]
id = "run"
title = "Run"
"""
COMMAND = STEP + 'kind = "command"\nargv = ["true"]\n'
SQL = STEP + 'kind = "sql"\ntarget = "db"\n'


def said(folder: Path, text: str, *, advice: bool = False) -> list[str]:
    path = folder / "p.toml"
    path.write_text(text)
    return [str(problem).replace(f"{folder}/", "") for problem in examine(path, installed(), advice=advice)[1]]


@pytest.mark.parametrize(
    ("line", "column", "what"),
    [
        (f'[variables.token]\nvalue = "{GITHUB}"', 10, "a GitHub token"),
        (f'# of the bot: {GITHUB}\n"x" = 1', 0, "a GitHub token"),
        (f'[variables.url]\nvalue = "postgresql://app:{PASSWORD}@db.example/shop"', 27, "a URL's password"),
        (f'[variables.dsn]\nvalue = "host=db.example user=app password={PASSWORD}"', 44, "a password"),
        (f"[variables.key]\nvalue = '''{KEY}'''", 12, "a private key"),
        (f'[variables.header]\nvalue = "Authorization: Bearer {GITHUB[4:]}"', 32, "a bearer token"),
        ('[variables.token]\nvalue = "gh\\u0070_' + GITHUB[4:] + '"', 10, "a GitHub token"),
        ('[variables.token]\nvalue = """ghp_\\\n   ' + GITHUB[4:] + '"""', 12, "a GitHub token"),
    ],
    ids=["token", "comment", "url", "conninfo", "key", "header", "escaped", "folded"],
)
def test_a_secret_in_a_profile_is_an_error_at_its_place_and_keeps_a_run_from_beginning(
    tmp_path: Path, line: str, column: int, what: str
) -> None:
    problems = said(tmp_path, HEAD + line + "\n")
    row, column = (4, column) if column else (3, line.index("ghp_") + 1)
    expected = f"p.toml:{row}:{column}: {what} stands here, and the log would keep it; expected a variable with"
    assert any(each.startswith(expected) for each in problems), problems
    assert not any(secret in each for each in problems for secret in (GITHUB, GITHUB[4:], PASSWORD, KEY[40:60]))
    with pytest.raises(ProfileError, match="the log would keep it"):
        load(tmp_path / "p.toml", installed())


def test_a_secret_of_a_base_is_an_error_in_the_base(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(f'{HEAD}[variables.token]\nvalue = "{GITHUB}"\n')
    (problem,) = said(tmp_path, 'extends = "base.toml"\nenvironment = "production"\n')
    assert problem.startswith("base.toml:4:10: a GitHub token stands here")


@pytest.mark.parametrize(
    "value",
    [
        "${token}",
        "your-token",
        "changeme",
        "postgresql://app:${password}@db.example/shop",
        "postgresql://postgres:postgres@localhost/shop",
        "host=db.example password=$PGPASSWORD",
        "ghp_" + "x" * 36,
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_what_stands_in_for_a_secret_is_none(tmp_path: Path, value: str) -> None:
    text = f'{HEAD}[variables.token]\nenv = "TOKEN"\nsecret = true\n[variables.password]\nenv = "P"\nsecret = true\n'
    text += f"# {value}\n[variables.kept]\nvalue = '{value}'\n"
    assert not [each for each in said(tmp_path, text) if "stands here" in each]


@pytest.mark.parametrize("key", ['file = "run.sql"', 'files = ["other.sql", "run.sql"]'], ids=["file", "files"])
def test_a_secret_in_a_file_that_a_step_names_is_an_error_with_its_line(tmp_path: Path, key: str) -> None:
    (tmp_path / "other.sql").write_text("SELECT 1;\n")
    (tmp_path / "run.sql").write_text(f"SELECT 1;\nALTER ROLE app PASSWORD '{PASSWORD}';\n")
    (problem,) = [each for each in said(tmp_path, f"{SQL}{key}\n") if "stands here" in each]
    assert problem.startswith("run.sql:2:26: a password stands here")
    assert PASSWORD not in problem


def test_a_key_in_the_list_of_signers_is_an_error_there(tmp_path: Path) -> None:
    (tmp_path / "signers").write_text(f"# ana\n{KEY}\n")
    problems = said(tmp_path, f'{HEAD}allowed_signers = "signers"\n')
    assert any(each.startswith("signers:2:1: a private key stands here") for each in problems)


def test_what_only_has_a_passwords_name_in_a_named_file_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text(f"#!/bin/sh\nexport PGPASSWORD={PASSWORD}\n")
    text = f'{COMMAND}files = ["run.sh"]\n'
    assert not [each for each in said(tmp_path, text) if "stands here" in each]
    (problem,) = [each for each in said(tmp_path, text, advice=True) if "stands here" in each]
    assert problem.startswith("run.sh:2:19: warning: a password stands here")


def test_of_a_huge_named_file_the_beginning_is_looked_at_and_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run.sql").write_text("-" * 99 + f"\n{GITHUB}\n" + "-\n" * FILE_BYTES)
    (tmp_path / "folder").mkdir()
    problems = said(tmp_path, f'{COMMAND}files = ["folder", "absent.sql", "nul\\u0000.sql", "run.sql"]\n')
    assert [each.split(":")[:3] for each in problems if "stands here" in each] == [["run.sql", "2", "1"]]
