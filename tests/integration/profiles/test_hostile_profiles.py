"""Hostile profiles: checking, showing, or refusing them executes nothing, creates nothing, connects to nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHILD = Path(__file__).parents[2] / "hostile_child.py"
ACTING = """
id = "shop"
environment = "staging"
[[targets]]
id = "db"
kind = "postgres"
dsn = "postgresql://127.0.0.1:9/shop"
[[channels]]
id = "ops"
webhook = "http://127.0.0.1:9/"
[[probes]]
id = "one"
kind = "command"
argv = ["touch", "pwned"]
[[probes]]
id = "two"
kind = "http"
url = "http://127.0.0.1:9/"
[[phases]]
id = "p"
title = "P"
[[phases.steps]]
id = "s"
title = "S"
kind = "command"
script = "touch pwned; $(touch pwned)"
dry_run = "touch pwned"
undo = "touch pwned"
gate = ["one == 0", "two > 0.0"]
[[phases.steps]]
id = "q"
title = "Q"
kind = "sql"
target = "db"
statements = "copy (select 1) to program 'touch pwned'"
"""
MORE = '[[probes]]\nid = "p{n}"\nkind = "tcp"\nhost = "h"\nport = 1\n'
PROFILES = {
    "acts": ACTING,
    "extends_itself": 'extends = "hostile_extends_itself.toml"\n' + ACTING,
    "extends_in_a_circle": 'extends = "circle.toml"\n',
    "extends_passwd": 'extends = "/etc/passwd"\n' + ACTING,
    "extends_upwards": 'extends = "../../../../../../etc/shadow"\n' + ACTING,
    "extends_a_folder": 'extends = "."\n' + ACTING,
    "extends_a_pipe": 'extends = "pipe"\n' + ACTING,
    "extends_a_device": 'extends = "/dev/zero"\n' + ACTING,
    "extends_a_terminal": 'extends = "/dev/tty"\n' + ACTING,
    "extends_a_socket": 'extends = "socket"\n' + ACTING,
    "extends_a_url": 'extends = "file:///etc/passwd"\n' + ACTING,
    "extends_the_net": 'extends = "https://evil.example/base.toml"\n' + ACTING,
    "extends_many": f"extends = {json.dumps(['harmless.toml'] * 5000)}\n" + ACTING,
    "files_are_pipes": ACTING.replace("dry_run", 'files = ["pipe", "socket", "/dev/zero"]\ndry_run'),
    "files_are_links": ACTING.replace("dry_run", 'files = ["to_passwd", "to_itself"]\ndry_run'),
    "signers_are_a_pipe": 'signing = "facts"\nallowed_signers = "pipe"\n' + ACTING,
    "signers_are_a_device": 'signing = "facts"\nallowed_signers = "/dev/zero"\n' + ACTING,
    "kind_is_a_module": ACTING.replace('kind = "http"', 'kind = "hostile_module:run"'),
    "kind_is_a_path": ACTING.replace('kind = "http"', 'kind = "../hostile_module.py"'),
    "step_kind_is_a_module": ACTING.replace('kind = "sql"', 'kind = "os.system"'),
    "yaml_tags": ACTING.replace('title = "P"', 'title = "!!python/object/apply:os.system [touch pwned]"'),
    "template_words": ACTING.replace('title = "P"', "title = '{{ cycler.__init__.__globals__.os.system(1) }}'"),
    "format_words": ACTING.replace('title = "P"', "title = '{0.__class__.__init__.__globals__} %n%n%n'"),
    "conditions": ACTING.replace('"one == 0"', "\"one == 0 || __import__('os').system('touch pwned') == 0\""),
    "patterns": '[variables.x]\nenv = "X"\npattern = "(a+)+$(touch pwned)"\n' + ACTING,
    "environment_is_code": ACTING.replace('environment = "staging"', 'environment = "$(touch pwned)"'),
    "id_is_a_path": ACTING.replace('id = "shop"', 'id = "../../pwned"'),
    "environment_is_a_path": ACTING.replace('environment = "staging"', 'environment = "../../../pwned"'),
    "loads_libraries": ACTING.replace('argv = ["touch"', 'env = { LD_PRELOAD = "./pwned.so" }\nargv = ["touch"'),
    "nested": "x = " + "[" * 5000 + "]" * 5000,
    "dotted": "a" + ".a" * 5000 + " = 1\n",
    "long_number": "x = " + "9" * 100_000,
    "many_probes": ACTING + "".join(MORE.format(n=n) for n in range(1500)),
    "markdown": ACTING.replace('title = "S"', 'title = "S"\ninstructions = "[x](file:///etc/passwd)"'),
    "not_text": "\x00\x01\x02",
    "empty": "",
}
COMMANDS = ("check", "check --format json", "show", "show --format md", "ready", "probe", "trust", "run", "rehearse")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    for name, text in PROFILES.items():
        (tmp_path / f"hostile_{name}.toml").write_text(text)
    (tmp_path / "harmless.toml").write_text('id = "a"\nenvironment = "b"\n')
    (tmp_path / "circle.toml").write_text('extends = "hostile_extends_in_a_circle.toml"\n')
    (tmp_path / "hostile_module.py").write_text("open('pwned', 'w')\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to_passwd").symlink_to("/etc/passwd")
    (tmp_path / "to_itself").symlink_to("to_itself")
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()
        os.chdir(tmp_path)  # a socket's name has 108 characters at most
        listening.bind("socket")
        os.chdir(here)
        yield tmp_path


def environ(folder: Path) -> dict[str, str]:
    """Of a machine on which nothing was confirmed."""
    own = {"XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config", "COCKPIT_RUNS": "runs", "TMPDIR": "tmp"}
    own["HOME"] = "home"
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "PYTHONPATH")}
    return kept | {name: str(folder / below) for name, below in own.items()} | {"PYTHONDONTWRITEBYTECODE": "1"}


@pytest.mark.parametrize(
    "every", [False, pytest.param(True, marks=pytest.mark.many)], ids=["a sample", "every command"]
)
def test_no_command_executes_or_creates_anything_of_a_hostile_profile(folder: Path, every: bool) -> None:
    before = sorted(folder.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-P", str(CHILD), str(folder), "0" if every else "2", *COMMANDS],
        cwd=folder,
        env=environ(folder),
        capture_output=True,
        text=True,
        timeout=240,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(PROFILES) * (len(COMMANDS) if every else 2), done.stderr[-2000:]
    assert {each["words"][0] for each in answers} == {command.split()[0] for command in COMMANDS}
    assert [(each["words"], each["did"]) for each in answers if each["did"]] == []
    assert sorted(folder.rglob("*")) == before
    for each in answers:
        assert "Traceback" not in each["said"], each
        assert "this should not have happened" not in each["said"], each
        if each["words"][0] in ("ready", "probe", "trust", "run", "rehearse"):
            assert each["code"] in (1, 4), each
            assert re.search(r"(?m)^(cockpit: .+|\S+:\d+:\d+: .+)", each["said"]), each


@pytest.mark.skipif(shutil.which("strace") is None, reason="there is no strace here")
def test_the_kernel_too_sees_nothing_executed_written_or_connected(folder: Path) -> None:
    calls = (
        "execve,execveat,openat,open,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat,renameat2,connect,bind,link"
    )
    for command in ("check", "probe"):
        done = subprocess.run(
            [
                "strace",
                "-f",
                "-qq",
                "-e",
                f"trace={calls}",
                "-o",
                str(folder.parent / "calls"),
                sys.executable,
                "-P",
                "-m",
                "cockpit.cli",
                command,
                "hostile_acts.toml",
            ],
            cwd=folder,
            env=environ(folder),
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if "ptrace" in done.stderr:
            pytest.skip("nobody may be traced here")
        made = (folder.parent / "calls").read_text().splitlines()
        started = [line for line in made if "execve" in line and "ENOENT" not in line]
        assert len(started) == 1, started
        acting = r"O_(?:WRONLY|RDWR|CREAT)|\b(?:creat|mkdir|unlink|rename|connect|bind|symlink|link)\w*\("
        acted = [line for line in made if re.search(acting, line)]
        assert [line for line in acted if "/dev/null" not in line and "/nscd/" not in line] == []  # a look-up of names
        assert not (folder / "pwned").exists()


def test_what_check_showed_is_what_is_run_once_it_is_trusted(folder: Path) -> None:
    """The one thing that a confirmed profile does by `cockpit probe` stands in what was shown before."""
    (folder / "acts.toml").write_text(
        'id = "a"\nenvironment = "b"\n[[probes]]\nid = "one"\nkind = "command"\nargv = ["touch", "made here"]\n'
    )
    cockpit = [sys.executable, "-P", "-m", "cockpit.cli"]
    call = {"cwd": folder, "env": environ(folder), "capture_output": True, "text": True, "stdin": subprocess.DEVNULL}
    shown = subprocess.run([*cockpit, "check", "acts.toml"], **call).stdout  # type: ignore[call-overload]
    digest = re.search(r"digest (\w{64})", shown)
    assert digest is not None
    assert "runs: touch 'made here'" in shown
    subprocess.run([*cockpit, "trust", "acts.toml", "--digest", digest[1]], check=True, **call)  # type: ignore[call-overload]
    calls = folder.parent / "calls"
    tracing = ["strace", "-f", "-qq", "-e", "trace=execve", "-o", str(calls)] if shutil.which("strace") else []
    subprocess.run([*tracing, *cockpit, "probe", "acts.toml"], check=True, **call)  # type: ignore[call-overload]
    assert (folder / "made here").exists()
    if tracing:
        ran = [line for line in calls.read_text().splitlines() if "execve(" in line and "= 0" in line][1:]
        given = [re.findall(r'"([^"]*)"', line.partition("[")[2].partition("]")[0]) for line in ran]
        assert given == [["touch", "made here"]]
