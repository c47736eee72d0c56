"""The page about replays: it names every key, every sign and every way to say where to go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cockpit.report.marks import SIGNS
from cockpit.tui import keymap
from cockpit.tui.playing import SPEEDS

PAGE = (Path(__file__).parents[3] / "docs" / "replay.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("| `")]
NAMED = set(re.findall(r"`([^`]+)`", "\n".join(line.split("|")[1] for line in ROWS)))


@pytest.mark.parametrize("key", keymap.REPLAY.values(), ids=lambda key: key.label)
def test_every_key_has_its_line(key):
    assert key.label in NAMED


@pytest.mark.parametrize(("kind", "sign"), SIGNS.items())
def test_every_mark_has_its_line(kind, sign):
    assert f"| `{sign.glyph}` | `!{kind}`: {sign.means} |" in ROWS


def test_the_speeds_are_those_that_there_are():
    assert ", ".join(f"{speed}x" for speed in SPEEDS) in PAGE
