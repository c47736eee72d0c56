"""`cockpit store`, as people type it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from cockpit.exits import Exit

pytestmark = pytest.mark.xdist_group("store")  # one server for all of them

HEADINGS = ["run", "profile", "environment", "state", "started (UTC)", "last line (UTC)", "lines"]
LOGS = Path(__file__).parents[2] / "logs" / "v1"


def cockpit(*arguments: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "cockpit.cli", "store", *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT_", "PG"))}
    known = {**kept, "COCKPIT_RUNS": str(folder / "runs")}
    return subprocess.run(
        argv, env=known | environ, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_store_is_made_judged_filled_and_copied_from(store_dsn: str, admin_dsn: str, tmp_path: Path) -> None:
    made = cockpit("init", folder=tmp_path, COCKPIT_STORE=admin_dsn)
    assert (made.returncode, made.stdout.split(": ")[1]) == (Exit.OK, "nothing was missing\n")
    judged = cockpit("check", folder=tmp_path, COCKPIT_STORE=store_dsn)
    wrong = [line for line in judged.stdout.splitlines() if line.startswith("✖")]
    # The server of the tests may wait for no disk; nothing else may be wrong.
    assert all("fsync" in line or "full_page_writes" in line for line in wrong), judged.stdout
    assert judged.returncode == (Exit.PROBLEMS if wrong else Exit.OK)
    above = cockpit("check", "--store", admin_dsn, folder=tmp_path)
    assert (above.returncode, "superuser" in above.stdout) == (Exit.PROBLEMS, True)
    night = LOGS / "night.jsonl"
    moved = cockpit("import", str(night), "--store", store_dsn, folder=tmp_path)
    assert moved.returncode == Exit.OK, moved.stderr
    run, told = moved.stdout.split(": ", 1)
    assert told.startswith("48 of 48 lines moved; the last is 9d4af72d1a44059a")
    listed = cockpit("list", "--store", store_dsn, folder=tmp_path).stdout.splitlines()
    assert re.split(r"  +", listed[0]) == HEADINGS
    assert listed[1:] == [f"{run}  virtue   production   finished  2026-11-21 21:00  2026-11-21 21:40     48"]
    copied = cockpit("export", run[:12], "copy.jsonl", "--store", store_dsn, folder=tmp_path)
    assert copied.returncode == Exit.OK, copied.stderr
    assert (tmp_path / "copy.jsonl").read_bytes() == night.read_bytes()
    again = cockpit("export", run, "copy.jsonl", "--store", store_dsn, folder=tmp_path)
    assert again.returncode == Exit.UNREADABLE
    assert "copy.jsonl was not written: File exists; name another file" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("init",), Exit.REFUSED, "no store is named; --store postgresql://user@host/database, or set COCKPIT_STORE"),
        (("list", "--store", "nonsense"), Exit.FAILED, "the store is no PostgreSQL connection string"),
        (("list", "--store", "postgresql://x@/db?host=/nowhere"), Exit.FAILED, "cannot be reached"),
        (("import", "none.jsonl", "--store", "{dsn}"), Exit.UNREADABLE, "there is no run none.jsonl"),
        (("import", "bad.jsonl", "--store", "{dsn}"), Exit.PROBLEMS, "this is no log of cockpit"),
        (("export", "01X", "x.jsonl", "--store", "{dsn}"), Exit.REFUSED, "there is no such run in the store: 01X"),
        (("list", "--store", "{empty}"), Exit.FAILED, "there is no store in this database"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_sentence(
    arguments: tuple[str, ...], status: Exit, said: str, store_dsn: str, postgres_dsn: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.jsonl").write_text("{}\n")
    given = [each.format(dsn=store_dsn, empty=make_conninfo(postgres_dsn)) for each in arguments]
    ended = cockpit(*given, folder=tmp_path)
    assert said in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert ended.returncode == status
