"""A real keeper that probes HTTP targets once a second, judged from outside: by when its requests arrive.

Every target is a server on a port of its own, as different hosts are for connection pools. The keeper writes its log
as on any night. The scheduling error is how far an arrival lies from its target's own grid of one second.
A bare clock runs beside it: where that is late too, the host was, and the figures say nothing of the keeper.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from figures import Row

from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.session.creating import create_run

HERE = Path(__file__).parent
INTERVAL_S = 1.0
LIMITS = {200: 45.0, 30: 8.0}
"""Targets, and the most of a core that the keeper may take with them, in percent."""
ERROR_LIMIT_MS, MEMORY_LIMIT_MB = 10.0, 75.0
WARM_S = 4.0
"""Not counted: imports, first connections, the spreading over the interval."""
STEPS = 100


def measure(quick: bool) -> list[Row]:
    """Probe 30 targets and 200, for 5 s each if `quick`, else 30."""
    seconds = 5.0 if quick else 30.0
    rows: list[Row] = []
    for targets, limit in sorted(LIMITS.items()):
        rows += _probed(targets, limit, seconds)
    return rows


def _probed(targets: int, cpu_limit: float, seconds: float) -> list[Row]:
    with TemporaryDirectory() as folder, _servers(targets) as servers:
        assert servers.stdout is not None
        profile = Path(folder) / "profile.toml"
        profile.write_text(_profile(json.loads(servers.stdout.readline())))
        with _keeper(profile, Path(folder) / "runs") as keeper:
            time.sleep(WARM_S)
            began, cpu_s = time.monotonic(), _cpu_s(keeper)
            bare_ms = _bare_lateness_ms(seconds)
            ended, cpu_s = time.monotonic(), _cpu_s(keeper) - cpu_s
            memory_mb = keeper.memory_info().rss / 1e6
        arrivals, _ = servers.communicate(timeout=20)
    kept = [[at for at in each if began <= at <= ended] for each in json.loads(arrivals)]
    errors_ms = sorted(abs(error) * 1e3 for each in kept for error in _errors(each))
    # The ends count too: whoever is never asked has no gaps between arrivals.
    gaps_s = [after - before for each in kept for before, after in pairwise([began, *each, ended])]
    missed = sum(max(0, round(gap / INTERVAL_S) - 1) for gap in gaps_s)
    name, detail = f"{targets} http targets at 1 s", f"{len(errors_ms)} requests in {seconds:.0f} s"
    p99_ms = errors_ms[int(len(errors_ms) * 0.99)] if errors_ms else float("inf")
    middle = (
        f"{detail}, median {statistics.median(errors_ms):.2f} ms, worst {errors_ms[-1]:.1f}" if errors_ms else detail
    )
    middle += f"; a bare clock meanwhile: p99 {bare_ms[int(len(bare_ms) * 0.99)]:.1f}, worst {bare_ms[-1]:.1f}"
    rows = [
        Row(f"{name}: scheduling error p99", p99_ms, ERROR_LIMIT_MS, "ms", middle),
        Row(f"{name}: readings missed", missed, 0, "", detail),
        Row(f"{name}: keeper's CPU", cpu_s / (ended - began) * 100, cpu_limit, "%", f"of one core; {detail}"),
    ]
    if targets == 30:
        rows.append(Row(f"keeper's memory, 30 probes, {STEPS} steps", memory_mb, MEMORY_LIMIT_MB, "MB", "resident"))
    return rows


def _bare_lateness_ms(seconds: float) -> list[float]:
    """Sleep for so long, 10 ms at a time; how late this host woke a process that did nothing, in order of size."""
    deadline = time.monotonic()
    late_ms: list[float] = []
    for _ in range(round(seconds * 100)):
        deadline += 0.01
        time.sleep(max(0.0, deadline - time.monotonic()))
        late_ms.append((time.monotonic() - deadline) * 1e3)
    return sorted(late_ms)


def _errors(arrivals: list[float]) -> Iterator[float]:
    """How far each lies from the grid of whole intervals that fits them best, in seconds."""
    if len(arrivals) < 3:
        return
    half = INTERVAL_S / 2
    places = [(at - arrivals[0] + half) % INTERVAL_S - half for at in arrivals]
    middle = statistics.median(places)
    yield from (place - middle for place in places)


def _profile(ports: list[int]) -> str:
    probes = "".join(
        f'[[probes]]\nid = "probe_{n}"\nkind = "http"\nurl = "http://127.0.0.1:{port}/health"\n'
        f'interval = {INTERVAL_S}\ntimeout = 1\npass = ["status == 200", "json.ok == true"]\n'
        for n, port in enumerate(ports)
    )
    steps = "".join(
        f'[[phases.steps]]\nid = "step_{n}"\ntitle = "Step {n}"\ngate = ["probe_{n % len(ports)}.passing"]\n'
        for n in range(STEPS)
    )
    return f'id = "bench"\nenvironment = "bench"\n{probes}[[phases]]\nid = "all"\ntitle = "All"\n{steps}'


@contextmanager
def _servers(count: int) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, str(HERE / "probe_targets.py"), str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def _keeper(profile: Path, runs: Path) -> Iterator[psutil.Process]:
    run_dir = create_run(load(profile, installed()), {}, folder=runs)
    process = subprocess.Popen([sys.executable, "-m", "cockpit.keeper", str(run_dir)], cwd=profile.parent)
    try:
        yield psutil.Process(process.pid)
        assert process.poll() is None, "the keeper ended early"
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(20)


def _cpu_s(process: psutil.Process) -> float:
    taken = process.cpu_times()
    return taken.user + taken.system
