"""How every command answers and ends: one sentence, an exit status, no traceback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli_desk import Cockpit, act, one_sentence

from cockpit.cli import COMMANDS
from cockpit.run.commands import AddNote


def test_help_names_every_command(cockpit: Cockpit) -> None:
    ended = cockpit("--help")
    assert ended.returncode == 0
    assert all(re.search(rf"^  {name} ", ended.stdout, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_as_the_overview_says(cockpit: Cockpit, command: str) -> None:
    ended = cockpit(command, "--help")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"Usage: cockpit {command}")


@pytest.mark.parametrize("arguments", [["--help"], ["check", "shop.toml"], ["runs"], ["log", "nothing"]])
def test_no_screen_and_no_driver_is_imported_for_answers_in_text(
    cockpit: Cockpit, profile: Path, arguments: list[str]
) -> None:
    program = (
        "import sys; from cockpit.cli import main\ntry: main({})\nexcept SystemExit: pass\nprint(sorted(sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program.format(arguments)], cwd=profile.parent, capture_output=True, text=True
    )
    imported = ended.stdout.splitlines()[-1]
    assert not re.search(r"'(textual|rich|httpx|psycopg|cryptography)'", imported)
    assert ("'msgspec'" in imported) == (arguments != ["--help"])


def test_a_misspelt_command_is_answered_with_the_nearest(cockpit: Cockpit) -> None:
    ended = cockpit("chek")
    assert ended.returncode == 2
    assert "did you mean `check`?" in one_sentence(ended)


def test_a_wrong_option_is_a_usage_error_in_one_sentence(cockpit: Cockpit) -> None:
    ended = cockpit("runs", "--format", "yaml")
    assert ended.returncode == 2
    assert "yaml" in one_sentence(ended)


def test_what_was_not_foreseen_is_one_sentence_and_a_file(tmp_path: Path) -> None:
    program = (
        "import sys, cockpit.cli, cockpit.cli.listing as listing\n"
        "def broken(*_, **__): raise ZeroDivisionError('by\\x1b[2J nought')\n"
        "listing.Catalog = broken\n"
        "cockpit.cli.main(['runs'])"
    )
    environ = {**os.environ, "COCKPIT_RUNS": str(tmp_path / "runs")}
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environ)
    assert ended.returncode == 5
    said = one_sentence(ended)
    assert "\x1b" not in ended.stderr
    (details,) = (tmp_path / "errors").iterdir()
    assert str(details) in said
    assert "ZeroDivisionError" in details.read_text()
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environ | {"COCKPIT_DEBUG": "1"}
    )
    assert "Traceback" in ended.stderr


def test_a_full_disk_behind_the_output_is_a_sentence(cockpit: Cockpit, run_dir: Path) -> None:
    command = f"{sys.executable} -m cockpit.cli log {run_dir} > /dev/full"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert ended.returncode == 5
    assert "No space left" in one_sentence(ended)


def test_a_reader_that_leaves_ends_it_quietly(run_dir: Path, cockpit: Cockpit) -> None:
    for _ in range(30):  # more than a pipe holds
        act(run_dir, AddNote, text="x" * 3900)
    command = f"{sys.executable} -m cockpit.cli log --json {run_dir} | head -c 10"
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert ended.stderr == ""
    assert ended.returncode == 141


def test_a_shell_can_complete_commands(cockpit: Cockpit) -> None:
    environ = {"_COCKPIT_COMPLETE": "bash_complete", "COMP_WORDS": "cockpit re", "COMP_CWORD": "1"}
    assert cockpit(**environ).stdout.split() == [
        "plain,rehearse", "plain,resume", "plain,ready", "plain,replay", "plain,report",
    ]  # fmt: skip
