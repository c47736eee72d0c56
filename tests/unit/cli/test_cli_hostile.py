"""Nothing from outside acts in what a command prints, whichever command, format and field it is: the corpus on each."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click
import pytest
from attacks import ACTING, ATTACKS, MARK, attack, foreign
from plain_places import CASES, COMMAND_LINES, SCREENED, Case, Outside, Screened, hostile_database
from policies import let_note
from pty_once import in_terminal
from terminal import Terminal

import cockpit.cli
from cockpit.cli import COMMANDS, cockpit_group, main
from cockpit.exits import Exit

DOCUMENTED = {int(status) for status in Exit}
DOCUMENTS = ("show", "import", "report")
"""Commands whose output may hold the lines of a text: in a string of TOML, in a block of code, in HTML."""
IN_TERMINAL = (
    "runs --all", "log LOG", "log LOG --json", "export LOG", "report LOG --format json", "resume TEXT", "print LOG",
    "check WRONG.toml", "import BOOK", "show VALID.toml", "tasks VALID.toml --format ics", "store check --store DSN",
)  # fmt: skip
_FORGED = re.compile(r"^(rm -rf ~|ls {6}|more␋)", re.MULTILINE)
"""Lines that a text with newlines would make up."""


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with hostile_database() as dsn:
        yield dsn


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory, database: str) -> Outside:
    return Outside(tmp_path_factory.mktemp("outside"), database)


@pytest.fixture
def place(outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outside:
    return settled(outside, tmp_path, monkeypatch)


def settled(outside: Outside, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Outside:
    """A home, a policy that asks nobody, and copies of the runs that are written to."""
    let_note(folder)
    for name, path in (("XDG_CONFIG_HOME", folder), ("XDG_STATE_HOME", folder / "state"), ("HOME", folder)):
        monkeypatch.setenv(name, str(path))
    shutil.copytree(outside.runs, folder / "runs")
    monkeypatch.setenv("COCKPIT_RUNS", str(folder / "runs"))
    monkeypatch.chdir(folder)
    return outside


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            if not isinstance(command, click.Group) or command.invoke_without_command:
                yield path + name, command
            if isinstance(command, click.Group):
                yield from commands(command, f"{path}{name} ")


def test_every_command_with_each_of_its_formats_is_fed_with_texts_that_act() -> None:
    assert isinstance(cockpit_group, click.Group)
    found = dict(commands(cockpit_group))
    assert {name.split(" ")[0] for name in found} == set(COMMANDS)
    assert sorted(COMMAND_LINES) == sorted([*found, ""]), "register it in tests/plain_places.py"
    for name, command in found.items():
        fed = {pair for case in CASES if case.command == name for pair in pairwise(case.arguments)}
        for option in command.params:
            if option.name in ("format_", "table") and isinstance(option.type, click.Choice):
                missing = [each for each in option.type.choices if (option.opts[-1], each) not in fed]
                assert missing == [], f"cockpit {name}: register its formats in tests/plain_places.py"


@pytest.mark.parametrize("case", [case for case in CASES if not case.is_rare], ids=str)
def test_no_command_prints_what_acts(
    case: Case, place: Outside, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_prints_nothing_that_acts(case, place, capsys, monkeypatch)


@pytest.mark.many
@pytest.mark.parametrize("case", CASES, ids=str)
def test_nor_behind_the_filter_of_all_output(
    case: Case, place: Outside, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if case.is_rare:
        assert_prints_nothing_that_acts(case, place, capsys, monkeypatch)
    assert_prints_nothing_that_acts(case, place, capsys, monkeypatch, is_guarded=True)


@pytest.mark.many
@pytest.mark.parametrize("name", [name for name in ATTACKS if name != "surrogate"])
def test_nor_any_attack_alone(
    name: str, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = settled(
        Outside(tmp_path / "alone", database, attack(name).replace("\x00", "")), tmp_path / "home", monkeypatch
    )
    for case in CASES:
        if case.is_told and not case.is_rare and "--table" not in case.arguments:
            assert_prints_nothing_that_acts(case, alone, capsys, monkeypatch, is_all=False)


def assert_prints_nothing_that_acts(
    case: Case, place: Outside, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    *, is_guarded: bool = False, is_all: bool = True,
) -> None:  # fmt: skip
    """Unguarded: without the filter that all output passes, so that what was forgotten is seen."""
    with monkeypatch.context() as patched:
        if not is_guarded:
            patched.setattr(cockpit.cli, "guard", lambda: lambda: None)
        for variable, value in case.environ.items():
            patched.setenv(variable, value)
        with pytest.raises(SystemExit) as ended:
            main(place.arguments(case))
    out, err = capsys.readouterr()
    assert ended.value.code in DOCUMENTED, err
    assert_inert("" if case.is_exact else out)
    assert_inert(err)
    assert not _FORGED.search(err)
    assert case.command in DOCUMENTS or not _FORGED.search(out)
    assert MARK in out + err or not (case.is_told and is_all)


def assert_inert(text: str) -> None:
    found = ACTING.search(text.replace("\r\n", "\n"))
    assert found is None, text[max(0, found.start() - 80) : found.start() + 40]
    assert "Traceback" not in text
    assert "this should not have happened" not in text


@pytest.mark.parametrize(
    "line", [pytest.param(line, marks=[] if at in (0, 3) else pytest.mark.many) for at, line in enumerate(IN_TERMINAL)]
)
def test_the_bytes_that_a_terminal_gets_hold_nothing_that_it_obeys(line: str, place: Outside) -> None:
    (case,) = [case for case in CASES if str(case) == line]
    program = [sys.executable, "-m", "cockpit.cli", *place.arguments(case)]
    seen = in_terminal(program, {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"})
    assert_inert(seen)
    assert MARK in seen
    if case.is_exact:
        assert "what would act on a terminal is written as" in seen
        told = [json.loads(line) for line in seen.splitlines() if line.startswith("{")]
        there = subprocess.run(program, capture_output=True, check=True).stdout
        assert told == [json.loads(line) for line in there.splitlines()]
        assert there == Path(place.arguments(case)[1], "audit.jsonl").read_bytes()


@pytest.mark.parametrize(
    "screened",
    [
        pytest.param(each, marks=[] if at < 2 else pytest.mark.many, id=f"{at} {each}")
        for at, each in enumerate(SCREENED)
    ],
)
def test_nor_do_those_of_a_command_with_a_screen_before_it_after_it_or_without_it(
    screened: Screened, place: Outside, tmp_path: Path
) -> None:
    for path in (tmp_path / "runs").rglob("*"):  # else nobody may write there
        path.chmod(0o700 if path.is_dir() else 0o600)
    program = [sys.executable, "-m", "cockpit.cli", *place.arguments(screened)]
    with Terminal(program, env={**os.environ, "TERM": "xterm-256color"}, columns=80, lines=24) as terminal:
        for sign, typed in screened.steps:
            terminal.wait_for(sign)
            terminal.paste(typed)
        status = terminal.wait_for_exit()
        seen = terminal.raw.decode(errors="surrogateescape")
    assert status == screened.status, seen[-2000:]
    assert foreign(seen) == []
    assert MARK in seen
    assert "Traceback" not in seen
    assert "this should not have happened" not in seen


def test_a_crash_is_told_and_kept_without_what_acts(place: Outside, tmp_path: Path) -> None:
    text = "".join(attack(name) for name in ATTACKS)
    program = (
        "import sys, cockpit.cli, cockpit.cli.listing as listing\n"
        "def broken(*_, **__): raise ZeroDivisionError(bytes.fromhex(sys.argv[1]).decode('utf-8', 'surrogatepass'))\n"
        "listing.Catalog = broken\n"
        "cockpit.cli.main(['runs'])"
    )
    crash = [sys.executable, "-c", program, text.encode("utf-8", "surrogatepass").hex()]
    ended = subprocess.run(crash, capture_output=True, text=True)
    assert_inert(ended.stdout + ended.stderr.replace("this should not have happened", ""))
    assert MARK in ended.stderr
    (details,) = (tmp_path / "errors").iterdir()
    kept = details.read_text()
    assert not ACTING.search(kept)
    assert kept.count(MARK) == 2 * len(ATTACKS)
    ended = subprocess.run(crash, capture_output=True, text=True, env={**os.environ, "COCKPIT_DEBUG": "1"})
    assert not ACTING.search(ended.stderr.replace("\r\n", "\n"))
    assert ended.stderr.count(MARK) == 2 * len(ATTACKS)
