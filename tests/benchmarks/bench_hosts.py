"""Runs in PostgreSQL, walked from several hosts: folders of runs of their own, on this machine, with one server.

From a key on one host's screen to its text on another's, as `bench_pairing` takes it between two screens of one host:
here it goes by the server, and both copies. And fifty runs, each with a keeper and four seats on four hosts: a seat is
all of a screen but the drawing, for which no machine of two cores has room 200 times.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import psutil
import psycopg
from bench_pairing import drain, latencies_s
from bench_probing import INTERVAL_S, _profile, _servers
from bench_store import server
from figures import Row
from seats_host import __file__ as HOST
from terminal_program import Program

from cockpit.audit.keeping import copy_run
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import AbortRun
from cockpit.session.creating import create_run
from cockpit.session.identity import actor
from cockpit.session.seat import Seat

RUNS, HOSTS, PROBES = 50, 4, 2
"""Runs, hosts with a seat at each of them, and probes of each, once a second."""
TARGETS = 5
"""Of the run that two screens are at."""


def measure(quick: bool) -> list[Row]:
    """5 notes, and 2 runs with 2 seats for 2 s if `quick`; else 60, and 50 with 4 for 30 s."""
    with server() as dsn:
        rows = pair_rows(dsn, 5 if quick else 60)
    with server(max_connections=600) as dsn:
        return rows + (crowd_rows(dsn, 2, 2, 2.0) if quick else crowd_rows(dsn, RUNS, HOSTS, 30.0))


# ---- two screens -----------------------------------------------------------------------------------------------------


def pair_rows(dsn: str, notes: int) -> list[Row]:
    """A note from its key on one host to its text on the other, with a real keeper and its probes."""
    with TemporaryDirectory() as folder, _servers(TARGETS) as targets, ExitStack() as stack:
        assert targets.stdout is not None
        profile = Path(folder) / "profile.toml"
        profile.write_text(_profile(json.loads(targets.stdout.readline())))
        here = create_run(load(profile, installed()), {}, folder=Path(folder) / "ash", dsn=dsn)
        there = copy_run(dsn, here.name, Path(folder) / "birch")
        two: list[Program] = []
        stack.callback(_end, here)
        for run_dir, command, shown in ((here, "resume", "q detach"), (there, "join", "q leave")):
            env = {"COCKPIT_RUNS": str(run_dir.parent), "XDG_STATE_HOME": str(run_dir.parent / "state")}
            two.append(Program([sys.executable, "-m", "cockpit.cli", command, run_dir.name], env))
            stack.callback(two[-1].close, b"q")
            two[-1].until(shown)
        drain(two, 2.0)
        ordered = sorted(1e3 * each for each in latencies_s(two, notes))
    name, told = "hosts: a key on one to its text on another", f"{ordered[0]:.1f} to {ordered[-1]:.1f}, {notes} notes"
    return [
        Row(f"{name}, median", statistics.median(ordered), 30.0, "ms", told),
        Row(f"{name}, p95", ordered[int(len(ordered) * 0.95)], 60.0, "ms", told),
    ]


def _end(run_dir: Path) -> None:
    seat = Seat.open(run_dir, actor())
    seat.submit(seat.command(AbortRun, reason="it was measured", typed="bench"))
    seat.close()


# ---- many runs with many seats -------------------------------------------------------------------------------------


class _Host(NamedTuple):
    process: subprocess.Popen[str]

    def look(self) -> dict[str, Any]:
        """What its seats see."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("look\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


