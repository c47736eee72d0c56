"""`cockpit doctor` as a command: what it takes, what it answers, and that it changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

from cockpit.cli import main
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.session.creating import create_run

PROFILE = """
id = "shop"
environment = "staging"

[[probes]]
id = "up"
kind = "command"
argv = ["no-such-program-here"]
interval = 5
value = "exit_code"

[[phases]]
id = "one"
title = "One"

[[phases.steps]]
id = "deploy"
title = "Deploy"
kind = "command"
argv = ["./deploy.sh"]
files = ["deploy.sh"]
estimate = "1m"
"""
WATCHED = """
import os, sys
HARMLESS = ("/dev/", "/proc/")
def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        writes = arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes and not os.fsdecode(arguments[0]).startswith(HARMLESS):
            print("WROTE", arguments[0], file=sys.stderr)
    elif event in ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.chmod", "os.chown", "os.symlink", "os.link",
                   "os.truncate", "os.utime", "shutil.rmtree", "os.system", "os.exec", "os.kill", "os.setxattr"):
        print("CHANGED", event, arguments, file=sys.stderr)
    elif event in ("subprocess.Popen", "os.posix_spawn"):
        print("STARTED", arguments[1], file=sys.stderr)
    elif event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        print("SENT", arguments[1:], file=sys.stderr)
sys.addaudithook(watch)
from cockpit.cli import main
main(sys.argv[1:])
"""
"""The command below an audit hook (PEP 578), which names whatever is written, started or sent."""


class Told:
    """How it ended, and what it printed."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def found(self) -> dict[str, dict[str, object]]:
        """Of JSON: by id and by what was looked at."""
        return {f"{each['id']} {each['what']}": each for each in json.loads(self.out)}


class Desk:
    """A home, a profile with a script that would leave a trace, and the command, in this process or in its own."""

    def __init__(self, folder: Path, call: Callable[[list[str], dict[str, str]], Told]) -> None:
        folder.chmod(0o700)
        self.folder, self._call = folder, call
        self.profile = folder / "shop.toml"
        self.profile.write_text(PROFILE)
        self.script = folder / "deploy.sh"
        self.script.write_text(f"#!/bin/sh\ntouch {folder}/ran\n")
        self.script.chmod(0o755)
        environ = {"HOME": str(folder), "COCKPIT_RUNS": str(folder / "runs"), "LC_ALL": "C.UTF-8"}
        self.environ = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environ}

    def __call__(self, *arguments: str, **environ: str) -> Told:
        return self._call(["doctor", *arguments], {**self.environ, **environ})

    def watched(self, *arguments: str) -> Told:
        told = subprocess.run(
            [sys.executable, "-P", "-c", WATCHED, "doctor", *arguments], env=self.environ, cwd=self.folder,
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False,
        )  # fmt: skip
        return Told(told.returncode, told.stdout, told.stderr)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    def call(arguments: list[str], environ: dict[str, str]) -> Told:
        with monkeypatch.context() as patch:
            for name in os.environ:
                patch.delenv(name)
            for name, value in environ.items():
                patch.setenv(name, value)
            patch.chdir(tmp_path)
            with pytest.raises(SystemExit) as ended:
                main(arguments)
        said = capsys.readouterr()
        return Told(int(ended.value.code or 0), said.out, said.err)

    return Desk(tmp_path, call)


def test_it_writes_nothing_sends_nothing_and_runs_nothing_of_the_profile(desk: Desk):
    before = {path: path.lstat().st_mtime_ns for path in sorted(desk.folder.rglob("*"))}
    told = desk.watched(str(desk.profile))
    did = [line for line in told.err.splitlines() if not line.startswith("cockpit: ")]
    assert [line for line in did if not (line.startswith("STARTED") and line.endswith("/ssh', '-V']"))] == []
    assert {path: path.lstat().st_mtime_ns for path in sorted(desk.folder.rglob("*"))} == before
    assert not (desk.folder / "ran").exists()


def test_it_takes_less_than_a_second_of_a_processor(desk: Desk):
    before = getrusage(RUSAGE_CHILDREN)
    assert desk.watched().status in (0, 1)
    after = getrusage(RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


def test_prose_keeps_to_80_columns(desk: Desk):
    for line in desk("--all", str(desk.profile)).out.splitlines():
        assert len(line) <= 80 or "→" in line, line


def test_with_a_profile_it_says_who_else_could_change_what_is_run_and_what_is_not_there(desk: Desk):
    desk.script.chmod(0o777)
    found = desk("--format", "json", str(desk.profile)).found
    assert found["profile.program ~/deploy.sh"]["level"] == "error"
    assert found["profile.program ~/deploy.sh"]["cure"] in ([f"chmod {who}-w {desk.script}"] for who in ("o", "go"))
    assert found["tools.program no-such-program-here"]["level"] == "error"
    told = desk(str(desk.profile))
    assert told.status == 1
    assert f"what the profile needs besides: cockpit ready {desk.profile}" in told.err


def test_with_a_run_it_says_how_its_folder_and_keeper_are(desk: Desk):
    run_dir = create_run(load(desk.profile, installed()), {}, folder=desk.folder / "runs")
    found = desk("--format", "json", run_dir.name[:12]).found
    assert found[f"runs.keeper keeper of {run_dir.name[:8]}"]["found"] == "none lives on this host"
    (run_dir / "audit.jsonl").chmod(0o644)
    assert "runs.run" in {
        key.split()[0] for key, each in desk("--format", "json", str(run_dir)).found.items() if each["level"] == "error"
    }


def test_the_exit_status_counts_errors_and_with_strict_warnings(desk: Desk):
    # whatever this machine is like: a warning is had by a variable, an error by another
    calm = desk()
    errors = "0 errors" not in calm.err
    assert calm.status == (1 if errors else 0)
    assert desk("--strict", PYTHONINSPECT="", CDPATH="/x").status == 1
    assert desk(BASH_ENV="/x").status == 1


@pytest.mark.parametrize(
    ("token", "said", "status"),
    [
        ("none.toml", "none.toml", 1),
        ("01NOPE", "there is no run 01NOPE", 4),
    ],
    ids=["no profile", "no run"],
)
def test_what_is_neither_a_profile_nor_a_run_gets_one_sentence(desk: Desk, token: str, said: str, status: int):
    told = desk(token)
    assert told.status == status
    assert said in told.err
    assert "Traceback" not in told.err


def test_a_store_that_is_away_is_an_error_and_its_password_is_not_shown(desk: Desk):
    dsn = f"postgresql://ana:hunter2@/cockpit?host={desk.folder}"
    told = desk("--store", dsn)
    assert told.status == 1
    assert "every user of this host can read it (ps)" in " ".join(told.out.split())
    assert "hunter2" not in told.out + told.err
    by_variable = desk(COCKPIT_STORE=dsn)
    assert "(ps)" not in by_variable.out
    assert "the store" in by_variable.out


def test_no_start_of_another_command_brings_the_doctor_along():
    code = (
        "import sys, cockpit.cli.doctoring; print([m for m in sys.modules if 'cockpit.doctor' in m or 'psycopg' in m])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
