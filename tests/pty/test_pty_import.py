"""An import looked at in a real terminal, by real keys; also with the runbook on standard input."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from terminal import Terminal

RUNBOOK = """\
# Move the shop

## Deployment

- [x] Tell the team

```bash
systemctl stop shop
```

```yaml
replicas: 3
```
"""


@pytest.fixture
def runbook(tmp_path: Path) -> Path:
    path = tmp_path / "SHOP.md"
    path.write_text(RUNBOOK)
    return path


def shell(line: str, runbook: Path, *, columns: int = 120, lines: int = 40) -> Terminal:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COCKPIT_THEME")}
    variables = {**kept, "TERM": "xterm-256color", "PYTHONDONTWRITEBYTECODE": "1"}
    command = f"cd {runbook.parent} && {sys.executable} -P -m cockpit.cli import {line}"
    return Terminal(["/bin/sh", "-c", command], env=variables, columns=columns, lines=lines)


def test_a_preview_is_moved_through_by_keys_and_writes_nothing(runbook: Path) -> None:
    before = sorted(runbook.parent.iterdir())
    with shell("SHOP.md --preview", runbook) as terminal:
        terminal.wait_for("IMPORT PREVIEW")
        terminal.wait_for("PRODUCTION")
        terminal.send("j", "j", "j", "j", "j", "j", "j")
        terminal.wait_for("line 8 → step ")
        terminal.send("t")
        terminal.wait_for(r"\$ systemctl stop shop")
        terminal.send("tab")
        terminal.wait_for("← lines? 8.* of SHOP.md")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
        terminal.wait_for("[0-3] of 3 that ask for something are mapped")
    assert sorted(runbook.parent.iterdir()) == before


def test_what_is_piped_in_can_be_previewed_with_the_keys_of_the_terminal(runbook: Path) -> None:
    with shell("--preview - < SHOP.md", runbook, columns=80, lines=24) as terminal:
        terminal.wait_for("[0-3] of 3 mapped")
        terminal.send("j")
        terminal.wait_for("line 2: layout, blank")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0


def test_a_profile_is_written_before_it_is_previewed(runbook: Path) -> None:
    output = runbook.with_name("shop.toml")
    with shell("SHOP.md --preview -o shop.toml", runbook) as terminal:
        terminal.wait_for("IMPORT PREVIEW")
        assert "systemctl stop shop" in output.read_text()
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
        terminal.wait_for("cockpit check ")


def test_without_a_terminal_for_the_screen_one_sentence_says_what_to_do_instead(runbook: Path) -> None:
    with shell("SHOP.md --preview | cat", runbook) as terminal:
        terminal.wait_for("a screen needs a terminal, and this is none; --report tells the same as text")


def test_an_update_can_be_looked_at_before_it_is_written(runbook: Path) -> None:
    with shell("SHOP.md -o shop.toml", runbook) as terminal:
        terminal.wait_for("cockpit check shop.toml")
    profile = runbook.with_name("shop.toml")
    edited = profile.read_text().replace("systemctl stop shop", "systemctl stop shop --now")
    profile.write_text(edited)
    runbook.write_text(RUNBOOK.replace("systemctl stop shop", "systemctl stop shop.service"))
    with shell("SHOP.md --update shop.toml --dry-run --preview", runbook) as terminal:
        terminal.wait_for("IMPORT PREVIEW")
        terminal.send("m")
        terminal.wait_for("line 8 → .*yours stays")
        terminal.wait_for("systemctl stop shop --now")
        terminal.send("q")
        assert terminal.wait_for_exit() == 1
    assert profile.read_text() == edited
