"""`cockpit report`: where it writes, what it says, how it ends."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_desk import Cockpit, act, one_sentence
from msgspec.structs import replace

from cockpit.audit.moved import leave_word
from cockpit.cli.reporting import name_of
from cockpit.report.pages.account import read_account
from cockpit.run.commands import AddNote, ConfirmStep


@pytest.fixture
def done(run_dir: Path) -> Path:
    act(run_dir, ConfirmStep, step="first")
    act(run_dir, AddNote, text="all is well")
    return run_dir


def test_the_page_is_named_after_the_run_and_never_written_over(cockpit: Cockpit, done: Path, tmp_path: Path) -> None:
    ended = cockpit("report", done.name[:20])
    assert ended.returncode == 0, ended.stderr
    path = tmp_path / ended.stdout.strip()
    assert path.name.startswith("shop-staging-20")
    assert path.name.endswith(".html")
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert "all is well" in text
    assert str(tmp_path) not in text, "where it lay is nobody's business"
    path.write_text("mine")
    again = cockpit("report", str(done))
    assert again.returncode == 4
    assert "exists already" in one_sentence(again)
    assert path.read_text() == "mine"
    assert cockpit("report", str(done), "--force").returncode == 0
    assert path.read_text() != "mine"
    assert sorted(each.name for each in tmp_path.iterdir() if each.name.startswith(".")) == []


def test_the_other_formats_go_to_standard_output_or_to_a_file(cockpit: Cockpit, done: Path, tmp_path: Path) -> None:
    assert cockpit("report", str(done), "--format", "md").stdout.startswith("# Post-incident review: shop on staging")
    assert json.loads(cockpit("report", str(done), "--format", "json").stdout)["run"]["profile"] == "shop"
    rows = cockpit("report", str(done), "--format", "csv", "--table", "notes").stdout.splitlines()
    assert rows[0] == "seq,at,by,text,step"
    assert "all is well" in rows[1]
    assert cockpit("report", str(done), "-o", "-").stdout.startswith("<!doctype html>")
    assert cockpit("report", str(done), "--format", "csv", "-o", "facts.csv").stdout.strip() == "facts.csv"
    assert (tmp_path / "facts.csv").read_bytes().startswith(b"seq,at,type,")
    assert (tmp_path / "facts.csv").read_bytes().endswith(b"\r\n")


def test_csv_keeps_its_line_ends_in_a_pipe(done: Path) -> None:
    command = [sys.executable, "-P", "-m", "cockpit.cli", "report", str(done), "--format", "csv"]
    raw = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    assert raw.count(b"\r\n") == raw.count(b"\n") > 2


def test_a_damaged_log_is_told_with_its_damage(cockpit: Cockpit, done: Path) -> None:
    log = done / "audit.jsonl"
    act(done, AddNote, text="later")
    log.write_bytes(log.read_bytes().replace(b"all is well", b"all is lost", 1))
    ended = cockpit("report", str(done), "-o", "-")
    assert ended.returncode == 1
    assert "line 4" in one_sentence(ended)
    assert "Damaged:" in ended.stdout
    assert "1.1 First" in ended.stdout


def test_a_log_that_was_left_behind_says_where_the_run_goes_on(cockpit: Cockpit, done: Path, tmp_path: Path) -> None:
    leave_word(done, tmp_path / "elsewhere")
    ended = cockpit("report", str(done), "-o", "-")
    assert ended.returncode == 0
    assert f"the run goes on in {tmp_path / 'elsewhere'}" in one_sentence(ended)
    assert "Left behind:" in ended.stdout


def test_a_compressed_log_is_told_under_its_own_name(cockpit: Cockpit, done: Path, tmp_path: Path) -> None:
    packed = tmp_path / "that-night.jsonl.gz"
    packed.write_bytes(gzip.compress((done / "audit.jsonl").read_bytes()))
    ended = cockpit("report", str(packed), "-o", "-")
    assert ended.returncode == 0, ended.stderr
    assert "cockpit verify that-night.jsonl.gz --anchor" in ended.stdout
    assert "cockpit-unpacked" not in ended.stdout


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 1000, b"{}\n", b'{"v":99}\n'])
def test_what_is_no_log_is_a_sentence_and_leaves_no_file(cockpit: Cockpit, tmp_path: Path, content: bytes) -> None:
    log = tmp_path / "odd.jsonl"
    log.write_bytes(content)
    ended = cockpit("report", str(log))
    assert ended.returncode in (1, 3)
    assert one_sentence(ended)
    assert [each.name for each in tmp_path.iterdir()] == ["odd.jsonl"]


def test_a_folder_that_is_not_there_or_not_ours_is_a_sentence(cockpit: Cockpit, done: Path) -> None:
    ended = cockpit("report", str(done), "-o", "nowhere/page.html")
    assert ended.returncode == 5
    assert "nowhere" in one_sentence(ended)


def test_nothing_is_written_over_the_log_itself(cockpit: Cockpit, done: Path, tmp_path: Path) -> None:
    log = done / "audit.jsonl"
    before = log.read_bytes()
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(before)
    for command, target in (
        (["report", str(done)], log),
        (["report", "copy.jsonl", "--format", "md"], copy),
        (["export", "copy.jsonl"], copy),
    ):
        ended = cockpit(*command, "-o", str(target), "--force")
        assert ended.returncode == 4, command
        assert "nothing is written over" in one_sentence(ended)
    assert log.read_bytes() == copy.read_bytes() == before


def test_wrong_options_are_usage_errors(cockpit: Cockpit, done: Path) -> None:
    for wrong in (
        ["--format", "pdf"],
        ["--table", "steps"],
        ["--zone", "Nowhere/Land"],
        ["--format", "csv", "--table", "x"],
    ):
        ended = cockpit("report", str(done), *wrong)
        assert ended.returncode == 2, wrong
        assert one_sentence(ended)


def test_a_head_that_was_noted_elsewhere_stands_in_the_report(cockpit: Cockpit, done: Path) -> None:
    head = json.loads(cockpit("report", str(done), "--format", "json").stdout)["log"]["head"]
    for noted in (head["digest"][:8], f"{head['seq']}:{head['digest'][:4]}·{head['digest'][4:16]}"):
        ended = cockpit("report", str(done), "-o", "-", "--head", noted)
        assert ended.returncode == 0, ended.stderr
        assert f"anchored to seq {head['seq']}" in ended.stdout
        assert "not anchored" not in ended.stdout
    foreign = cockpit("report", str(done), "-o", "-", "--head", "0" * 8)
    assert foreign.returncode == 1
    assert foreign.stderr.startswith("cockpit: the log does not verify: no fact")
    assert "Does not verify:" in foreign.stdout
    assert cockpit("report", str(done), "--head", "nonsense").returncode == 2


def test_times_are_in_the_zone_that_is_asked_for(cockpit: Cockpit, done: Path) -> None:
    assert (
        "Times are Asia/Tokyo, UTC+09:00"
        in cockpit("report", str(done), "--format", "md", "--zone", "Asia/Tokyo").stdout
    )
    assert "Times are UTC." in cockpit("report", str(done), "--format", "md").stdout
    local = cockpit("report", str(done), "--format", "md", "--zone", "local", TZ="America/Lima").stdout
    assert "Times are America/Lima, UTC-05:00" in local


def test_a_name_for_the_page_is_one_that_every_file_system_takes(done: Path) -> None:
    account = read_account(done, datetime.now(UTC))
    told = replace(account.told, profile="../../etc/passwd", environment="<Prod>\n ümlaut" + "x" * 300)
    name = name_of(replace(account, told=told))
    assert os.path.basename(name) == name
    assert name.isascii()
    assert len(name) < 150
    assert not name.startswith(".")
