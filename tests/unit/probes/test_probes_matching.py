"""Lines that a pattern finds: each as if it stood alone, however they are searched."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.probes.file.matching import _found, matching
from cockpit.profile.kinds import installed

PATTERNS = [
    "a",
    "^a",
    "a$",
    "^$",
    r"\bab\b",
    "a.b",
    "[^a]",
    "(?i)A",
    r"\Aa",
    r"b\z",
    "a|^b$",
    r"\s",
    "(?-m:^a)",
    "ab|a)b",
]


@given(
    pattern=st.sampled_from(PATTERNS),
    lines=st.lists(st.text(alphabet="ab A\r\x85", max_size=4), max_size=40),
)
def test_the_lines_found_are_those_that_match_alone(pattern: str, lines: list[str]) -> None:
    assert matching(pattern, lines) == [line for line in lines if _found(pattern, line)]


@pytest.mark.parametrize("found", ["nothing", "some", "all"])
def test_a_mebibyte_is_searched_in_moderate_time_with_any_pattern(found: str) -> None:
    lines = [f"2026-11-21T05:00:00Z line {n} " + "a" * 70 for n in range(10000)]
    lines = [line + " ERROR" * (found == "all" or (found == "some" and n % 100 == 0)) for n, line in enumerate(lines)]
    began = time.process_time()
    count = len(matching("(a+)+ ERROR$", lines))
    assert count == {"nothing": 0, "some": 100, "all": 10000}[found]
    assert time.process_time() - began < 3.0


def test_a_pattern_that_re2_does_not_know_is_a_problem_of_the_setting() -> None:
    kinds = installed().probes
    file, env = kinds["file"], kinds["env"]
    assert file.problems(file.settings(path="x", lines="ERROR|FATAL")) == ()
    assert "`lines` is no RE2 pattern" in file.problems(file.settings(path="x", lines="(?=a)"))[0]
    assert "`pattern` is no RE2 pattern" in env.problems(env.settings(name="X", pattern="("))[0]
