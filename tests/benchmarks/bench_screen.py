"""The run's screen, as `cockpit resume` opens it, beside the smallest Textual program, from outside through a terminal.

First paint: until the log's newest line, the gate and the keys stand on the screen (the panes are drawn in one frame);
for the peer, until its text stands. Keys: the arrow that shows another step. Each is started in turn with its peer.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from figures import Row, paired_ratios, spread
from terminal_program import Program

HERE = Path(__file__).parent
STEPS, MANY_STEPS = 100, 500
PAINTED = "q detach"
DOWN, UP = b"\x1b[B", b"\x1b[A"
TRAFFIC = {30: (2500.0, 6.0), 200: (3000.0, 18.0)}
"""Probes that change every second, and the most bytes a second and percent of a core that drawing them may take."""


def measure(quick: bool) -> list[Row]:
    """All figures of the screen: three starts, 20 keys and 4 s of each traffic if `quick`, else 15, 100 and 20 s."""
    starts, presses, seconds = (3, 20, 4.0) if quick else (15, 100, 20.0)
    rows: list[Row] = []
    with _run(30, "still") as run_dir:
        rows.append(_first_paint(run_dir, starts))
        rows += _keys(run_dir, presses, "30 probes at rest")
    with _run(30, "still") as run_dir:  # in its first minute: then its clocks turn, and a key frame comes
        rows += _at_rest(run_dir, seconds)
    for probes, (bytes_limit, cpu_limit) in TRAFFIC.items():
        with _run(probes, "changing") as run_dir:
            rows += _traffic(run_dir, probes, seconds, bytes_limit, cpu_limit)
            if probes == 200:
                rows.append(_busy_keys(run_dir, presses))
    with _run(200, "changing", MANY_STEPS) as run_dir:
        rows.append(_large_keys(run_dir, presses))
    return rows


def _first_paint(run_dir: Path, starts: int) -> Row:
    ratios = paired_ratios(lambda: _start_s(run_dir), _peer_start_s, starts)
    return Row("screen: first full paint", statistics.median(ratios), 1.6, "x", f"smallest Textual: {spread(ratios)}")


def _start_s(run_dir: Path) -> float:
    with _cockpit(run_dir) as program:
        return program.until(PAINTED)


def _peer_start_s() -> float:
    with _smallest() as program:
        return program.until("READY")


def _keys(run_dir: Path, presses: int, what: str) -> list[Row]:
    with _cockpit(run_dir) as program, _smallest() as peer:
        program.until(PAINTED)
        peer.until("READY")
        answers = _pressed(program, presses)
        peers = _pressed(peer, presses)
    ours, theirs = [seconds for seconds, _ in answers], [seconds for seconds, _ in peers]
    ratio = statistics.median(ours) / statistics.median(theirs)
    late_ms = 1e3 * statistics.quantiles(ours, n=20)[-1]
    size = statistics.median(size for _, size in answers)
    told = f"{what}; {1e3 * statistics.median(ours):.1f} ms and {1e3 * statistics.median(theirs):.1f} ms"
    return [
        Row("screen: a key to its change, median", ratio, 2.5, "x", f"smallest Textual: {told}"),
        Row("screen: a key to its change, p95", late_ms, 15.0, "ms", f"{presses} presses"),
        Row("screen: a cursor's move", size, 1000.0, "B", f"median of {presses}"),
    ]


def _busy_keys(run_dir: Path, presses: int) -> Row:
    """Against the same screen at rest: 200 probes that change must not be felt at the keys."""
    with _cockpit(run_dir) as busy, _run(30, "still") as still_dir, _cockpit(still_dir) as still:
        busy.until(PAINTED)
        still.until(PAINTED)
        busy_s = statistics.median(seconds for seconds, _ in _pressed(busy, presses))
        still_s = statistics.median(seconds for seconds, _ in _pressed(still, presses))
    told = f"its own at rest: {1e3 * busy_s:.1f} ms and {1e3 * still_s:.1f} ms"
    return Row("screen: a key with 200 probes at 1 s", busy_s / still_s, 2.0, "x", told)


def _large_keys(run_dir: Path, presses: int) -> Row:
    with _cockpit(run_dir) as program:
        program.until(PAINTED)
        median_ms = 1e3 * statistics.median(seconds for seconds, _ in _pressed(program, presses))
    return Row("screen: a key with 500 steps and 200 probes at 1 s", median_ms, 50.0, "ms", f"median of {presses}")


def _pressed(program: Program, presses: int) -> list[tuple[float, int]]:
    program.rest(1.0 if presses > 50 else 0.5)
    answers = [program.press(UP if index % 2 else DOWN) for index in range(presses + 2)]
    return answers[2:]


def _at_rest(run_dir: Path, seconds: float) -> list[Row]:
    with _cockpit(run_dir) as program:
        program.until(PAINTED)
        program.rest(1.0)
        rate, _ = program.idle(seconds)
        memory = Row("screen: memory, 30 probes, 100 steps", program.memory_mb, 60.0, "MB", "resident")
    return [Row("screen: written when nothing changes", rate, 0.0, "B/s", f"{seconds:.0f} s"), memory]


def _traffic(run_dir: Path, probes: int, seconds: float, bytes_limit: float, cpu_limit: float) -> list[Row]:
    with _cockpit(run_dir) as program:
        program.until(PAINTED)
        program.idle(2.0)
        rate, cpu = program.idle(seconds)
    name = f"screen: {probes} probes changing at 1 s"
    return [
        Row(f"{name}, written", rate, bytes_limit, "B/s", f"{seconds:.0f} s"),
        Row(f"{name}, CPU", cpu, cpu_limit, "%", "of one core"),
    ]


@contextmanager
def _run(probes: int, how: str, steps: int = STEPS) -> Iterator[Path]:
    """A live run that something beside the screen keeps alive."""
    with TemporaryDirectory() as folder:
        argv = [sys.executable, str(HERE / "screen_log.py"), folder, str(probes), str(steps), how]
        keeper = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        try:
            yield Path(keeper.stdout.readline().strip())
        finally:
            keeper.stdin.close()
            keeper.wait(10)
            keeper.stdout.close()


@contextmanager
def _cockpit(run_dir: Path) -> Iterator[Program]:
    argv = [sys.executable, "-m", "cockpit.cli", "resume", run_dir.name]
    program = Program(argv, {"COCKPIT_RUNS": str(run_dir.parent)})
    try:
        yield program
    finally:
        program.close(b"q")


@contextmanager
def _smallest() -> Iterator[Program]:
    program = Program([sys.executable, str(HERE / "smallest_textual.py")], {})
    try:
        yield program
    finally:
        program.close(b"\x11")  # ctrl+q
