"""Measure everything and print one table: `python tests/benchmarks [--quick] [NAME…]`.

Every module `bench_<name>.py` beside this file has `measure(quick: bool) -> list[Row]`.
Exit status 1 if a limit is missed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from figures import Row  # noqa: E402 (this folder is put on the path just above)


def names() -> list[str]:
    """What can be measured."""
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def line(row: Row) -> str:
    """One row of the table."""
    verdict = "ok" if row.ok else "MISS"
    return f"{verdict:4}  {row.name:44} {row.measured:10.2f} {row.unit:5} <= {row.limit:8.2f}   {row.detail}"


def main() -> int:
    """Measure what is named, or everything; print rows as they come."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: shows that it measures, not how well")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(names()):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else every start of what was edited would compile it again
    is_ok = True
    for name in asked.names or names():
        began = time.monotonic()
        for row in importlib.import_module(f"bench_{name}").measure(asked.quick):
            print(line(row), flush=True)
            is_ok = is_ok and row.ok
        print(f"      ({name}: {time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
    return 0 if is_ok else 1


if __name__ == "__main__":
    sys.exit(main())
