"""`docs/runbook-corrections.md`: each correction has a test that really exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cockpit.profile.shipped import names

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "runbook-corrections.md").read_text()
SECTIONS = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def rows(section: str) -> list[list[str]]:
    """The cells of each correction."""
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in lines]


def test_every_system_has_its_corrections():
    assert sorted(SECTIONS) == names()
    assert [name for name, section in SECTIONS.items() if not rows(section)] == []


@pytest.mark.parametrize("name", SECTIONS)
def test_each_correction_says_what_happens_and_names_tests_that_exist(name: str):
    known = {
        test for path in TOP.glob("tests/**/test_*.py") for test in re.findall(r"def (test_\w+)", path.read_text())
    }
    for row in rows(SECTIONS[name]):
        assert len(row) == 4, row
        assert all(cell.strip() for cell in row), row
        named = re.findall(r"`(test_\w+)`", row[3])
        assert named, row
        assert [test for test in named if test not in known] == []
