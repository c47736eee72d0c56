"""A run of any size for the tests of reports: many probes, many steps, a long night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from screen_story import ANA, BEGIN, PROFILE

from cockpit.profile.model import Phase, Probe, Profile, Step, Window
from cockpit.run import events as e
from cockpit.run.readings import Evidence, Reading

READ_AT_ONCE = 20


def large_profile(probes: int, steps: int) -> Profile:
    """Phases of 25 steps each."""
    phases = tuple(
        Phase(
            id=f"phase{at}", title=f"Stretch {at}",
            steps=tuple(
                Step(id=f"step{n}", title=f"Work number {n}", estimate_s=60, gate=(f"probe{n % probes} < 500.0",))
                for n in range(at, min(at + 25, steps))
            ),
        )
        for at in range(0, steps, 25)
    )  # fmt: skip
    watched = tuple(Probe(id=f"probe{n}", kind="http", warn_when=("latency_ms > 300.0",)) for n in range(probes))
    window = Window(start="22:00", end="02:00", timezone="Europe/Rome")
    return Profile(id="large", environment=PROFILE.environment, window=window, phases=phases, probes=watched)


def large_night(count: int, *, probes: int = 200, steps: int = 500, hours: float = 24.0) -> Iterator[e.Event]:
    """About `count` events: samples all along, each step confirmed on evidence in its turn."""
    profile = large_profile(probes, steps)
    every = max(2, count // steps)
    for seq in range(1, count + 1):
        passed_s = hours * 3600 * seq / count
        instant = e.Instant(BEGIN + timedelta(seconds=passed_s), "boot-a", 1000 + passed_s)
        step, rest = divmod(seq, every)
        body: e.Body
        if seq == 1:
            body = e.RunStarted(
                profile=profile, profile_digest="00", sources=(), cockpit_version="0", window_start=BEGIN,
                window_end=BEGIN + timedelta(hours=hours),
            )  # fmt: skip
        elif rest == 0 and step <= steps:
            known = tuple(Evidence(f"probe{n}", "warn", 312.5, "ms", 1.0) for n in range(20))
            body = e.StepConfirmed(step=f"step{step - 1}", attempt=1, current=known, counts={"pass": 180, "warn": 20})
        elif rest == 1 and seq > 2:
            body = e.ProbeChanged(
                probe=f"probe{step % probes}", previous="pass", status="warn" if seq % 2 else "pass", value=312.5,
                unit="ms", detail="latency_ms is 312.5",
            )  # fmt: skip
        else:
            first = seq * READ_AT_ONCE % probes
            readings = tuple(
                Reading(
                    probe=f"probe{(first + n) % probes}", status="pass", value=100 + (seq * 7 + n) % 250, unit="ms",
                    latency_ms=120.0, ended_mono=999 + passed_s,
                )
                for n in range(min(READ_AT_ONCE, probes))
            )  # fmt: skip
            body = e.ProbesSampled(readings=readings, ages=(1,) * probes)
        yield e.Event(seq, f"id{seq}", body.type, body.is_fact, instant, ANA, body, "RUN1")
