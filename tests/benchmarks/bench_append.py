"""An acknowledged append beside the least that could be done: lock, write of the same bytes, fdatasync, unlock."""

from __future__ import annotations

import fcntl
import os
import statistics
import tempfile
import time
from pathlib import Path

from figures import Row, paired_ratios, spread

from cockpit.audit.files import FileStore
from cockpit.audit.line import Draft, draft
from cockpit.run.events import Actor, Evidence, StepConfirmed

LIMIT = 1.35


def confirmation() -> Draft:
    """A decision as operators make it: 20 readings of evidence, a line of about 1.4 kB."""
    seen = tuple(Evidence(probe=f"probe_{n}", status="pass", value=n * 1.5, unit="ms", age_s=0.4) for n in range(20))
    body = StepConfirmed(step="validate_migration", attempt=1, current=seen, counts={"pass": 20})
    return draft(body, Actor(user="ana", host="bastion-1", via="ssh 192.0.2.7"))


def measure(quick: bool) -> list[Row]:
    """The median of paired ratios of a fact appended, and what telemetry costs beside a bare write."""
    pairs = 40 if quick else 2000
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # /tmp may be no disk at all
        store = FileStore.create(Path(folder) / "R1", "R1")
        store.append(None, confirmation())
        line = store.path.read_bytes()
        bare = os.open(Path(folder) / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        lock = os.open(Path(folder) / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        drafts = iter([confirmation() for _ in range(pairs + 20)])
        took: list[float] = []

        def append() -> float:
            one = next(drafts)
            began = time.perf_counter()
            store.append(None, one)
            took.append(time.perf_counter() - began)
            return took[-1]

        def bare_append() -> float:
            began = time.perf_counter()
            fcntl.flock(lock, fcntl.LOCK_EX)
            os.write(bare, line)
            os.fdatasync(bare)
            fcntl.flock(lock, fcntl.LOCK_UN)
            return time.perf_counter() - began

        paired_ratios(append, bare_append, 20)  # warm
        took.clear()
        ratios = paired_ratios(append, bare_append, pairs)
        store.close()
        os.close(bare)
        os.close(lock)
    detail = f"{len(line)} B, median {statistics.median(took) * 1e6:.0f} us; {spread(ratios)}"
    return [Row("append / flock+write+fdatasync", statistics.median(ratios), LIMIT, "x", detail)]
