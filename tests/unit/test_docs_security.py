"""The threat model names its tests, and they are there."""

import re
from pathlib import Path

HOLDS_TESTS = re.compile(r"^(async )?def test_|^Test\w+ = ", re.MULTILINE)
PAGE = Path(__file__).parents[2] / "docs" / "security.md"


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in cells if row != ["tries", "defence", "test"]]


def test_every_threat_has_a_defence_and_what_shows_it():
    assert len(rows()) >= 20
    assert [row for row in rows() if len(row) != 3 or not all(row)] == []
    assert [row[0] for row in rows() if "](" not in row[2]] == []


def test_what_shows_it_holds_tests():
    named = {link for row in rows() for link in re.findall(r"\]\(\.\./(tests/[^)]*)\)", row[2])}
    without = [link for link in named if not HOLDS_TESTS.search((PAGE.parents[1] / link).read_text())]
    assert without == []
