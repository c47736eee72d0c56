"""The page of the doctor and what it finds."""

from __future__ import annotations

import re
from pathlib import Path

TOP = Path(__file__).parents[3]
PAGE = (TOP / "docs" / "doctor.md").read_text()
AREAS = "files|profile|runs|environment|host|ssh|terminal|tmux|store|tools"


def test_every_finding_stands_on_the_page_and_nothing_else_does():
    code = "".join(path.read_text() for path in (TOP / "cockpit" / "doctor").rglob("*.py"))
    made = set(re.findall(rf'"((?:{AREAS})\.[a-z_0-9]+)"', code))
    made |= {f"files.{name}" for name in ("trusted", "heads", "errors")}  # made from the names of folders
    assert "terminal.c1" in made
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(rf"`((?:{AREAS})\.[a-z_0-9]+)`", row)}
    assert told == made - {"files.x"}


def test_the_settings_of_tmux_on_the_page_are_those_that_are_told():
    code = (TOP / "cockpit" / "doctor" / "tmux" / "judging.py").read_text()
    block = PAGE.partition("that does for cockpit:")[2].split("```")[1].strip().splitlines()
    for line in block:
        if "terminal-features" not in line:
            assert line in code
