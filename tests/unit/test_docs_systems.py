"""`docs/systems.md`: every section of the runbooks against what carries it, none empty."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cockpit.profile.shipped import names

TOP = Path(__file__).parents[2]
TABLES = sorted(TOP.glob("docs/systems/*.toml"))
RUNBOOKS = TOP.parent / "shared" / "runbooks"


def maker() -> ModuleType:
    """docs/systems.py, which is no package's."""
    spec = importlib.util.spec_from_file_location("docs_systems", TOP / "docs" / "systems.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_its_command_makes():
    assert (TOP / "docs" / "systems.md").read_text() == maker().made(), "make it again: python docs/systems.py"


def test_a_section_that_nothing_carries_and_an_element_that_is_nowhere_are_refused():
    module = maker()
    path, known = Path("x.toml"), {"step:there"}
    assert module.row(path, {"runbook": "A", "carried_by": ["step:there"]}, known) == "| A | step `there` |\n"
    for carried in ([], ["step:gone"]):
        with pytest.raises(module.NotCarried, match="'A'"):
            module.row(path, {"runbook": "A", "carried_by": carried}, known)


def headings(markdown: str) -> list[tuple[str, str]]:
    """Every heading outside of code, but the title; with the one above it in front, as `Monitoring: Alerts`."""
    prose = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    found, above = [], dict[int, str]()
    for marks, text in re.findall(r"^(#{2,}) +(.*)", prose, re.MULTILINE):
        above[len(marks)] = text
        found.append((text, f"{above.get(len(marks) - 1, '')}: {text}"))
    return found


def cleaned(heading: str) -> str:
    """Letters and digits only, without a number in front: what damage and symbols leave of a heading."""
    text = re.sub(r"[^a-z0-9]+", " ", heading.encode("ascii", "ignore").decode().lower())
    return re.sub(r"^[0-9]+ ", "", text.strip())


@pytest.mark.skipif(not RUNBOOKS.is_dir(), reason="the runbooks do not lie beside the checkout")
@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_every_heading_of_the_runbook_is_there(table: Path):
    (runbook,) = RUNBOOKS.glob(f"{table.stem}*.md")
    listed: dict[str, Any] = tomllib.loads(table.read_text())
    there = {cleaned(section["runbook"]) for section in listed["sections"]}
    every = headings(runbook.read_text(errors="replace"))
    assert len(every) > 10
    assert [text for text, whole in every if not {cleaned(text), cleaned(whole)} & there] == []


def test_every_shipped_profile_has_its_table():
    assert [path.stem for path in TABLES] == names()
