"""`cockpit log` and `cockpit verify`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_desk import Cockpit, act, one_sentence

from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import AbortRun, AddNote, ConfirmStep
from cockpit.session.creating import create_run


def test_log_tells_what_happened_in_sentences(cockpit: Cockpit, run_dir: Path) -> None:
    act(run_dir, ConfirmStep, step="first")
    act(run_dir, AddNote, text="all\x1b[31m well")
    for name in (str(run_dir), run_dir.name[:20], str(run_dir / "audit.jsonl")):
        ended = cockpit("log", name)
        assert ended.returncode == 0
        assert "started shop on staging" in ended.stdout
        assert "confirmed 1.1 First" in ended.stdout
        assert "\x1b" not in ended.stdout
        assert "all␛[31m well" in ended.stdout


def test_log_as_json_is_the_file_itself_wherever_it_lies(cockpit: Cockpit, run_dir: Path, tmp_path: Path) -> None:
    act(run_dir, ConfirmStep, step="first")
    copy = tmp_path / "that-night.jsonl"
    copy.write_bytes((run_dir / "audit.jsonl").read_bytes())
    assert cockpit("log", "--json", str(copy)).stdout.encode() == copy.read_bytes()


def test_log_tells_what_holds_and_what_stands_behind_a_break_apart(cockpit: Cockpit, run_dir: Path) -> None:
    act(run_dir, ConfirmStep, step="first")
    for text in ("it was ana", "later"):
        act(run_dir, AddNote, text=text)
    log = run_dir / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b"it was ana", b"it was bob", 1))
    ended = cockpit("log", str(run_dir))
    assert ended.returncode == 1
    before, _, after = ended.stdout.partition("✖ line 4 does not chain to line 3: ")
    assert "confirmed 1.1 First" in before
    assert "later" not in before
    assert "from here on nothing is proven" in after.splitlines()[0]
    assert "later" in after
    assert "line 4" in one_sentence(ended)


def test_log_follows_until_the_run_is_over(cockpit: Cockpit, run_dir: Path, tmp_path: Path) -> None:
    following = subprocess.Popen(
        [sys.executable, "-u", "-m", "cockpit.cli", "log", "--follow", str(run_dir)], stdout=subprocess.PIPE, text=True
    )
    assert following.stdout is not None
    try:
        assert "started shop" in following.stdout.readline()
        act(run_dir, AddNote, text="hello")
        assert "note: hello" in following.stdout.readline()
        act(run_dir, AbortRun, reason="enough")
        assert "aborted the run: enough" in following.stdout.read()
        assert following.wait(60) == 0
    finally:
        following.kill()
        following.wait()
        following.stdout.close()


def test_log_finds_a_pattern_in_all_runs_and_names_each(cockpit: Cockpit, tmp_path: Path, profile: Path) -> None:
    runs = [create_run(load(profile, installed()), {"host": "x"}, folder=tmp_path / "runs") for _ in range(2)]
    act(runs[0], AddNote, text="lock timeout on orders")
    act(runs[1], AddNote, text="all well")
    act(runs[1], AddNote, text="LOCK timeout again")
    ended = cockpit("log", "--all-runs", "--grep", "lock timeout", "-i")
    assert ended.returncode == 0
    told = ended.stdout.splitlines()
    assert [line.partition("note: ")[2] for line in told] == ["lock timeout on orders", "LOCK timeout again"]
    names = [line.split()[0] for line in told]
    assert [cockpit("log", name).returncode for name in names] == [0, 0]
    assert names[0] != names[1]
    for kind, count in (("--profile=sho?", 2), ("--environment=production", 0), ("--profile=x", 0)):
        ended = cockpit("log", "--all-runs", "--grep", "lock timeout", "-i", kind)
        assert (ended.returncode, ended.stdout.count("\n")) == (0 if count else 1, count)
    (runs[0] / "audit.jsonl").write_text("nonsense\n")
    ended = cockpit("log", "--all-runs", "--grep", "lock timeout", "-i")
    assert ended.returncode == 1
    assert "again" in ended.stdout
    assert runs[0].name in one_sentence(ended)


def test_a_search_that_finds_nothing_says_so_and_is_told_apart_by_its_status(cockpit: Cockpit, run_dir: Path) -> None:
    ended = cockpit("log", str(run_dir), "--grep", "nowhere")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert one_sentence(ended) == "cockpit: nothing matched"
    assert cockpit("log", str(run_dir), "--by", "nobody").returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["x", "--all-runs"], ["x", "y", "--follow"], ["--all-runs", "--follow"], ["x", "--raw"], ["x", "--fixed"],
        ["x", "--grep", "("], ["x", "--profile", "y"], ["x", "--grep", "a", "-C", "-1"], ["x", "--grep", "\udcff"],
    ],
)  # fmt: skip
def test_a_search_that_cannot_be_made_is_a_usage_error(cockpit: Cockpit, arguments: list[str]) -> None:
    ended = cockpit("log", *arguments)
    assert ended.returncode == 2
    assert one_sentence(ended)


def test_what_follows_a_log_can_be_searched_as_it_comes(run_dir: Path) -> None:
    following = subprocess.Popen(
        [sys.executable, "-m", "cockpit.cli", "log", "-f", str(run_dir), "--grep", "note", "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert following.stdout is not None
    try:
        act(run_dir, ConfirmStep, step="first")
        act(run_dir, AddNote, text="hello")
        assert '"type":"note.added"' in following.stdout.readline()
        act(run_dir, AbortRun, reason="enough")
        assert following.stdout.read() == ""
        assert following.wait(60) == 0
    finally:
        following.kill()
        following.wait()
        following.stdout.close()


def test_times_are_told_in_the_zone_that_is_asked_for(cockpit: Cockpit) -> None:
    night = Path(__file__).parents[2] / "logs" / "v1" / "night.jsonl"
    ended = cockpit("log", str(night), "--zone", "window", "--since", "22:26:21", "--until", "22:26:21")
    assert ended.stdout == "2026-11-21 22:26:21+01:00     32  bo  holds the run: count them once more\n"


def test_ctrl_c_ends_a_following_log_quietly(run_dir: Path) -> None:
    following = subprocess.Popen(
        [sys.executable, "-u", "-m", "cockpit.cli", "log", "--follow", str(run_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert following.stdout is not None
    following.stdout.readline()
    following.send_signal(2)
    _, said = following.communicate(timeout=20)
    assert said == ""
    assert following.returncode == 130


def test_verify_holds_an_intact_log_and_names_the_first_bad_line(cockpit: Cockpit, run_dir: Path) -> None:
    act(run_dir, ConfirmStep, step="first")
    act(run_dir, ConfirmStep, step="second")
    ended = cockpit("verify", str(run_dir))
    assert ended.returncode == 0, ended.stdout
    assert "chain unbroken" in ended.stdout
    found = json.loads(cockpit("verify", "--format", "json", str(run_dir)).stdout)
    anchor = f"{found['head']['seq']}:{found['head']['digest'][:16]}"
    assert cockpit("verify", str(run_dir), "--anchor", anchor).returncode == 0
    log = run_dir / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"step":"first"', b'"step":"frist"', 1))
    ended = cockpit("verify", str(run_dir))
    assert ended.returncode == 1
    assert "PROBLEM at line 3" in ended.stdout


def test_a_wrong_anchor_is_a_usage_error_and_a_foreign_one_a_problem(cockpit: Cockpit, run_dir: Path) -> None:
    assert cockpit("verify", str(run_dir), "--anchor", "nonsense").returncode == 2
    assert cockpit("verify", str(run_dir), "--anchor", "1:" + "0" * 16).returncode == 1


@pytest.mark.parametrize("command", ["log", "verify"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 1000, b"{}\n", b"[" * 100_000 + b"\n", b'{"v":99}\n'])
def test_what_is_no_log_is_a_sentence(cockpit: Cockpit, tmp_path: Path, command: str, content: bytes) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_bytes(content)
    ended = cockpit(command, str(path))
    assert ended.returncode in (1, 3)
    assert "Traceback" not in ended.stderr
    assert ended.stdout or ended.stderr


@pytest.mark.parametrize("command", ["log", "verify", "replay"])
def test_a_log_that_is_not_there_is_a_sentence(cockpit: Cockpit, command: str) -> None:
    for name in ("./nowhere.jsonl", "01NOSUCHRUN"):
        ended = cockpit(command, name)
        assert ended.returncode == 3
        assert one_sentence(ended)
