"""What commands answer, and how they end: one sentence, an exit status, no traceback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.cli import COMMANDS
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import AbortRun, AddNote, ConfirmStep
from cockpit.session.identity import actor
from cockpit.session.runs import create_run
from cockpit.session.seat import Done, Seat

PROFILE = """
id = "shop"
environment = "staging"

[variables.host]
env = "COCKPIT_TEST_HOST"

[[phases]]
id = "one"
title = "One"

[[phases.steps]]
id = "first"
title = "First"

[[phases.steps]]
id = "second"
title = "Second"
"""

Ended = subprocess.CompletedProcess[str]
Cockpit = Callable[..., Ended]


@pytest.fixture
def cockpit(tmp_path: Path) -> Cockpit:
    """The real command, in a folder and with runs of its own."""

    def call(*arguments: str, **environ: str) -> Ended:
        return subprocess.run(
            [sys.executable, "-P", "-m", "cockpit.cli", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            env={**os.environ, "COCKPIT_RUNS": str(tmp_path / "runs"), **environ},
        )

    return call


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "shop.toml"
    path.write_text(PROFILE)
    return path


@pytest.fixture
def run_dir(tmp_path: Path, profile: Path) -> Path:
    return create_run(load(profile, installed()), {"host": "x"}, folder=tmp_path / "runs")


def act(run_dir: Path, kind: type, **fields: object) -> None:
    seat = Seat.open(run_dir, actor())
    try:
        cursor = seat.view.state.cursor
        if kind is ConfirmStep:
            assert cursor is not None
            fields["painted_seq"] = cursor.opened_seq
        assert isinstance(seat.submit(seat.command(kind, **fields)), Done)
    finally:
        seat.close()


def one_sentence(ended: Ended) -> str:
    """The only thing said on stderr; without a traceback, and naming who says it."""
    assert "Traceback" not in ended.stderr
    lines = ended.stderr.strip().splitlines()
    said = [line for line in lines if line.startswith("cockpit: ")]
    assert said, ended.stderr
    return said[-1]


# ---- the whole -------------------------------------------------------------------------------------------------------


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
        "def broken(): raise ZeroDivisionError('by\\x1b[2J nought')\n"
        "listing.list_runs = broken\n"
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


# ---- profiles --------------------------------------------------------------------------------------------------------


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
        env={**os.environ, "COCKPIT_TEST_WORD": "x"},
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
    assert watching.wait(20) == (130 if end == "interrupt" else 141)


# ---- runs ------------------------------------------------------------------------------------------------------------


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
    assert re.search(rf"{run_dir.name}  shop\s+staging\s+live\s+.*1/2\s+{actor().user}\s+gone", ended.stdout)
    (row,) = json.loads(cockpit("runs", "--format", "json").stdout)
    assert (row["run"], row["steps_settled"], row["steps"], row["keeper"]) == (run_dir.name, 1, 2, "gone")


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


# ---- logs ------------------------------------------------------------------------------------------------------------


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


def test_log_tells_what_holds_and_then_where_it_breaks(cockpit: Cockpit, run_dir: Path) -> None:
    act(run_dir, ConfirmStep, step="first")
    for text in ("it was ana", "later"):
        act(run_dir, AddNote, text=text)
    log = run_dir / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b"it was ana", b"it was bob", 1))
    ended = cockpit("log", str(run_dir))
    assert ended.returncode == 1
    assert "confirmed 1.1 First" in ended.stdout
    assert "later" not in ended.stdout
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
        assert following.wait(20) == 0
    finally:
        following.kill()
        following.wait()
        following.stdout.close()


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


def test_a_shell_can_complete_commands(cockpit: Cockpit) -> None:
    environ = {"_COCKPIT_COMPLETE": "bash_complete", "COMP_WORDS": "cockpit re", "COMP_CWORD": "1"}
    assert cockpit(**environ).stdout.split() == ["plain,resume", "plain,replay"]
