"""`cockpit export`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_desk import Cockpit, one_sentence

LOGS = Path(__file__).parents[2] / "logs" / "v1"
NIGHT = LOGS / "night.jsonl"


def test_export_gives_the_logs_own_bytes_and_leaves_out_what_was_not_asked_for(cockpit: Cockpit) -> None:
    ended = cockpit("export", str(NIGHT), "--type", "hold.*", "--until", "21:26")
    assert ended.returncode == 0
    assert ended.stdout == "".join(
        line for line in NIGHT.read_text().splitlines(True) if '"type":"hold.placed"' in line
    )
    assert "21:26 is read as 2026-11-21 21:26 UTC" in ended.stderr


def test_several_logs_follow_one_another_and_one_that_is_not_there_is_said(cockpit: Cockpit, tmp_path: Path) -> None:
    ended = cockpit("export", str(NIGHT), "./nowhere.jsonl", str(LOGS / "acting.jsonl"), "--type", "run.started")
    assert ended.returncode == 3
    assert one_sentence(ended).startswith("cockpit: there is no log at ./nowhere.jsonl")
    assert ended.stdout.count("\n") == 2


def test_nothing_found_is_said_with_what_may_have_been_meant(cockpit: Cockpit) -> None:
    for arguments, said in (
        (["--type", "step.confirm"], "did you mean `step.confirmed`?"),
        (["--step", "9.9"], "it has steps 1.1, 1.2, 1.3, 2.1, 2.2"),
        (["--by", "anna"], "who did something then: ana, bo"),
        (["--since", "2030-01-01"], "nothing matched"),
    ):
        ended = cockpit("export", str(NIGHT), *arguments)
        assert (ended.returncode, ended.stdout) == (0, "")
        assert said in one_sentence(ended)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--since", "half past ten"),
        ("--until", "22:61"),
        ("--zone", "Mars"),
        ("--class", "rumour"),
        ("--since", "\x1b[2J"),
    ],
)
def test_what_cannot_be_asked_for_is_a_usage_error(cockpit: Cockpit, option: str, value: str) -> None:
    ended = cockpit("export", str(NIGHT), option, value)
    assert ended.returncode == 2
    assert "\x1b" not in one_sentence(ended)


def test_of_a_damaged_log_what_counts_is_exported(cockpit: Cockpit, tmp_path: Path) -> None:
    raw = NIGHT.read_bytes()
    log = tmp_path / "night.jsonl"
    log.write_bytes(raw.replace(b"the twelve are test users", b"the twelve are real users"))
    ended = cockpit("export", str(log))
    assert ended.returncode == 1
    kept = raw.index(b"\n", raw.index(b'"seq":31,')) + 1
    assert len(ended.stdout.encode()) == kept
    assert (
        "line 32 does not chain to line 31: one of the two was changed, or a line between them is gone; "
        in ended.stderr
    )
    assert f"the {len(raw) - kept} bytes from there on do not count" in one_sentence(ended)


def test_of_a_log_that_was_cut_the_whole_lines_are_exported(cockpit: Cockpit, tmp_path: Path) -> None:
    log = tmp_path / "night.jsonl"
    log.write_bytes(NIGHT.read_bytes()[:-100])
    ended = cockpit("export", str(log))
    assert ended.returncode == 1
    assert ended.stdout == NIGHT.read_text()[: len(ended.stdout)]
    assert ended.stdout.count("\n") == 47
    assert "after the last newline are no line yet" in one_sentence(ended)


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 1000, b"{}\n", b"[" * 100_000 + b"\n", b'{"v":99}\n'])
def test_what_is_no_log_is_a_sentence(cockpit: Cockpit, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_bytes(content)
    ended = cockpit("export", str(path), "--by", "ana")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert one_sentence(ended)


# ---- into a file ---------------------------------------------------------------------------------------------------


def test_a_file_is_private_whole_and_never_written_over_unasked(cockpit: Cockpit, tmp_path: Path) -> None:
    out = tmp_path / "part.jsonl"
    ended = cockpit("export", str(NIGHT), "--class", "fact", "-o", "part.jsonl")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "24 events written to part.jsonl" in one_sentence(ended)
    assert out.stat().st_mode & 0o777 == 0o600
    first = out.read_bytes()
    ended = cockpit("export", str(NIGHT), "-o", "part.jsonl")
    assert ended.returncode == 4
    assert "exists already" in one_sentence(ended)
    assert out.read_bytes() == first
    assert cockpit("export", str(NIGHT), "-o", "part.jsonl", "--force").returncode == 0
    assert out.read_bytes() == NIGHT.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["part.jsonl"]


def test_no_log_no_link_and_no_device_is_written_over(cockpit: Cockpit, tmp_path: Path, run_dir: Path) -> None:
    (tmp_path / "link").symlink_to(NIGHT)
    os.mkfifo(tmp_path / "fifo")
    before = (run_dir / "audit.jsonl").read_bytes()
    for target in (run_dir / "audit.jsonl", "link", "fifo", tmp_path, "/dev/null"):
        ended = cockpit("export", str(NIGHT), "-o", str(target), "--force")
        assert ended.returncode == 4
        assert one_sentence(ended)
    assert (run_dir / "audit.jsonl").read_bytes() == before
    ended = cockpit("export", str(NIGHT), "-o", "nowhere/x.jsonl")
    assert ended.returncode == 5
    assert "nowhere/x.jsonl" in one_sentence(ended)


def test_an_export_that_fails_leaves_nothing_behind(cockpit: Cockpit, tmp_path: Path) -> None:
    assert cockpit("export", "./nowhere.jsonl", "-o", "part.jsonl").returncode == 3
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    writing = subprocess.Popen(
        [sys.executable, "-m", "cockpit.cli", "export", *[str(NIGHT)] * 200],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert writing.stdout is not None
    writing.stdout.readline()
    writing.stdout.close()
    assert writing.stderr is not None
    assert writing.stderr.read() == b""
    writing.stderr.close()
    assert writing.wait(60) == 141
