"""A host of a benchmark with screens at many runs: `python seats_host.py DSN FOLDER RUN…` sits down at each run.

A seat is all of a screen but the drawing: it holds its lease, follows, folds and shows. Prints `ready` once all are
there, then for each line of its standard input one of JSON: how often the seats saw something new, and their troubles.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import psutil

from cockpit.audit.keeping import copy_run
from cockpit.run.events import Actor
from cockpit.session.seat import Seat


def main(dsn: str, folder: Path, runs: list[str]) -> None:
    """Sit until the standard input ends."""
    actor = Actor(user=folder.name, host=folder.name)
    seats, seen = [], Counter[str]()
    for run in runs:
        seats.append(Seat.open(copy_run(dsn, run, folder), actor, "watching"))
        seats[-1].follow(lambda view, run=run: seen.update([run]))  # type: ignore[misc]
    print("ready", flush=True)
    me = psutil.Process()
    for _ in sys.stdin:
        views, taken = [seat.view for seat in seats], me.cpu_times()
        told = {
            "seen": [seen[run] for run in runs],
            "troubles": sorted({view.trouble or view.away for view in views} - {""}),
            "cpu_s": taken.user + taken.system,
        }
        print(json.dumps(told), flush=True)
    for seat in seats:
        seat.close("over")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
