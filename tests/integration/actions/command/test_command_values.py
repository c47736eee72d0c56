"""Hostile values, each way that one can take: what is executed is what the listing showed, or nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from commanding import context_of
from hostile_values import CANARY, VALUES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.actions.command.declaration import CommandSettings
from cockpit.actions.command.planning import invocation
from cockpit.errors import ActionError

RECORDER = "#!/bin/sh\nprintf '%s\\0' \"$@\"\n"
MUST_PASS = "v1.2.3"
"""A value that means nothing to anybody: refused nowhere."""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "record").write_text(RECORDER)
    (tmp_path / "record").chmod(0o755)
    (tmp_path / "here").mkdir()
    return tmp_path


def executed(desk: Path, what: CommandSettings, value: str) -> list[str] | None:
    """What a program was really given; None: the value was refused, in a sentence that says what to do."""
    before = set(desk.rglob("*"))
    try:
        planned = invocation(context_of(desk, what, values={"x": value, "other": "another"}))
    except ActionError as refusal:
        return None if refusal.hint and set(desk.rglob("*")) == before else ["refused, and not said what to do"]
    env = {"PATH": os.environ["PATH"], **planned.env}
    done = subprocess.run(planned.argv, cwd=planned.cwd, env=env, capture_output=True, check=False, timeout=60)
    assert not list(desk.rglob(CANARY)), f"{value!r} was executed"
    assert set(desk.rglob("*")) == before
    return [os.fsdecode(part) for part in done.stdout.split(b"\0")[:-1]]


@pytest.fixture
def some(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """All values, or a sample with those that anybody would try first."""
    if request.config.getoption("--many"):
        return VALUES
    return tuple(dict.fromkeys((*VALUES[::5], "", "a b", f"$(touch {CANARY})", "-rf", "--help", "*", MUST_PASS)))


def every(desk: Path, some: tuple[str, ...], what: CommandSettings, expected: str, *, refuses: bool = False) -> None:
    """Every value gives what is written with the value in its place, or is refused, where any is to be."""
    refused = []
    for value in some:
        given = executed(desk, what, value)
        if given is None:
            refused.append(value)
        else:
            assert given == [part.replace("$X", value) for part in expected.split("|")], value
    assert MUST_PASS not in refused
    assert bool(refused) == refuses, refused


def test_an_argument_stays_one_argument_and_no_option(desk: Path, some: tuple[str, ...]) -> None:
    record = str(desk / "record")
    every(desk, some, CommandSettings(argv=(record, "${x}", "end")), "$X|end", refuses=True)
    assert executed(desk, CommandSettings(argv=(record, "${x}")), "-rf") is None


def test_behind_two_dashes_or_within_an_argument_every_value_is_only_a_value(desk: Path, some: tuple[str, ...]) -> None:
    record = str(desk / "record")
    every(desk, some, CommandSettings(argv=(record, "--", "${x}", "end")), "--|$X|end")
    every(desk, some, CommandSettings(argv=(record, "--name=${x}", "a ${x} b")), "--name=$X|a $X b")


def test_a_program_that_starts_another_one_needs_two_dashes_for_each(desk: Path) -> None:
    record = str(desk / "record")
    assert executed(desk, CommandSettings(argv=("env", "--", record, "${x}")), "-rf") is None
    assert executed(desk, CommandSettings(argv=("env", "--", record, "--", "${x}")), "-rf") == ["--", "-rf"]


@pytest.mark.parametrize(
    "argv",
    [("sh", "-c", "echo $0", "${x}"), ("nice", "bash", "-c", 'echo "$1"', "bash", "${x}")],
    ids=["a shell", "a shell that is started by another program"],
)
def test_what_follows_a_shells_program_is_a_parameter(desk: Path, argv: tuple[str, ...]) -> None:
    assert executed(desk, CommandSettings(argv=argv), "-rf") is not None


@pytest.mark.parametrize(
    "argv",
    [
        ("python3", "-c", "${x}"),
        ("perl", "-e", "print ${x}"),
        ("psql", "-c", "select ${x}"),
        ("psql", "--command=${x}"),
        ("ssh", "host", "ls ${x}"),
        ("ssh", "${x}", "uptime"),
        ("watch", "ls ${x}"),
        ("make", "deploy", "V=${x}"),
        ("jq", "${x}"),
        ("awk", "${x}"),
        ("sed", "s/a/${x}/"),
        ("find", ".", "-exec", "${x}"),
        ("git", "-c", "${x}", "log"),
        ("sudo", "-u", "bo", "python3.12", "-c", "${x}"),
        ("kubectl", "exec", "pod", "--", "psql", "-c", "${x}"),
    ],
    ids=lambda argv: " ".join(argv),
)
def test_text_of_a_program_takes_plain_values_alone(desk: Path, argv: tuple[str, ...]) -> None:
    what = CommandSettings(argv=argv)
    context = [context_of(desk, what, values={"x": value}) for value in VALUES]
    passed = []
    for each in context:
        try:
            invocation(each)
        except ActionError:
            continue
        passed.append(each.values["x"])
    assert MUST_PASS in passed
    assert not [value for value in passed if set(value) & set(" \t\r\n;|&$`'\"\\()<>*?[]{}~#!\x1b") or value[:1] == "-"]


@pytest.mark.parametrize("argv", [("curl", "-d", "${x}", "https://h"), ("curl", "-F", "a=${x}", "https://h")])
def test_no_value_makes_curl_read_a_file(desk: Path, argv: tuple[str, ...]) -> None:
    for value in ("@/etc/passwd", "</etc/passwd"):
        with pytest.raises(ActionError, match="read a file"):
            invocation(context_of(desk, CommandSettings(argv=argv), values={"x": value}))


def test_a_variable_of_the_environment_holds_the_value_and_nothing_else(desk: Path, some: tuple[str, ...]) -> None:
    what = CommandSettings(argv=("env", "-0"), env={"GIVEN": "${x}"})
    for value in some:
        given = executed(desk, what, value)
        assert given is not None
        own = [part for part in given if part.partition("=")[0] not in ("PATH", "PWD", "SHLVL", "_")]
        assert own == [f"GIVEN={value}"]


def test_a_script_with_quotes_gets_the_value_as_it_is(desk: Path, some: tuple[str, ...]) -> None:
    every(desk, some, CommandSettings(script='y="${x}"; ./record "$y" "${x}" "a ${x}"'), "$X|$X|a $X")
    every(desk, some, CommandSettings(script='./record "$GIVEN"', env={"GIVEN": "a ${x}"}), "a $X")


def test_a_script_without_quotes_gets_what_cannot_be_split_and_nothing_else(desk: Path, some: tuple[str, ...]) -> None:
    every(desk, some, CommandSettings(script="./record ${x} end"), "$X|end", refuses=True)


@pytest.mark.parametrize(
    "script",
    [
        "echo $((x + 1))",
        "[[ ${x} -eq 0 ]] || true",
        '[[ "${x}" -gt 0 ]] || true',
        "a=(1 2); echo ${a[${x}]:-}",
        'declare -i n="${x}"',
        "let n=${x} || true",
        'printf -v "${x}" a',
        'y="${x}"; echo $((y))',
        'test -v "${x}" || true',
        'unset "${x}"',
        "for ((i = 0; i < x; i++)); do break; done",
        's=abc; echo "${s:${x}:1}"',
        'read "${x}" <<< 1',
    ],
)
def test_no_value_is_run_by_arithmetic(desk: Path, some: tuple[str, ...], script: str) -> None:
    what = CommandSettings(script=script, env={"x": "${x}"})
    refused = [value for value in some if executed(desk, what, value) is None]
    assert {value for value in some if "touch" in value} <= set(refused)


@pytest.mark.parametrize(
    "script",
    [
        'eval "${x}"',
        'sh -c "${x}"',
        'echo "${x}" | sh -c \'cat; \'"${x}"',
        'trap "${x}" EXIT',
        'y="${x}"; eval "$y"',
        'echo "${x@P}"',
    ],
)
def test_no_value_is_run_as_a_program_by_a_script(desk: Path, script: str) -> None:
    for value in (each for each in VALUES if "touch" in each or "\n" in each):
        assert executed(desk, CommandSettings(script=script, env={"x": "${x}"}), value) is None


def test_a_folder_stays_below_what_is_written(desk: Path) -> None:
    what = CommandSettings(argv=("printf", "%s\\0", "here"), cwd="here/${x}")
    for value in ("..", "../..", "a/../../..", "/etc", "//etc"):
        try:
            planned = invocation(context_of(desk, what, values={"x": value}))
        except ActionError:
            continue
        assert planned.cwd.resolve().is_relative_to(desk / "here")
    with pytest.raises(ActionError, match="would choose the program"):
        invocation(context_of(desk, CommandSettings(argv=("./record",), cwd="${x}"), values={"x": "/tmp"}))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30))
def test_any_text_is_one_argument_one_variable_and_one_word(desk: Path, value: str) -> None:
    record = str(desk / "record")
    assert executed(desk, CommandSettings(argv=(record, "--", "${x}")), value) == ["--", value]
    given = executed(desk, CommandSettings(script='./record "${x}" "$GIVEN"', env={"GIVEN": "${x}"}), value)
    assert given == [value, value]
    bare = executed(desk, CommandSettings(script="./record ${x}"), value)
    assert bare in (None, [value])
