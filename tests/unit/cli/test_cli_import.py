"""`cockpit import` by the real command: what goes to stdout, what to stderr, and how bad input ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli_desk import Cockpit

from cockpit.profile.kinds import installed
from cockpit.profile.load import load

RUNBOOK = """\
# Move the shop

Some words about it.

## Deployment

- [x] Tell the team
- [ ] Response time < 2 seconds

```bash
systemctl stop shop
```

```yaml
replicas: 3
image: shop
```
"""


@pytest.fixture
def runbook(tmp_path: Path) -> str:
    (tmp_path / "SHOP.md").write_text(RUNBOOK)
    return "SHOP.md"


def test_the_profile_goes_to_stdout_and_the_account_to_stderr(cockpit: Cockpit, runbook: str, tmp_path: Path):
    ended = cockpit("import", runbook)
    assert ended.returncode == 0
    (tmp_path / "shop.toml").write_text(ended.stdout)
    assert load(tmp_path / "shop.toml", installed()).profile.title == "Move the shop"
    told = ended.stderr.splitlines()
    assert re.match(r"SHOP.md: 17 lines; [0-5] of 5 that ask for something are mapped", told[0])
    assert any(line.startswith("the profile: 1 phase with 3 steps: 1 command") for line in told)
    assert "cockpit import SHOP.md -o move_the_shop.toml" in ended.stderr


def test_with_a_file_nothing_is_printed_and_the_next_commands_name_it(cockpit: Cockpit, runbook: str, tmp_path: Path):
    ended = cockpit("import", runbook, "-o", "my shop.toml")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert load(tmp_path / "my shop.toml", installed()).profile.id == "move_the_shop"
    for command in ("check", "ready", "rehearse"):
        assert f"cockpit {command} 'my shop.toml'" in ended.stderr


def test_a_file_that_is_there_is_not_written_over_unless_it_is_asked_for(
    cockpit: Cockpit, runbook: str, tmp_path: Path
):
    (tmp_path / "shop.toml").write_text("edited")
    ended = cockpit("import", runbook, "-o", "shop.toml")
    assert (ended.returncode, (tmp_path / "shop.toml").read_text()) == (4, "edited")
    assert cockpit("import", runbook, "-o", "shop.toml", "--force").returncode == 0
    assert cockpit("import", runbook, "-o", runbook, "--force").returncode == 4
    assert (tmp_path / runbook).read_text() == RUNBOOK


def test_the_report_says_every_line_with_what_became_of_it(cockpit: Cockpit, runbook: str):
    lines = cockpit("import", runbook, "--report").stdout.splitlines()
    numbered = [line for line in lines if line[2:4].strip().isdigit()]
    assert [line[2:4].strip() for line in numbered[:17]] == [str(number) for number in range(1, 18)]
    assert numbered[6].split()[:4] == ["7", "mapped", "step", "tell_the_team"]


def test_the_report_as_json_has_an_object_for_every_line(cockpit: Cockpit, runbook: str):
    told = json.loads(cockpit("import", runbook, "--report", "--format", "json").stdout)
    (source,) = told["sources"]
    assert [line["line"] for line in source["lines"]] == list(range(1, 18))
    assert source["lines"][6] == {
        "line": 7,
        "text": "- [x] Tell the team",
        "fate": "mapped",
        "became": ["step tell_the_team"],
        "why": "",
        "actionable": True,
    }
    assert source["counts"]["actionable"] == 5 == source["counts"]["mapped"] + source["counts"]["not_mapped"]
    assert told["profile"]["counts"]["steps"] == 3
    assert {(note["source"], note["line"], note["kind"]) for note in told["notes"]} >= {("SHOP.md", 8, "look")}


def test_the_report_and_the_file_come_together(cockpit: Cockpit, runbook: str, tmp_path: Path):
    ended = cockpit("import", runbook, "--report", "-o", "shop.toml")
    assert ended.stdout.startswith("SHOP.md: 17 lines")
    assert (tmp_path / "shop.toml").exists()


def test_several_sources_are_accounted_for_one_by_one(cockpit: Cockpit, runbook: str, tmp_path: Path):
    (tmp_path / "AFTER.md").write_text("## Checks\n\n- [ ] CPU usage < 80 %\n")
    ended = cockpit("import", runbook, "AFTER.md")
    assert "SHOP.md: 17 lines" in ended.stderr
    assert "AFTER.md: 3 lines" in ended.stderr
    assert "AFTER.md:3  probe `cpu_usage` needs its query" in ended.stderr


def piped(content: bytes, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-P", "-m", "cockpit.cli", "import", *arguments]
    return subprocess.run(command, input=content, capture_output=True, timeout=60, cwd=cwd)


def test_standard_input_is_a_source_as_a_file_is(tmp_path: Path):
    ended = piped(RUNBOOK.encode(), cwd=tmp_path)
    assert ended.returncode == 0
    assert ended.stderr.decode().startswith("-: 17 lines")
    assert b"move_the_shop" in ended.stdout
    assert b"--preview" not in ended.stderr, "what was piped in cannot be named again"


def test_text_of_a_runbook_cannot_act_on_the_terminal_that_reads_its_account(tmp_path: Path):
    hostile = "# Shop\n\n## Deployment\n\n```yaml\n\x1b]2;owned\x07\u202e3\n```\n\n- [ ] \x9b31mred\n"
    ended = piped(hostile.encode(), "--report", cwd=tmp_path)
    assert ended.returncode == 0
    for told in (ended.stdout.decode(), ended.stderr.decode()):
        assert not set(told) & set("\x1b\x07\x9b\u202e")


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("NONE.md",), 4, "NONE.md cannot be read"),
        ((".",), 4, ". is a folder"),
        (("-", "-"), 2, "read only once"),
        (("SHOP.md", "./SHOP.md"), 2, "./SHOP.md is named twice"),
        (("SHOP.md", "--preview", "--report"), 2, "fills the screen"),
        (("SHOP.md", "--preview"), 4, "--report tells the same"),
        (("SHOP.md", "--format", "json"), 2, "add --report"),
    ],
)
def test_bad_input_gets_one_sentence(cockpit: Cockpit, runbook: str, arguments, status: int, sentence: str):
    ended = cockpit("import", *arguments)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_is_too_large_is_refused_before_it_is_read_whole(cockpit: Cockpit, tmp_path: Path):
    with (tmp_path / "LOG.md").open("wb") as file:
        file.truncate(3 << 30)
    ended = cockpit("import", "LOG.md")
    assert ended.returncode == 1
    assert "larger than" in ended.stderr
