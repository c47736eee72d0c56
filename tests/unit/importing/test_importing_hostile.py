"""Bad input: an answer in bounded time and memory, one sentence, and nothing that the text did not say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import importing_claims as claims
import importing_hostile as hostile
import pytest

from cockpit.errors import CockpitError

SMALL = [*hostile.BROKEN, *hostile.NO_MARKDOWN]
SAMPLE = [
    "100,000 items",
    "100,000 commands",
    "a table of 10,000 columns",
    "a paragraph of brackets",
    "HTML comments",
    "YAML anchors",
]
DEEP_SAMPLE = ["1,000 lists on one line", "1,000 quotes in each other", "SQL in parentheses", "YAML in YAML"]
REST = [name for name in (*hostile.LARGE, *hostile.DEEP) if name not in (*SAMPLE, *DEEP_SAMPLE)]
IN_400_MIB = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
from cockpit.cli import main
main(["import", sys.argv[1]])
"""
FOLDER = Path(__file__).parents[2]


def answers(names: list[str]) -> dict[str, dict[str, Any]]:
    """What the command made of each text."""
    argv = [sys.executable, "-m", "importing_child", *names]
    env = os.environ | {"PYTHONPATH": str(FOLDER)}
    finished = subprocess.run(argv, capture_output=True, text=True, check=True, env=env)
    return {each["name"]: each for each in map(json.loads, finished.stdout.splitlines())}


@pytest.fixture(scope="module")  # seconds of a processor: who asks for it is in one group
def answered() -> dict[str, dict[str, Any]]:
    return answers([*SAMPLE, *DEEP_SAMPLE, *SMALL])


def is_an_answer(answer: dict[str, Any]) -> None:
    """Exit 0 with a profile, or a refusal in a sentence or two."""
    said = answer["said"]
    assert answer["status"] in (0, 1, 2), f"{answer['status']}: {said[-2000:]}"
    assert "Traceback" not in said, said[-2000:]
    assert "should not have happened" not in said
    assert not set(said) & set("\x1b\x00\x07\u202e"), "the answer holds what acts on a terminal"
    assert max(map(len, said.splitlines()), default=0) < 1000, "an answer is short"
    if answer["status"]:
        assert answer["toml"] is None
        assert len(said.splitlines()) <= 3, said
    else:
        assert answer["toml"]


@pytest.mark.xdist_group("hostile runbooks")
@pytest.mark.parametrize("name", [*SAMPLE, *DEEP_SAMPLE, *SMALL])
def test_what_is_no_runbook_is_answered_in_bounded_time_and_memory(answered, name):
    is_an_answer(answered[name])


@pytest.mark.many
@pytest.mark.parametrize("name", REST)
def test_all_that_is_too_large_or_too_deep_is_answered_in_bounded_time_and_memory(name):
    is_an_answer(answers([name])[name])


@pytest.mark.xdist_group("hostile runbooks")
@pytest.mark.parametrize("name", ["PNG", "gzip", "ELF", "nothing", "blanks", "headings alone"])
def test_what_holds_nothing_to_do_is_refused(answered, name):
    assert answered[name]["status"] != 0


@pytest.mark.parametrize("name", [*DEEP_SAMPLE, *SMALL])
def test_of_bad_input_nothing_is_invented_and_every_line_is_accounted_for(name, tmp_path):
    content = {**hostile.DEEP, **hostile.BROKEN, **hostile.NO_MARKDOWN}[name]()
    try:
        made = claims.import_text(content)
    except CockpitError:
        return
    assert claims.unaccounted(made) == []
    assert claims.invented(made) == []
    assert claims.problems(made, tmp_path)[0] == []


def test_a_runbook_of_50_mb_is_refused_without_being_read(tmp_path):
    source = tmp_path / "RUNBOOK.md"
    with source.open("wb") as file:
        file.write(b"- [ ] a\n")
        file.truncate(50 << 20)
    argv = [sys.executable, "-c", IN_400_MIB, str(source)]
    finished = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert finished.returncode in (1, 2)
    assert "larger than 4 MiB" in finished.stderr
    assert finished.stdout == ""


def test_no_secret_of_a_runbook_reaches_its_profile_or_what_is_said_of_it(tmp_path):
    made = claims.import_text(hostile.SECRETS)
    told = made.toml + "".join(note.text for note in made.notes)
    for account in made.accounts:
        told += account.source.text + "".join(entry.text for entry in account.entries)
    assert [value for value in hostile.SECRET_VALUES if value in told] == []
    assert any(note.kind == "secret" for note in made.notes)
    assert claims.problems(made, tmp_path)[0] == []
