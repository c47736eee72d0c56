"""`python -m cockpit.demo.standing_process FOLDER NAME`: the process of a system that stands in for a real one.

It owns its folder and everything it starts: a PostgreSQL of its own, and the system. Once that can be reached it
prints its environment as one line of JSON on stdout, which is a pipe to whoever started it: there are secrets in it,
and they are never on disk; screens that come later ask for it (`whereabouts`). Then it waits to be told the run's
folder in the file `run`, and ends when that run is over, on SIGTERM, or after two hours; it stops what it started and
deletes the folder.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec

from cockpit.audit.tail import Tail
from cockpit.demo import ending, postgres_server
from cockpit.demo.lifetime import (
    LONGEST_S,
    POSTGRES,
    READY,
    RUN,
    AtWork,
    keeper_gone,
    read_run,
    told_run,
    write_whole,
)
from cockpit.demo.standing import Kind, kinds, open_system
from cockpit.demo.whereabouts import Whereabouts
from cockpit.errors import LogError
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY

WORK = "system"
"""Name of the folder in which the system itself works."""
_LOOK_S = 0.3


def stand(folder: Path, kind: Kind, stop: threading.Event, *, longest_s: float = LONGEST_S) -> None:
    """Be the system until its run is over. Raises `LogError` if the run cannot be followed, and what opening raises."""
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        server = postgres_server.start(folder / POSTGRES)
        cleanup.callback(server.cleanup)
        (folder / WORK).mkdir()
        system = open_system(kind, folder / WORK, server.get_uri())
        cleanup.callback(system.close)
        write_whole(folder / READY, msgspec.json.encode(AtWork(os.getpid())))
        whereabouts = Whereabouts(folder, system.environ)
        cleanup.callback(whereabouts.close)
        _say(system.environ)
        ends_at = time.monotonic() + longest_s
        run_dir = told_run(folder / RUN, stop.is_set)
        if run_dir is not None:
            _follow(run_dir, stop, ends_at)
        if time.monotonic() > ends_at and (told := read_run(folder / RUN)):
            ending.abort(told, "the demo's time is over")
        if run_dir is not None and not stop.is_set():
            keeper_gone(run_dir)


def _say(environ: dict[str, str]) -> None:
    """Tell whoever started this, and nobody after them."""
    sys.stdout.buffer.write(msgspec.json.encode(environ) + b"\n")
    sys.stdout.flush()
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def _follow(run_dir: Path, stop: threading.Event, ends_at: float) -> None:
    """Return once the run is over, or somebody or the time says stop."""
    tail, state = Tail(run_dir), EMPTY
    try:
        while not stop.is_set() and time.monotonic() < ends_at:
            for entry in tail.read():
                state = evolve(state, entry.event)
            if state.status not in ("empty", "live"):
                return
            tail.wait(_LOOK_S)
    finally:
        tail.close()


def main() -> int:
    """Run as a program; its stderr is the demo's `system.log`."""
    parser = argparse.ArgumentParser(prog="cockpit.demo.standing_process")
    parser.add_argument("folder", type=Path)
    parser.add_argument("name", choices=list(kinds()))
    parser.add_argument("--longest-s", type=float, default=LONGEST_S)
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        stand(arguments.folder, kinds()[arguments.name], stop, longest_s=arguments.longest_s)
    except LogError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
