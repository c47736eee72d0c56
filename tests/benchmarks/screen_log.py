"""A run that lives, without a keeper: `screen_log.py FOLDER PROBES STEPS changing|still`.

Makes the run, prints its folder, and is its keeper as far as a screen can see: it holds the lock, beats, and appends
samples once a second (`changing`: of every probe, with a new value) or, as keepers do when nothing changes, every 10 s.
Ends when its stdin ends.
"""

from __future__ import annotations

import math
import os
import select
import sys
import time
from pathlib import Path

from cockpit.audit import layout
from cockpit.audit.files import FileStore
from cockpit.audit.line import draft
from cockpit.audit.locks import HeldLock
from cockpit.keeper.beat import Beat
from cockpit.keeper.sampler import Sampler
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.events import Actor, ConditionVerdict, GateChanged, KeeperStarted, ProbeChanged
from cockpit.run.readings import Reading
from cockpit.session.creating import create_run

TICK_S = 0.25
KEEPER = Actor(user="keeper", host="bench")
STEPS_A_PHASE = 20


def profile_text(probes: int, steps: int) -> str:
    """A profile with so many probes, and so many steps in phases of twenty."""
    parts = ['id = "bench"\nenvironment = "bench"\ntitle = "A night of measuring"\n']
    parts += [
        f'[[probes]]\nid = "probe_{n:03}"\nkind = "http"\nurl = "http://127.0.0.1:9/{n}"\ninterval = "1s"\n'
        f'title = "Service {n}"\npass = ["status == 200"]\nvalue = "latency_ms"\nunit = "ms"\n'
        for n in range(probes)
    ]
    for first in range(0, steps, STEPS_A_PHASE):
        parts.append(f'[[phases]]\nid = "phase_{first}"\ntitle = "Phase from {first}"\n')
        parts += [
            f'[[phases.steps]]\nid = "step_{n}"\ntitle = "Do the thing number {n}"\nestimate = "5m"\nrisk = "routine"\n'
            f'gate = ["probe_{n % probes:03}.passing"]\ncommand = "kubectl rollout status deploy/app-{n} --watch"\n'
            f'instructions = """\nRoll out **part {n}**, then look at `probe_{n % probes:03}`.\n\n'
            f'- wait for the rollout\n- read the error rate\n- tell the room about {n}\n"""\n'
            for n in range(first, min(steps, first + STEPS_A_PHASE))
        ]
    return "".join(parts)


def reading(n: int, second: int, now: float) -> Reading:
    """What a probe says at a second: three digits that move with time, by another way for each probe."""
    value = 120.0 + 80.0 * math.sin(second * 0.7 + n) + (second * 37 + n * 11) % 23
    return Reading(probe=f"probe_{n:03}", status="pass", value=value, unit="ms", latency_ms=value, ended_mono=now)


def main() -> None:
    """Make the run and keep it alive."""
    folder, probes, steps, is_changing = (
        Path(sys.argv[1]),
        int(sys.argv[2]),
        int(sys.argv[3]),
        sys.argv[4] == "changing",
    )
    profile = folder / "profile.toml"
    profile.write_text(profile_text(probes, steps))
    run_dir = create_run(load(profile, installed()), {}, folder=folder / "runs")
    lock = HeldLock.take(layout.keeper_lock(run_dir))
    assert lock is not None
    store, beat = FileStore.open(run_dir), Beat(run_dir, 1)
    store.append(None, draft(KeeperStarted(epoch=1, pid=os.getpid(), version="0"), KEEPER))
    for n in range(probes):
        body = ProbeChanged(probe=f"probe_{n:03}", previous="unread", status="pass", value=120.0, unit="ms")
        store.append(None, draft(body, KEEPER))
    holds = (ConditionVerdict(condition="probe_000.passing", holds=True),)
    opened = GateChanged(gate="step:step_0", opened_seq=1, verdict="pass", conditions=holds)
    store.append(None, draft(opened, KEEPER))
    sampler = Sampler([f"probe_{n:03}" for n in range(probes)])
    print(run_dir, flush=True)
    second = -1
    while not select.select([sys.stdin], [], [], TICK_S)[0]:
        now = time.monotonic()
        beat.beat(now)
        if int(now) == second:
            continue
        second = int(now)
        for n in range(probes):
            sampler.take(reading(n, second if is_changing else 0, now))
        for body in sampler.sample(now):
            store.append(None, draft(body, KEEPER))
    store.close()
    beat.close()
    lock.release()


if __name__ == "__main__":
    main()
