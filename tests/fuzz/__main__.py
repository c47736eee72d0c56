"""Fuzz with atheris: `python -m tests.fuzz [--seconds 600] [--keep FOLDER] [NAME…]` prints a table of what it did.

Each target has a process of its own, one after the other. A process that a target ends (a crash in native code, a hang)
is started again for the time that is left. Exit status: 0 nothing found, 1 something, 2 it could not be run. Needs the
group `fuzz`: `.ci/nightly` brings it.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from fuzz_targets import TARGETS  # noqa: E402 (this folder is put on the path just above)

_COVERED = re.compile(r"cov: (\d+) ft: (\d+)")
_RESTARTS = 20
_SHORTEST_S = 5


class Fuzzed(NamedTuple):
    """What came of one target."""

    name: str
    inputs: int
    per_s: float
    covered: int
    """Places of the code that were reached, as atheris counts them."""
    slowest_s: float
    """Seconds of a processor, instrumented."""
    cpu_s: float
    """That it had of a processor: on a busy machine much less than it was given."""
    memory_mb: float
    """The most that it held."""
    found: list[Path]
    ended: str
    """Why it is no result; empty: it ran."""


def fuzz(name: str, seconds: int, folder: Path) -> Fuzzed:
    """Run one target for a time, and again if it ends before; a fresh folder."""
    folder.mkdir(parents=True)
    until, began, inputs, covered, ended = time.monotonic() + seconds, time.monotonic(), 0, 0, ""
    slowest_s, cpu_s, memory_mb = 0.0, 0.0, 0.0
    for attempt in range(_RESTARTS):
        left_s = int(until - time.monotonic())
        if left_s < _SHORTEST_S and attempt:
            break
        with (folder / "log").open("a+") as log:
            status = subprocess.run(
                [sys.executable, str(HERE / "fuzz_engine.py"), name, str(max(1, left_s)), str(folder)],
                stdout=log, stderr=subprocess.STDOUT, check=False, stdin=subprocess.DEVNULL,
            ).returncode  # fmt: skip
        figures = _figures(folder)
        inputs += int(figures.get("inputs", 0))
        slowest_s = max(slowest_s, figures.get("slowest_s", 0.0))
        cpu_s, memory_mb = cpu_s + figures.get("cpu_s", 0.0), max(memory_mb, figures.get("memory_mb", 0.0))
        said = (folder / "log").read_text(errors="replace")
        covered = max([covered, *(int(cov) for cov, _ in _COVERED.findall(said))])
        if status == 0:
            break
        if not inputs:
            ended = said.strip().splitlines()[-1] if said.strip() else f"exit status {status}"
            break
    found = sorted(path for path in (folder / "found").glob("*") if path.suffix != ".txt")
    per_s = inputs / max(0.1, time.monotonic() - began)
    return Fuzzed(name, inputs, per_s, covered, slowest_s, cpu_s, memory_mb, found, ended)


def _figures(folder: Path) -> dict[str, float]:
    try:
        told: dict[str, float] = json.loads((folder / "figures").read_text())
        (folder / "figures").unlink()
    except (OSError, ValueError):
        return {}
    return told


def row(each: Fuzzed) -> str:
    """One line of the table."""
    found = each.ended or (f"{len(each.found)} found" if each.found else "nothing")
    return (
        f"{each.name:<12} {each.inputs:>9,} {each.per_s:>7.0f}/s {each.cpu_s:>7.0f} s {each.covered:>7,} "
        f"{each.slowest_s:>7.2f} s {each.memory_mb:>5.0f} MB  {found}"
    )


def main() -> int:
    """Fuzz what is named, or everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz with atheris.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=600, help="for each target [default: 600]")
    parser.add_argument("--keep", type=Path, help="an empty or new folder for logs, corpora and what was found")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in TARGETS]:
        parser.error(f"no such target: {', '.join(unknown)}")
    folder = given.keep or Path(tempfile.mkdtemp(prefix="cockpit-fuzz-"))
    if folder.exists() and any(folder.iterdir()):
        parser.error(f"{folder} is not empty")
    head = f"{'target':<12} {'inputs':>9} {'':>9} {'processor':>9} {'places':>7} {'slowest':>9} {'memory':>8}"
    print(f"{head}  what broke a claim", flush=True)
    done = []
    for name in given.names or TARGETS:
        done.append(fuzz(name, given.seconds, folder / name))
        print(row(done[-1]), flush=True)
    for each in done:
        for path in each.found:
            print(f"found: {path}")
    print(f"logs, corpora and what was found are in {folder}")
    if any(each.ended for each in done):
        return 2
    return 1 if any(each.found for each in done) else 0


if __name__ == "__main__":
    sys.exit(main())
