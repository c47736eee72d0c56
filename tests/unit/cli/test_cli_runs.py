"""`cockpit runs`, and what is said before a run begins."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli_desk import PROFILE, Cockpit, act, one_sentence

from cockpit.audit.moved import leave_word
from cockpit.run.commands import ConfirmStep, SkipStep
from cockpit.session.identity import actor


def test_a_missing_environment_variable_stops_a_run_before_it_begins(cockpit: Cockpit, profile: Path) -> None:
    profile.write_text(PROFILE.replace("[[phases]]", '[variables.other]\nenv = "COCKPIT_TEST_OTHER"\n[[phases]]', 1))
    ended = cockpit("run", "shop.toml")
    assert ended.returncode == 1
    assert "COCKPIT_TEST_HOST" in ended.stderr
    assert "COCKPIT_TEST_OTHER" in one_sentence(ended)
    assert not (profile.parent / "runs").exists()


@pytest.mark.parametrize("arguments", [["run", "shop.toml"], ["resume"], ["join"], ["demo"]])
def test_without_a_terminal_no_screen_is_tried(
    cockpit: Cockpit, profile: Path, run_dir: Path, arguments: list[str]
) -> None:
    ended = cockpit(*arguments, COCKPIT_TEST_HOST="x")
    assert ended.returncode == 4
    assert "terminal" in one_sentence(ended)


def test_runs_lists_what_there_is(cockpit: Cockpit, run_dir: Path) -> None:
    act(run_dir, ConfirmStep, step="first")
    ended = cockpit("runs")
    assert re.search(rf"{run_dir.name}  shop\s+staging\s+live\s+.*1/2\s+{actor().user}\s+no keeper", ended.stdout)
    (row,) = json.loads(cockpit("runs", "--format", "json").stdout)
    assert (row["run"], row["steps_settled"], row["steps"], row["keeper"]) == (run_dir.name, 1, 2, "gone")


def test_runs_says_where_one_goes_on_that_was_left_behind(cockpit: Cockpit, run_dir: Path) -> None:
    """Else it would be a live run that nobody watches, for as long as the disk lasts."""
    assert leave_word(run_dir, Path("/mnt/spare\x1b[2J") / run_dir.name)
    (row,) = json.loads(cockpit("runs", "--format", "json").stdout)
    assert row["went_on"] == f"/mnt/spare␛[2J/{run_dir.name}"
    assert f"went on in /mnt/spare␛[2J/{run_dir.name}" in cockpit("runs").stdout
    ended = cockpit("verify", str(run_dir))
    assert ended.returncode == 0
    assert f"this log was left behind: the run goes on in /mnt/spare␛[2J/{run_dir.name}" in one_sentence(ended)


def test_runs_says_which_one_waits_to_be_finished(cockpit: Cockpit, run_dir: Path) -> None:
    for step in ("first", "second"):
        act(run_dir, SkipStep, step=step, reason="r")
    (row,) = json.loads(cockpit("runs", "--format", "json").stdout)
    assert (row["state"], row["to_finish"]) == ("live", True)
    assert "live, to be finished" in cockpit("runs").stdout


def test_no_runs_is_no_error(cockpit: Cockpit) -> None:
    ended = cockpit("runs")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "cockpit run FILE" in ended.stderr
    assert json.loads(cockpit("runs", "--format", "json").stdout) == []


def test_a_damaged_run_is_listed_as_damaged(cockpit: Cockpit, run_dir: Path) -> None:
    (run_dir / "audit.jsonl").write_text("nonsense\n")
    ended = cockpit("runs")
    assert ended.returncode == 0
    assert "damaged" in ended.stdout
    assert run_dir.name in ended.stderr
