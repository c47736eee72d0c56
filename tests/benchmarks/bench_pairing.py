"""Several screens at one run, each in a terminal of its own, judged from outside.

From a key on one screen to its text on another: Enter, which sends a note (the one key that writes without being held
back by the 60 ms that tell a person from a paste), until the bytes arrive after which the other terminal shows it. The
emulators run on what arrived only once it has all arrived. Load: what reaches the probed servers, with one screen and
with eight.
"""

from __future__ import annotations

import json
import os
import select
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from bench_probing import _profile, _servers
from bench_screen import DOWN, UP, _run
from figures import Row
from terminal_program import Program

from cockpit.audit.layout import keeper_beat, log_path
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import AbortRun
from cockpit.session.creating import create_run
from cockpit.session.identity import actor
from cockpit.session.seat import Seat

SCREENS, TARGETS = 8, 30
ANSWER_S = 0.4
"""How long after a key everything is collected."""
PATIENCE = 50
"""So often, if it is not there by then."""
SLOW_B_S = 2000


def measure(quick: bool) -> list[Row]:
    """5 notes and 4 s of each load if `quick`, else 60 and 30 s."""
    notes, seconds = (5, 4.0) if quick else (60, 30.0)
    with _run(TARGETS, "still") as run_dir, screens(run_dir, 2) as two:
        pair = latencies_s(two, notes)
    with _run(TARGETS, "changing") as run_dir, screens(run_dir, SCREENS) as crowd:
        many = latencies_s(crowd, notes)
    with _run(TARGETS, "changing") as run_dir, screens(run_dir, 3) as three:
        swift = latencies_s(three, notes)
        beside_slow = latencies_s(three, notes, slow=2)
    ratio = statistics.median(beside_slow) / statistics.median(swift)
    name = "pairing: a key on one screen to its text on another"
    return [
        Row(f"{name}, median", _median_ms(pair), 25.0, "ms", f"2 screens, {_spread(pair)}"),
        Row(f"{name}, 8 screens", _median_ms(many), 50.0, "ms", f"30 probes changing, {_spread(many)}"),
        Row("pairing: the same beside a link of 2 kB/s / without", ratio, 1.3, "x", f"{_spread(beside_slow)}"),
        *load_rows(seconds),
    ]


def _median_ms(found_s: Sequence[float]) -> float:
    return 1e3 * statistics.median(found_s)


def _spread(found_s: Sequence[float]) -> str:
    ordered = sorted(1e3 * each for each in found_s)
    return f"{ordered[0]:.1f} to {ordered[-1]:.1f}, p95 {ordered[int(len(ordered) * 0.95)]:.1f}, {len(ordered)} notes"


@contextmanager
def screens(run_dir: Path, count: int) -> Iterator[list[Program]]:
    """The first one acts, the others watch."""
    env = {"COCKPIT_RUNS": str(run_dir.parent)}
    with ExitStack() as stack:
        found: list[Program] = []
        for at in range(count):
            argv = [sys.executable, "-m", "cockpit.cli", "join" if at else "resume", str(run_dir)]
            found.append(Program(argv, env))
            stack.callback(found[-1].close, b"q")
            found[-1].until("q leave" if at else "q detach")
        drain(found, 1.0)
        yield found


def drain(found: Sequence[Program], seconds: float, *, slow: int | None = None) -> Counter[int]:
    """Read all screens for so long; the bytes of each. The one that is `slow` is read at 2 kB/s."""
    return Counter({at: sum(len(block) for _, block in blocks) for at, blocks in _collected(found, seconds, slow)})


def _collected(
    found: Sequence[Program], seconds: float, slow: int | None
) -> Iterator[tuple[int, list[tuple[float, bytes]]]]:
    got: list[list[tuple[float, bytes]]] = [[] for _ in found]
    fds = {program._fd: at for at, program in enumerate(found)}
    end, allowed = time.perf_counter() + seconds, 0.0
    began = time.perf_counter()
    while (now := time.perf_counter()) < end:
        if slow is not None:
            allowed = SLOW_B_S * (now - began) - sum(len(block) for _, block in got[slow])
        wanted = [fd for fd, at in fds.items() if at != slow or allowed >= 1]
        for fd in select.select(wanted, [], [], min(0.05, end - now))[0]:
            at, now = fds[fd], time.perf_counter()
            got[at].append((now, os.read(fd, max(1, int(allowed)) if at == slow else 1 << 16)))
    for at, blocks in enumerate(got):
        for _, block in blocks:
            found[at].show(block)
    yield from enumerate(got)


def latencies_s(found: Sequence[Program], notes: int, *, slow: int | None = None) -> list[float]:
    """From Enter on the first screen until the second shows the note."""
    first, second = found[0], found[1]
    taken = []
    for number in range(notes):
        text = f"z{number:03}{os.urandom(2).hex()}"
        os.write(first._fd, b"n")
        assert _comes(found, "Enter sends", slow), f"no question:\n{first.text}"
        drain(found, 0.15, slow=slow)
        for _ in range(5):  # what is typed before the question stands is dropped
            for letter in text:
                os.write(first._fd, letter.encode())
                drain(found, 0.035, slow=slow)
            if _comes(found, text, slow, within_s=1.0):
                break
            os.write(first._fd, b"\x15")
        drain(found, 0.1 + number % 10 / 100, slow=slow)
        began = time.perf_counter()
        os.write(first._fd, b"\r")
        taken.append(_shown_at(found, second, text, slow) - began)
    return taken


