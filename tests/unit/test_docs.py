"""What the documentation promises that a test can hold it to."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PAGES = [TOP / "README.md", TOP / "CHANGELOG.md", TOP / "profiles" / "README.md", *sorted(TOP.glob("docs/**/*.md"))]
INSTALL = "python3 -m pip install -q --target .uv uv && .uv/bin/uv run "


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []


def test_the_readme_has_the_two_lines_from_nothing():
    lines = (TOP / "README.md").read_text().splitlines()
    assert [line for line in lines if line.startswith("python3 ")] == [f"{INSTALL}cockpit demo", f"{INSTALL}pytest"]


def test_ci_takes_its_test_line_from_the_readme():
    script = (TOP / ".ci" / "run").read_text()
    pattern = re.search(r"grep -E '(.*)' README\.md", script)
    assert pattern is not None
    assert [line for line in (TOP / "README.md").read_text().splitlines() if re.search(pattern[1], line)] == [
        f"{INSTALL}pytest"
    ]
    assert "pip install" not in script.replace(pattern[0], "")
