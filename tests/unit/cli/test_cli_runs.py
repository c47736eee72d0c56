"""`cockpit runs`, and what is said before a run begins."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_desk import PROFILE, Cockpit, act, one_sentence
from msgspec import structs

from cockpit.audit.moved import leave_word
from cockpit.cli.run_rows import Row
from cockpit.cli.run_table import table
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import AbortRun, ConfirmStep, SkipStep
from cockpit.session.creating import create_run
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


def test_runs_are_asked_for_by_what_they_were_like(cockpit: Cockpit, run_dir: Path) -> None:
    act(run_dir, SkipStep, step="first", reason="seen")
    act(run_dir, AbortRun, reason="enough")
    user = actor().user
    (row,) = json.loads(
        cockpit("runs", "--format", "json", "--by", user, "--outcome", "aborted", "--since", "-1h").stdout
    )
    assert (row["outcome"], row["deviations"], row["people"], row["rollback"]) == ("aborted", 1, [user], "")
    assert 0 <= row["duration_s"] < 60
    for asked in (
        ["--by", "nobody"],
        ["--outcome", "live"],
        ["--until", "2026-01-01"],
        ["--rehearsal"],
        ["--profile", "x"],
    ):
        ended = cockpit("runs", *asked)
        assert (ended.returncode, ended.stdout) == (0, "")
        assert "none of 1 run is like that" in ended.stderr
    assert cockpit("runs", "--since", "soon").returncode == 2


def test_who_looks_for_damaged_runs_hears_that_a_list_verifies_nothing(cockpit: Cockpit, run_dir: Path) -> None:
    act(run_dir, SkipStep, step="first", reason="seen")
    act(run_dir, AbortRun, reason="enough")
    log = run_dir / "audit.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-2] + lines[-1:]))  # what only a chain shows
    ended = cockpit("runs", "--outcome", "damaged")
    assert ended.stdout == ""
    assert "cockpit verify RUN" in ended.stderr
    assert "cockpit verify" not in cockpit("runs", "--outcome", "aborted").stderr
    assert cockpit("verify", str(run_dir)).returncode == 1


def test_an_order_but_the_newest_looks_at_all_of_them(cockpit: Cockpit, profile: Path, tmp_path: Path) -> None:
    runs = [create_run(load(profile, installed()), {"host": "x"}, folder=tmp_path / "runs") for _ in range(22)]
    for step in ("first", "second"):
        act(runs[0], SkipStep, step=step, reason="r")
    told = cockpit("runs").stdout.splitlines()
    assert [line.split()[0] for line in told[1:]] == [run.name for run in reversed(runs[2:])]
    assert "2 older: cockpit runs --all" in cockpit("runs").stderr
    told = cockpit("runs", "--sort", "deviations").stdout.splitlines()
    assert told[1].split()[0] == runs[0].name
    assert len(json.loads(cockpit("runs", "--all", "--format", "json").stdout)) == 22


def test_runs_as_csv_are_for_spreadsheets_and_run_nothing_in_them(cockpit: Cockpit, run_dir: Path) -> None:
    log = run_dir / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"environment":"staging"', b'"environment":"=cmd()|x!A1"'))
    (row,) = csv.DictReader(cockpit("runs", "--format", "csv").stdout.splitlines())
    assert row["environment"] == "'=cmd()|x!A1"
    assert (row["run"], row["people"], row["deviations"], row["rehearsal"]) == (
        run_dir.name,
        actor().user,
        "0",
        "false",
    )
    assert cockpit("runs", "--format", "csv", "--by", "nobody").stdout.startswith("run,profile,")


def test_hostile_names_are_shown_and_do_not_act(cockpit: Cockpit, run_dir: Path) -> None:
    log = run_dir / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"environment":"staging"', '"environment":"\x9b2J\u202estag"'.encode()))
    for arguments in ([], ["--format", "json"]):
        ended = cockpit("runs", *arguments)
        assert ended.returncode == 0
        assert "‹U+009B›2J‹U+202E›stag" in ended.stdout
        assert "\x9b" not in ended.stdout


_BEGAN = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
_USUAL = Row(
    run="01M7RB5JX0V7ZP4M9Q2T3W5Y50", profile="organizational_model", title="", environment="production-frankfurt",
    state="live", outcome="live", rollback="undo_everything", to_finish=False, rehearsal=True, started=_BEGAN,
    ended=None, duration_s=93_000.0, deviations=12, people=("ana", "bartholomew", "cem", "dora"), steps_settled=101,
    steps=102, pen="bartholomew", keeper="alive", keeper_pid=2_147_483, keeper_epoch=12, keeper_since=_BEGAN,
    keeper_silent_s=4711.0, keeper_stopped="", last="", folder="", problem="", went_on="", offline_since=None,
)  # fmt: skip


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_a_table_of_runs_fits_the_terminal(columns: int) -> None:
    """Long names, a live run whose keeper hangs, a damaged one, a rehearsal on its way back."""
    damaged = structs.replace(_USUAL, run="01M7RB6J", state="damaged", outcome="damaged", profile="", environment="",
                              started=None, duration_s=None)  # fmt: skip
    told = table([_USUAL, damaged], UTC, {_USUAL.run: "01M7RB5J"}, columns)
    assert max(map(len, told)) <= columns
    assert "01M7RB5J" in told[1]
    assert "12" in told[1]
    assert any("2147483, epoch 12" in line and "silent 4711 s" in line for line in told)


@pytest.mark.parametrize(
    ("silent_s", "told"),
    [(None, ", no beat yet"), (0.4, ""), (3.0, ""), (3.4, ", silent 3 s"), (4711.0, ", silent 4711 s")],
)
def test_a_keeper_is_called_silent_once_it_has_beaten(silent_s: float | None, told: str) -> None:
    row = structs.replace(_USUAL, keeper_silent_s=silent_s)
    (_, line, *more) = table([row], UTC, {row.run: "01M7RB5J"}, 200)
    keeper = " ".join([line, *more])
    assert f"2147483, epoch 12, since 11-20 22:00{told}" in keeper
    assert ("silent" in keeper) == ("silent" in told)


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
