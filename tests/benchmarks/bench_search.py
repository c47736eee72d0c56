"""Searching after the night: a part of a long log, a pattern in it, one run among a thousand; time and memory."""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import long_log
from figures import Row, paired_ratios, spread

EVENTS, EVENTS_QUICK = 1_000_000, 20_000
RUNS, RUNS_QUICK, EVENTS_OF_A_RUN = 1000, 50, 300
COCKPIT = """
import sys
from cockpit.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert ended.code in (0, 1), ended.code
finally:
    sys.stdout.flush()
    # Not ru_maxrss: that counts what the parent had, until the program was executed.
    peak_kb = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(peak_kb, file=sys.stderr)
"""


def measure(quick: bool) -> list[Row]:
    """Ratios to a loop that hashes each line, and to the program's own start; peak memory."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "long.jsonl")
        long_log.write(path, EVENTS_QUICK if quick else EVENTS)
        rows = _of_one(path, 3 if quick else 7)
        path.unlink()
        return [*rows, *_of_many(Path(folder, "runs"), RUNS_QUICK if quick else RUNS, 3 if quick else 7)]


def ran(*arguments: str, runs: Path | None = None) -> tuple[float, float]:
    """Seconds that the real command took, and its peak memory in MB; what it prints goes nowhere."""
    environ = {**os.environ, "COCKPIT_RUNS": str(runs or "/nonexistent")}
    began = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", COCKPIT, *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True, env=environ,
    )  # fmt: skip
    return time.perf_counter() - began, int(ended.stderr.split()[-1]) / 1024


def _of_one(path: Path, pairs: int) -> list[Row]:
    def hash_only() -> float:
        began = time.perf_counter()
        with path.open("rb", buffering=1 << 20) as log:
            for line in log:
                hashlib.sha256(line[:-1]).hexdigest()
        return time.perf_counter() - began

    hash_only()
    rows = []
    for name, limit, arguments in (
        ("export --step", 4.5, ["export", str(path), "--step", "1.2"]),
        ("log --grep", 5.0, ["log", str(path), "--grep", "replica lag|nowhere"]),
    ):
        memory_mb = ran(*arguments)[1]
        ratios = paired_ratios(_timed(arguments), hash_only, pairs)
        rows += [
            Row(f"{name} / hashing each line", statistics.median(ratios), limit, "x", spread(ratios)),
            Row(f"{name}, peak memory", memory_mb, 45, "MB", f"{path.stat().st_size / 1e6:.0f} MB of log"),
        ]
    return rows


def _timed(arguments: list[str], runs: Path | None = None) -> Callable[[], float]:
    return lambda: ran(*arguments, runs=runs)[0]


def _of_many(folder: Path, count: int, pairs: int) -> list[Row]:
    write_runs(folder, count)
    rows = []
    for name, limit, asked in (
        ("runs, the newest 20", 5.0, []),
        ("runs --outcome aborted", 15.0, ["--outcome", "aborted"]),
        ("runs --by nobody", 30.0, ["--by", "nobody"]),
    ):
        ratios = paired_ratios(_timed(["runs", *asked], folder), _timed(["--help"]), pairs)
        told = f"{count} runs; {spread(ratios)}"
        rows.append(Row(f"{name} / cockpit --help", statistics.median(ratios), limit, "x", told))
    return rows


def write_runs(folder: Path, count: int) -> None:
    """So many runs, each with a short log."""
    folder.mkdir()
    long_log.write(folder / "one.jsonl", EVENTS_OF_A_RUN)
    raw = (folder / "one.jsonl").read_bytes()
    for at in range(count):
        run_dir = folder / f"01KAK{at:021}"
        run_dir.mkdir()
        (run_dir / "audit.jsonl").write_bytes(raw)