def crowd_rows(dsn: str, runs: int, hosts: int, seconds: float) -> list[Row]:
    """Keepers and seats for so many seconds: what was probed, what the seats saw of it, and what the server had."""
    with TemporaryDirectory() as folder, _servers(runs * PROBES) as targets, ExitStack() as stack:
        assert targets.stdout is not None
        ports = json.loads(targets.stdout.readline())
        run_dirs = [_begun(Path(folder), dsn, ports[PROBES * at : PROBES * (at + 1)], at) for at in range(runs)]
        keepers = [stack.enter_context(_keeper(run_dir)) for run_dir in run_dirs]
        _until_probed(run_dirs, keepers)
        names = [run_dir.name for run_dir in run_dirs]
        sitting = [stack.enter_context(_sitting(dsn, Path(folder) / f"host{at}", names)) for at in range(hosts)]
        time.sleep(min(2.0, seconds))
        before, began = [host.look() for host in sitting], time.monotonic()
        cpu_s = _server_cpu_s(dsn)
        time.sleep(seconds)
        after, ended = [host.look() for host in sitting], time.monotonic()
        cpu_s = _server_cpu_s(dsn) - cpu_s
        connections = _connections(dsn)
        stack.close()
        arrivals, _ = targets.communicate(timeout=60)
    kept = [[at for at in each if began <= at <= ended] for each in json.loads(arrivals)]
    gaps_s = [after - before for each in kept for before, after in pairwise([began, *each, ended])]
    missed = sum(max(0, round(gap / INTERVAL_S) - 1) for gap in gaps_s)
    still = sum(
        earlier == later
        for one, other in zip(before, after, strict=True)
        for earlier, later in zip(one["seen"], other["seen"], strict=True)
    )
    troubles = [trouble for one in after for trouble in one["troubles"]]
    seats_cpu = 100 * sum(b["cpu_s"] - a["cpu_s"] for a, b in zip(before, after, strict=True)) / (ended - began)
    who = f"{runs} runs, {hosts} seats each"
    told = f"{sum(map(len, kept))} requests in {ended - began:.0f} s; slowest gap {max(gaps_s):.2f} s"
    return [
        Row(f"hosts: {who}: probes missed", missed, 0, "", told),
        Row(f"hosts: {who}: seats that saw nothing new", still, 0, "", "; ".join(troubles[:3])),
        Row(f"hosts: {who}: connections", connections, runs * (2 + 2 * hosts) + 1, "", "at their end"),
        Row(f"hosts: {who}: the server's CPU", 100 * cpu_s / (ended - began), 100.0, "%",
            f"of one core; all seats {seats_cpu:.0f} %"),
    ]  # fmt: skip


def _begun(folder: Path, dsn: str, ports: Sequence[int], at: int) -> Path:
    profile = folder / f"profile{at}.toml"
    profile.write_text(_profile(list(ports)).replace('id = "bench"', f'id = "bench{at}"', 1))
    return create_run(load(profile, installed()), {}, folder=folder / "keepers", dsn=dsn)


@contextmanager
def _keeper(run_dir: Path) -> Iterator[psutil.Process]:
    process = subprocess.Popen([sys.executable, "-m", "cockpit.keeper", str(run_dir)], cwd=run_dir)
    try:
        yield psutil.Process(process.pid)
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(60)


@contextmanager
def _sitting(dsn: str, folder: Path, names: list[str]) -> Iterator[_Host]:
    folder.mkdir()
    env = {**os.environ, "COCKPIT_RUNS": str(folder), "XDG_STATE_HOME": str(folder / "state")}
    argv = [sys.executable, HOST, dsn, str(folder), *names]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield _Host(process)
        process.stdin.close()


def _until_probed(run_dirs: list[Path], keepers: list[psutil.Process]) -> None:
    """Until every keeper has written a sample; none has ended."""
    give_up = time.monotonic() + 180
    for run_dir, keeper in zip(run_dirs, keepers, strict=True):
        while b'"probes.sampled"' not in (run_dir / "audit.jsonl").read_bytes():
            assert keeper.is_running(), f"the keeper of {run_dir.name} ended"
            assert time.monotonic() < give_up, f"the keeper of {run_dir.name} wrote nothing"
            time.sleep(0.1)


def _connections(dsn: str) -> int:
    with psycopg.connect(dsn) as admin:
        row = admin.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cockpit'").fetchone()
    assert row is not None
    return int(row[0])


def _server_cpu_s(dsn: str) -> float:
    """Of all its processes that live."""
    with psycopg.connect(dsn) as admin:
        postmaster = psutil.Process(admin.info.backend_pid).parent()
        assert postmaster is not None
        taken = [process.cpu_times() for process in (postmaster, *postmaster.children())]
    return sum(each.user + each.system for each in taken)