def _comes(found: Sequence[Program], text: str, slow: int | None, within_s: float = 10.0) -> bool:
    """Read all screens until the first one shows a text; whether it does."""
    give_up = time.monotonic() + within_s
    while not (shown := text in found[0].text) and time.monotonic() < give_up:
        drain(found, 0.05, slow=slow)
    return shown


def _shown_at(found: Sequence[Program], second: Program, text: str, slow: int | None) -> float:
    """When the bytes came after which the second screen shows the text."""
    at = found.index(second)
    kept: list[bytes] = []
    show = second.show
    for _ in range(PATIENCE):
        second.show = kept.append  # type: ignore[method-assign] # shown below, block by block
        try:
            arrived = dict(_collected(found, ANSWER_S, slow))[at]
        finally:
            second.show = show  # type: ignore[method-assign]
        for when, block in arrived:
            show(block)
            if text in second.text:
                drain([second], 0.01)
                return when
    raise TimeoutError(f"never shown: {text}\n{second.text}")


# ---- load ------------------------------------------------------------------------------------------------------------


def load_rows(seconds: float, settling_s: float = 4.0) -> list[Row]:
    """One screen, then eight at rest, then seven that move as fast as they are told of.

    `settling_s` is how long screens and keeper are left alone before they are measured.
    """
    with TemporaryDirectory() as folder, _servers(TARGETS) as servers:
        assert servers.stdout is not None
        profile = Path(folder) / "profile.toml"
        profile.write_text(_profile(json.loads(servers.stdout.readline())))
        run_dir = create_run(load(profile, installed()), {}, folder=Path(folder) / "runs")
        spans: dict[str, tuple[float, float]] = {}
        try:
            with screens(run_dir, 1) as alone:
                drain(alone, settling_s)
                keeper = psutil.Process(int(keeper_beat(run_dir).read_text().split()[1]))
                alone_s = _cpu_s(keeper)
                spans["one"] = _span(alone, seconds)
                alone_s = _cpu_s(keeper) - alone_s
            with screens(run_dir, SCREENS) as crowd:
                drain(crowd, settling_s)
                before = _cpu_s(keeper), *(program.cpu_s for program in crowd)
                spans["eight"] = _span(crowd, seconds)
                after = _cpu_s(keeper), *(program.cpu_s for program in crowd)
                told = _told_bytes(run_dir)
                moving_b_s = _moving(crowd, seconds)
                grown = _told_bytes(run_dir)
        finally:
            seat = Seat.open(run_dir, actor())
            seat.submit(seat.command(AbortRun, reason="it was measured", typed="bench"))
            seat.close()
        arrivals, _ = servers.communicate(timeout=20)
    counts = {
        name: sum(began <= at < ended for each in json.loads(arrivals) for at in each)
        for name, (began, ended) in spans.items()
    }
    rests = [100 * (end - start) / seconds for start, end in zip(before, after, strict=True)]
    busier = rests[0] / max(0.1, 100 * alone_s / seconds)
    lines = grown[0] - told[0]
    line_b = (grown[1] - told[1]) / max(1, lines)
    detail = f"{counts['eight']} and {counts['one']} in {seconds:.0f} s"
    return [
        Row("pairing: requests, 8 screens / one", counts["eight"] / max(1, counts["one"]), 1.05, "x", detail),
        Row("pairing: the keeper's CPU, 8 screens / one", busier, 1.3, "x", f"{rests[0]:.1f} %, {TARGETS} targets"),
        Row("pairing: a screen's CPU with 8 of them", statistics.median(rests[1:]), 6.0, "%", "median of 8"),
        Row("pairing: written where 7 others move", moving_b_s, 2500.0, "B/s", f"{lines} moves in {seconds:.0f} s"),
        Row("pairing: the log's growth by a seat in use", 60 * line_b / 1e3, 40.0, "kB/h", f"{line_b:.0f} B a line"),
    ]


def _span(found: Sequence[Program], seconds: float) -> tuple[float, float]:
    began = time.monotonic()
    drain(found, seconds)
    return began, began + seconds


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _moving(crowd: Sequence[Program], seconds: float) -> float:
    """All but the first press arrows, four times a second; bytes a second that the first one's terminal gets."""
    size, began, number = 0, time.monotonic(), 0
    while time.monotonic() < began + seconds:
        number += 1
        for program in crowd[1:]:
            os.write(program._fd, UP if number % 4 == 0 else DOWN)
        size += drain(crowd, 0.25)[0]
    return size / seconds


def _told_bytes(run_dir: Path) -> tuple[int, int]:
    """How many lines of the log tell of presence, and their bytes."""
    lines = [line for line in log_path(run_dir).read_bytes().splitlines() if b'"type":"operator.' in line[:256]]
    return len(lines), sum(len(line) + 1 for line in lines)
