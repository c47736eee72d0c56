"""The other host of a benchmark: prints when what it is told of has come, and when an event was folded.

`python store_host.py DSN RUN_DIR RUN` joins the run, prints `ready`, and then `raw NUMBER SECONDS` for each notice
of the channel `bare`, and `folded SEQ SECONDS` for each line of the run; by the clock that all processes share.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import psycopg

from cockpit.audit.postgres.following import Following
from cockpit.audit.postgres.mirror import start_mirror
from cockpit.audit.postgres.mirrored import MirroredStore
from cockpit.audit.tail import Tail
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY


def main(dsn: str, run_dir: Path, run: str) -> None:
    """Run until the standard input ends."""
    start_mirror(run_dir, run)
    store = MirroredStore.open(dsn, run, run_dir)
    following = Following(dsn, run, store.take_in, lambda trouble: print("trouble", trouble, flush=True))
    following.start()
    threading.Thread(target=_hear, args=(dsn,), daemon=True).start()
    threading.Thread(target=_fold, args=(run_dir,), daemon=True).start()
    sys.stdin.read()
    following.close()
    store.close()


def _hear(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as listener:
        listener.execute("LISTEN bare")
        print("ready", flush=True)
        for notice in listener.notifies():
            print("raw", notice.payload, time.monotonic(), flush=True)


def _fold(run_dir: Path) -> None:
    tail, state = Tail(run_dir), EMPTY
    while True:
        tail.wait(5.0)
        for entry in tail.read():
            state = evolve(state, entry.event)
            print("folded", entry.event.seq, time.monotonic(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
