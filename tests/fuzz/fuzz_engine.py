"""One target under atheris, in a process of its own: `python fuzz_engine.py TARGET SECONDS FOLDER`.

What breaks a claim is kept and fuzzing goes on: the shortest input of each kind of failure, by where it was raised.
Only what ends the process (a crash in native code, a hang, memory without end) is left to libFuzzer, which keeps the
input too. An input that takes too long, or too much memory, counts as one that breaks a claim. In FOLDER: `corpus/`,
`found/`, `figures` (JSON) and `slowest`, an input.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path

import atheris

HERE = Path(__file__).parent
LONGEST_S = 20
"""Of one input, before libFuzzer ends the process: instrumented code takes three times as long."""
MEMORY_MB = 3000
SLOW_S = 3.0
"""Of one input, of a processor: a second, instrumented."""
GROWN_MB = 200
"""By one input."""
if os.access("/dev/shm", os.W_OK):  # in memory: on a disk, writing a file anew costs more than to look at it
    tempfile.tempdir = "/dev/shm"
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1])]

with atheris.instrument_imports(include=["cockpit"], enable_loader_override=False):
    from fuzz_targets import CORPUS, FOUND, TARGETS, kept

    NAME, SECONDS, FOLDER = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    TARGET = TARGETS[NAME]
    FUZZ = TARGET.fuzz
    SEEDS = TARGET.given()


class Kept:
    """What broke a claim so far, by where."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shortest: dict[str, int] = {}

    def keep(self, data: bytes, error: BaseException) -> None:
        """Keep an input, unless one as short is kept of the same failure."""
        kind = where(error)
        if len(data) >= self._shortest.get(kind, len(data) + 1):
            return
        if kind not in self._shortest:
            print(f"{NAME}: {type(error).__name__}: {str(error)[:300]} ({kind})", file=sys.stderr, flush=True)
        self._shortest[kind] = len(data)
        name = hashlib.sha256(kind.encode()).hexdigest()[:12]
        (self._folder / name).write_bytes(data)
        (self._folder / f"{name}.txt").write_text("".join(traceback.format_exception(error)), errors="backslashreplace")


def where(error: BaseException) -> str:
    """The failure's kind and the last two lines of the project's own that it passed."""
    own = [f for f in traceback.extract_tb(error.__traceback__) if "/cockpit/" in f.filename or "/tests/" in f.filename]
    places = [f"{Path(frame.filename).stem}:{frame.lineno}" for frame in own if "fuzz_claims" not in frame.filename]
    return " ".join([type(error).__name__, *places[-2:]])


class TooMuch(AssertionError):
    """An input takes more than it may."""


def held_to(took_s: float, grown_mb: float) -> None:
    """Raise TooMuch if that is more than one input may take."""
    if took_s > SLOW_S:
        raise TooMuch(f"it takes {took_s:.1f} s of a processor, instrumented")
    if grown_mb > GROWN_MB:
        raise TooMuch(f"it takes {grown_mb:.0f} MB")


def memory_mb() -> float:
    """The most that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Fuzz until the time is over."""
    for folder in ("corpus", "found"):
        (FOLDER / folder).mkdir(parents=True, exist_ok=True)
    for data in [*SEEDS, *(path.read_bytes() for place in (CORPUS, FOUND) for path in kept(NAME, place))]:
        (FOLDER / "corpus" / hashlib.sha1(data).hexdigest()).write_bytes(data)
    found, counted = Kept(FOLDER / "found"), {"inputs": 0, "slowest_s": 0.0, "cpu_s": 0.0, "memory_mb": 0.0}
    with suppress(
        Exception
    ):  # what is imported and compiled once is no input's own; if it breaks a claim, it comes again
        FUZZ(SEEDS[0])

    def one(data: bytes) -> None:
        began, before_mb = time.process_time(), memory_mb()
        try:
            FUZZ(data)
            held_to(time.process_time() - began, memory_mb() - before_mb)
        except Exception as error:
            found.keep(data, error)
        took = time.process_time() - began
        counted["inputs"] += 1
        if took > counted["slowest_s"]:
            counted["slowest_s"] = took
            (FOLDER / "slowest").write_bytes(data)
        if counted["inputs"] % 50 == 0:
            counted["cpu_s"], counted["memory_mb"] = time.process_time(), memory_mb()
            (FOLDER / "figures").write_text(json.dumps(counted))

    options = [
        f"-max_total_time={SECONDS}",
        f"-timeout={LONGEST_S}",
        f"-report_slow_units={LONGEST_S}",  # a busy machine makes others slow
        f"-rss_limit_mb={MEMORY_MB}",
        f"-max_len={TARGET.most_bytes}",
        f"-artifact_prefix={FOLDER}/found/",
        "-print_final_stats=1",
        "-len_control=20",
    ]
    if TARGET.dictionary is not None:
        options.append(f"-dict={TARGET.dictionary}")
    atheris.Setup([sys.argv[0], *options, str(FOLDER / "corpus")], one)
    atheris.Fuzz()


main()
