"""That the crash tests' figures come into the README as they were told."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import crash_figures as figures
import pytest


@pytest.fixture
def command() -> ModuleType:
    """`python -m tests.crash`, without running it."""
    spec = importlib.util.spec_from_file_location("crash_main", Path(figures.__file__).with_name("__main__.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_rows_of_several_processes_become_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(figures.ASKED_BY, str(tmp_path / "figures"))
    figures.tell("the second", 3, done=7, twice=0, note="two by a person")
    figures.tell("First", 1200, acknowledged=34567, lost=0, seconds=[1.0, 0.5, 2.25])
    head, rule, *rows = figures.table(figures.told(tmp_path / "figures")).splitlines()
    assert head.count("|") == rule.count("|") == 8
    assert rows == [
        "| First | 1,200 | 34,567 | 0 |  |  | 1.00 s, 2.25 s |",
        "| the second | 3 |  |  | 7 | 0 | two by a person |",
    ]


def test_without_somebody_who_asks_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(figures.ASKED_BY, raising=False)
    monkeypatch.chdir(tmp_path)
    figures.tell("nothing", 1)
    assert list(tmp_path.iterdir()) == []


def test_the_table_is_written_between_its_marks_and_nowhere_else(
    command: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command.BEGIN in command.README.read_text()
    readme = tmp_path / "README.md"
    monkeypatch.setattr(command, "README", readme)
    readme.write_text(f"before\n\n{command.BEGIN}\n\nold\n\n{command.END}\n\nafter\n")
    command.write("| new |")
    assert readme.read_text() == f"before\n\n{command.BEGIN}\n\n| new |\n\n{command.END}\n\nafter\n"
    readme.write_text("no marks")
    with pytest.raises(SystemExit, match="has no line"):
        command.write("| new |")
    assert readme.read_text() == "no marks"


def test_every_test_that_tells_is_run(command: ModuleType) -> None:
    found = {name: Path(path).name for name, path in command.tellers().items()}
    assert {"kills", "unknown", "session", "actions"} <= set(found)
    assert found["kills"] == "test_crash_kills.py"
