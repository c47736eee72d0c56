"""What is listed, compared and searched after the night fits a real terminal, and does nothing to it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from terminal import Terminal

LOGS = Path(__file__).parents[1] / "logs" / "v1"
HOSTILE = "\u202e\x9b2J\x9d0;owned\x9c"


def terminal(folder: Path, *arguments: str, columns: int) -> Terminal:
    environ = {"HOME": str(folder), "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    return Terminal(
        [sys.executable, "-P", "-m", "cockpit.cli", *arguments],
        env={**environ, "COCKPIT_RUNS": str(folder)},
        columns=columns,
        lines=150,
    )


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Every golden log as a run, and one whose names would act."""
    for at, log in enumerate(sorted(LOGS.glob("*.jsonl"))):
        run_dir = tmp_path / f"01M7RB{at:X}JX0V7ZP4M9Q2T3W5Y00"  # one digit: a run's id has 26
        run_dir.mkdir()
        (run_dir / "audit.jsonl").write_bytes(log.read_bytes())
    evil = tmp_path / "01M7RC0JX0V7ZP4M9Q2T3W5Y00"
    evil.mkdir()
    raw = (LOGS / "aborted.jsonl").read_bytes()
    (evil / "audit.jsonl").write_bytes(raw.replace(b'"environment":"staging"', f'"environment":"{HOSTILE}"'.encode()))
    return tmp_path


def shown(terminal: Terminal) -> list[str]:
    """All that a command printed, once it has ended; nothing of it acted."""
    terminal.wait_for_exit()
    assert "\u202e" not in terminal.text
    assert "\x9b" not in terminal.text
    assert b"\xc2\x9b" not in terminal.raw
    return [line.rstrip() for line in terminal.text.splitlines()]


@pytest.mark.parametrize("columns", [80, 120])
def test_a_list_of_runs_takes_a_line_a_run(runs: Path, columns: int) -> None:
    with terminal(runs, "runs", columns=columns) as screen:
        lines = shown(screen)
    assert sorted(line[:8] for line in lines if line.startswith("01M7R")) == sorted(
        path.name[:8] for path in runs.iterdir()
    )
    assert any("production" in line for line in lines), "an environment is told whole"
    assert "2m 16s" in next(line for line in lines if line.startswith("01M7RC0J"))


@pytest.mark.parametrize("columns", [80, 120])
def test_a_comparison_fits(runs: Path, columns: int) -> None:
    night, acting = str(LOGS / "night.jsonl"), str(LOGS / "acting.jsonl")
    with terminal(runs, "compare", night, acting, columns=columns) as screen:
        lines = shown(screen)
    table = lines[lines.index("How long it took") : lines.index("What the probes read")]
    assert any(line.startswith("the whole run  ") and "40m 11s" in line for line in table)
    # A line that did not fit would have left its end at the start of the next one.
    assert not [line for line in table if line and line.lstrip()[:1] in "▲▼+−"]


def test_lines_of_a_log_are_only_shown_when_they_are_exported_to_a_terminal(runs: Path) -> None:
    """JSON lets C1 and bidirectional controls through; in a file they stay as they are."""
    for command, as_shown in (
        (["export", "01M7RC0J"], r"\u202e\u009b2J"),
        (["log", "--json", "01M7RC0J"], r"\u202e\u009b2J"),
        (["log", "01M7RC0J", "--grep", "2J", "--raw"], "‹U+202E›‹U+009B›2J"),
    ):
        with terminal(runs, *command, columns=120) as screen:
            assert any(as_shown in line for line in shown(screen))
