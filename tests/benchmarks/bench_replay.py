"""Replaying a log of 1,000,000 events: opening it against toolong, a general log viewer; seeking; memory.

toolong wants an older Textual, so it has an environment of its own: name its `tl` in `COCKPIT_BENCH_TL`, or have it on
the path. Without it the row that compares with it is left out, and that is said.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import long_log
from figures import Row, paired_ratios, spread
from terminal_program import Program

from cockpit.report.replay.film import Film, Place

EVENTS, EVENTS_QUICK = 1_000_000, 20_000
END, HOME = b"\x1b[F", b"\x1b[H"


def measure(quick: bool) -> list[Row]:
    """All figures of replaying."""
    count = EVENTS_QUICK if quick else EVENTS
    with TemporaryDirectory() as folder:
        path = Path(folder, "long.jsonl")
        long_log.write(path, count)
        for _ in path.open("rb"):
            pass  # it lies in memory for whoever opens it first
        rows = _opening(path, count, 3 if quick else 9)
        return [*rows, *_seeking(path, count, 20 if quick else 300), *_on_screen(path, count, 6 if quick else 40)]


def _opening(path: Path, count: int, pairs: int) -> list[Row]:
    tl = os.environ.get("COCKPIT_BENCH_TL") or shutil.which("tl")
    if tl is None:
        print("      (replay: without toolong: name its `tl` in COCKPIT_BENCH_TL)", file=sys.stderr)
        return []
    ratios = paired_ratios(lambda: _painted_s(path), lambda: _listed_s(tl, path, count), pairs)
    name = "replay: opening, to the whole screen"
    return [Row(name, statistics.median(ratios), 1 / 3, "x", f"toolong, to the last line: {spread(ratios)}")]


def _painted_s(path: Path) -> float:
    with _replay(path) as program:
        return program.until("event 1 of ")


def _listed_s(tl: str, path: Path, count: int) -> float:
    program = Program([tl, str(path)], {})
    try:
        return program.until(f'"seq":{count},')
    finally:
        program.close(b"\x03")


def _seeking(path: Path, count: int, seeks: int) -> list[Row]:
    """In a process that does nothing else: a place found, and what was true there."""
    rng = random.Random(6)
    began, film = time.perf_counter(), Film(path)
    first_s, is_read = time.perf_counter() - began, threading.Event()
    film.start(lambda: is_read.set() if film.is_whole else None)
    try:
        is_read.wait(120)
        read_s = time.perf_counter() - began
        while film.proof is None:
            time.sleep(0.05)
        proven_s = time.perf_counter() - began
        took = [_seek_s(film, rng, count) for _ in range(seeks)]
    finally:
        film.close()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = f"of {seeks}; median {1e3 * statistics.median(took):.1f} ms; first line {1e3 * first_s:.1f} ms"
    return [
        Row("replay: seeking anywhere, the slowest", 1e3 * max(took), 100.0, "ms", told),
        Row("replay: until every place can be sought", read_s, 3.0, "s", f"verified after {proven_s:.1f} s"),
        Row("replay: the reader's memory, at most", peak_mb, 150.0, "MB", "with this benchmark's own"),
    ]


def _seek_s(film: Film, rng: random.Random, count: int) -> float:
    began = time.perf_counter()
    place = _place(film, rng, count)
    film.state(place)
    film.recent(place, 200)
    film.head(place.fact)
    return time.perf_counter() - began


def _place(film: Film, rng: random.Random, count: int) -> Place:
    how = rng.randrange(3)
    if how == 0:
        return film.at_fact(rng.randrange(film.facts))
    if how == 1:
        return film.at_seq(rng.randrange(1, count + 1))
    length_s = (film.moment(film.facts - 1).at - film.moment(0).at).total_seconds()
    return film.at_time(film.moment(0).at + timedelta(seconds=length_s * rng.random()))


def _on_screen(path: Path, count: int, presses: int) -> list[Row]:
    """From a key to the last change that it makes, at both ends of the log."""
    with _replay(path) as program:
        program.until("event 1 of ")
        program.rest(6.0 if count > 100_000 else 2.0)  # it has read and verified everything
        took = [program.press(END if index % 2 == 0 else HOME)[0] for index in range(presses)]
        memory_mb = program.memory_mb
    return [
        Row("replay: a key to the other end, to its change, p95", 1e3 * _late(took), 100.0, "ms", f"{presses} presses"),
        Row("replay: memory of the screen", memory_mb, 150.0, "MB", f"resident, {count:,} events"),
    ]


def _late(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


@contextmanager
def _replay(path: Path) -> Iterator[Program]:
    program = Program([sys.executable, "-m", "cockpit.cli", "replay", str(path)], {})
    try:
        yield program
    finally:
        program.close(b"q")
