"""Replaying a small log: its first paint beside the smallest Textual program's, keys, and playing at full speed.

The log is the long night that the tests tell, 64 minutes: nearly everything changes at every frame of 600x.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from figures import Row, paired_ratios, spread
from terminal_program import Program

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
PAINTED = "q quit"
RIGHT, LEFT, FASTER, SPACE = b"\x1b[C", b"\x1b[D", b"+", b" "


def measure(quick: bool) -> list[Row]:
    """A start and 6 keys if `quick`, else 15 and 60."""
    from report_story import long_night, written

    with TemporaryDirectory() as folder:
        log = written(long_night().events, Path(folder) / "night.jsonl")
        ratios = paired_ratios(lambda: _start_s(log), _peer_start_s, 1 if quick else 15)
        paint = Row(
            "replay: first full paint", statistics.median(ratios), 1.6, "x", f"smallest Textual: {spread(ratios)}"
        )
        return [paint, *_keys(log, 6 if quick else 60), *_playing(log, 1.0 if quick else 4.0)]


def _start_s(log: Path) -> float:
    with _replay(log) as program:
        return program.until(PAINTED)


def _peer_start_s() -> float:
    program = Program([sys.executable, str(HERE / "smallest_textual.py")], {})
    try:
        return program.until("READY")
    finally:
        program.close(b"\x11")  # ctrl+q


def _keys(log: Path, presses: int) -> list[Row]:
    with _replay(log) as program:
        program.until(PAINTED)
        program.rest(1.0)
        answers = [program.press(RIGHT if index % 20 < 12 else LEFT) for index in range(presses + 2)][2:]
    late_ms = 1e3 * statistics.quantiles((seconds for seconds, _ in answers), n=20)[-1]
    size = statistics.median(size for _, size in answers)
    return [
        Row(
            "replay: a key to its change, p95",
            late_ms,
            30.0,
            "ms",
            f"{presses} events on and back; median {size:.0f} B",
        )
    ]


def _playing(log: Path, seconds: float) -> list[Row]:
    """From the beginning of the night; 4 s play it to its end."""
    with _replay(log) as program:
        program.until(PAINTED)
        program.rest(1.0)
        for key in (*[FASTER] * 7, SPACE):
            program.press(key)
        rate, cpu = program.idle(seconds)
    return [
        Row("replay: playing at 600x, written", rate, 60_000.0, "B/s", f"{seconds:.0f} s"),
        Row("replay: playing at 600x, CPU", cpu, 40.0, "%", "of one core"),
    ]


@contextmanager
def _replay(log: Path) -> Iterator[Program]:
    program = Program([sys.executable, "-m", "cockpit.cli", "replay", str(log)], {})
    try:
        yield program
    finally:
        program.close(b"q")
