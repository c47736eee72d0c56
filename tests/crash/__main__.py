"""Crash, kill, cut and count: `python -m tests.crash [--many] [--write] [NAME…]` prints the README's table.

Runs every test that tells a figure (see `crash_figures`), prints what was done and what came of it as a Markdown table,
and with `--write` puts it into the README between its two marks. Exit status: that of the tests.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"
sys.path.insert(0, str(HERE))

from crash_figures import ASKED_BY, Row, table, told  # noqa: E402 (this folder is put on the path just above)

BEGIN, END = "<!-- reliability: written by python -m tests.crash -->", "<!-- /reliability -->"


def tellers() -> dict[str, str]:
    """The files of tests that tell figures, by name: `kills` for `test_crash_kills.py`."""
    files = sorted(HERE.parent.rglob("test_*.py"))
    teller = re.compile(r"^from (crash\.)?crash_figures import", re.MULTILINE)
    found = [path for path in files if teller.search(path.read_text(encoding="utf-8"))]
    return {re.sub("^test_(crash_|pty_)?", "", path.stem): str(path) for path in found}


def report(rows: list[Row], took_s: float, names: list[str], *, is_many: bool) -> str:
    """The table, and what it was measured on."""
    line = " ".join(["python -m tests.crash", *(["--many"] if is_many else []), *names])
    cores = os.cpu_count()
    return (
        f"{table(rows)}\n\n"
        f"Measured by `{line}` in {took_s / 60:.0f} minutes on {datetime.now(UTC):%Y-%m-%d}: {cores} cores, "
        f"{platform.system()} {platform.release().split('-')[0]} {platform.machine()}, "
        f"Python {platform.python_version()}, load average {os.getloadavg()[1]:.0f}."
    )


def write(text: str) -> None:
    """Put it into the README."""
    before = README.read_text(encoding="utf-8")
    begin, end = before.find(BEGIN), before.find(END)
    if not 0 <= begin < end:
        raise SystemExit(f"{README} has no line `{BEGIN}` with `{END}` after it")
    README.write_text(f"{before[: begin + len(BEGIN)]}\n\n{text}\n\n{before[end:]}", encoding="utf-8")


def main() -> int:
    """Run what is named, or everything; print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    known = tellers()
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; default: all")
    parser.add_argument("--many", action="store_true", help="the counts of the night instead of those of every run")
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(known):
        parser.error(f"no such test: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    with tempfile.TemporaryDirectory(prefix="cockpit-crash-") as folder:
        figures = Path(folder) / "figures"
        options = ["-n", "1", "-p", "no:cacheprovider", *(["--many"] if asked.many else [])]
        began = time.monotonic()
        status = subprocess.run(
            [sys.executable, "-m", "pytest", *(known[name] for name in asked.names or known), *options],
            env={**os.environ, ASKED_BY: str(figures)},
            stdout=sys.stderr,
            check=False,
        ).returncode
        text = report(told(figures), time.monotonic() - began, asked.names, is_many=asked.many)
    print(text)
    if asked.write and status == 0:
        write(text)
    return status


if __name__ == "__main__":
    sys.exit(main())
