"""`cockpit compare`."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from cli_desk import Cockpit, one_sentence

LOGS = Path(__file__).parents[2] / "logs" / "v1"
NIGHT, ACTING = str(LOGS / "night.jsonl"), str(LOGS / "acting.jsonl")


def test_runs_are_compared_as_text_markdown_and_json(cockpit: Cockpit) -> None:
    ended = cockpit("compare", NIGHT, ACTING, "--zone", "Europe/Rome")
    assert ended.returncode == 0, ended.stderr
    assert "A  " in ended.stdout
    assert "(night.jsonl)  virtue production, 2026-11-21 22:00 Europe/Rome" in ended.stdout
    assert "How long it took" in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) <= 120
    ended = cockpit("compare", NIGHT, ACTING, "--format", "md")
    assert "|  | A | B | B − A |" in ended.stdout
    found = json.loads(cockpit("compare", NIGHT, ACTING, "--format", "json").stdout)
    assert [run["outcome"] for run in found["runs"]] == ["finished", "aborted"]
    assert found["runs"][0]["people"] == ["ana@bastion-1", "bo@bastion-1"]


def test_one_log_is_enough_for_new_estimates_alone(cockpit: Cockpit) -> None:
    ended = cockpit("compare", NIGHT)
    assert ended.returncode == 2
    assert "two logs or more" in one_sentence(ended)
    ended = cockpit("compare", NIGHT, "--format", "toml")
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[1] == "partial = true"


def test_a_damaged_log_is_compared_as_far_as_it_goes(cockpit: Cockpit, tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(Path(NIGHT).read_bytes())[:-300])
    ended = cockpit("compare", NIGHT, "cut.jsonl.gz")
    assert ended.returncode == 1
    assert "cut.jsonl.gz" in one_sentence(ended)
    assert "How long it took" in ended.stdout
    (tmp_path / "odd.jsonl").write_bytes(b"\x00\xff" * 1000)
    ended = cockpit("compare", NIGHT, "odd.jsonl")
    assert ended.returncode == 3
    assert "no run began" in one_sentence(ended)
    assert cockpit("compare", NIGHT, "./nowhere.jsonl").returncode == 3
