"""The page about the screen: it names every key and every sign there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cockpit.tui import keymap
from cockpit.tui.ink import MARKS
from cockpit.tui.layout import ACTING, READING
from cockpit.tui.panes import tree

PAGE = (Path(__file__).parents[3] / "docs" / "screen.md").read_text()
KEYS = set(
    re.findall(r"`([^`]+)`", "\n".join(line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")))
)


@pytest.mark.parametrize("key", [*keymap.LIVE.values(), *keymap.READING.values()], ids=lambda key: key.label)
def test_every_key_has_its_line(key):
    assert key.label in KEYS


def test_every_key_that_has_a_line_is_bound():
    known = {key.label for key in (*keymap.LIVE.values(), *keymap.READING.values())}
    marks = (*MARKS.values(), *tree._MARKS.values(), *tree._DOING.values())
    signs = {each[0] for each in marks} | {"▶", "◔", "◆", "○"}
    assert KEYS - known - signs == {"Ctrl+C", "Ctrl+Q"}


def test_every_sign_of_a_probe_stands_beside_its_word():
    for status, (mark, _) in MARKS.items():
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{mark}` |"))
        assert f"`{status}`" in line


def test_the_sizes_are_those_of_the_layout():
    assert f"Below {ACTING[0]}x{ACTING[1]} " in PAGE
    assert f"Below {READING[0]}x{READING[1]} " in PAGE
