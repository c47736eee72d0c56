"""Whatever is given for a log: export, search, comparison and list say what it is, and take what counts of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bad_logs import BAD_LOGS, LINES, NIGHT, BadLog
from test_cli_bad_logs import Answer


@pytest.mark.parametrize("bad", BAD_LOGS, ids=str)
def test_what_counts_is_exported_and_the_rest_is_said(
    bad: BadLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = bad.write(tmp_path), tmp_path / "out.jsonl"
    answer = Answer(capsys, "export", str(path), "-o", str(out))
    is_openable = out.exists()
    assert answer.status == (bool(bad.says) if is_openable else 3)
    given = LINES
    if is_openable and bad.suffix == ".jsonl":
        with path.open("rb") as file:
            given = file.read(100_000).splitlines(keepends=True)
    assert (out.read_bytes() if is_openable else b"") == b"".join(given[: bad.counting])
    assert bool(bad.says) is ("that-night" in answer.err)
    assert re.search(bad.says, answer.err)
    assert answer.err.count(str(path)) <= 2


@pytest.mark.parametrize("bad", BAD_LOGS, ids=str)
def test_a_bad_log_among_others_stops_no_search(
    bad: BadLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bad.write(tmp_path)
    answer = Answer(capsys, "log", str(path), str(NIGHT), "--grep", "holds the run")
    assert answer.status == (bad.status or bool(bad.says))
    assert re.search(bad.says, answer.err)
    *others, last = answer.out.splitlines()
    assert last.startswith(str(NIGHT)[:30])
    found = [line for line in others if "holds the run" in line]
    proven = sum(b'"hold.placed"' in line for line in LINES[: bad.counting])
    # What no chain proves is told behind a mark; where nothing of it was found, nothing is said of it here.
    assert len(found) >= proven
    assert ("✖" in answer.out) is (len(found) > proven)


@pytest.mark.parametrize("bad", BAD_LOGS, ids=str)
def test_a_bad_log_is_compared_as_far_as_it_goes(
    bad: BadLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = Answer(capsys, "compare", str(NIGHT), str(bad.write(tmp_path)), "--format", "json")
    if bad.counting:
        assert answer.status == bool(bad.says)
        assert len(json.loads(answer.out)["runs"]) == 2
    else:
        assert (answer.status, answer.out) == (3, "")
    assert re.search(bad.says, answer.err)


@pytest.mark.parametrize("bad", [bad for bad in BAD_LOGS if bad.suffix == ".jsonl"], ids=str)
def test_a_run_with_a_bad_log_is_listed_and_never_stops_the_list(
    bad: BadLog, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_RUNS", str(tmp_path / "runs"))
    for run in ("01BAD", "01GOOD"):
        (tmp_path / "runs" / run).mkdir(parents=True)
    (tmp_path / "runs" / "01GOOD" / "audit.jsonl").write_bytes(NIGHT.read_bytes())
    bad.make(tmp_path / "runs" / "01BAD" / "audit.jsonl")
    answer = Answer(capsys, "runs", "--format", "json")
    rows = {row["run"]: row for row in json.loads(answer.out)}
    assert answer.status == 0
    assert rows["01GOOD"]["outcome"] == "finished"
    assert (rows["01BAD"]["state"] == "damaged") is (not bad.counting)
    assert bool(rows["01BAD"]["problem"]) or bad.counting
