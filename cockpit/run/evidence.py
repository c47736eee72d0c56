"""What was known of the probes at a moment: statuses and ages as they may be shown, and the selection that is recorded.

An age is an upper bound by the keeper's clock, and known only within its boot. While the keeper speaks, it is for it
to say what is stale: it may read a probe more seldom than declared (outside the window, for a checkpoint). When it has
said nothing for longer than it ever is silent, an old reading counts as stale here, whatever the last fact said: a
dead keeper cannot say so.
"""

from __future__ import annotations

from msgspec import Struct

from cockpit.patterns import late
from cockpit.profile.model import Probe
from cockpit.run.events import Instant
from cockpit.run.numbering import gate_conditions
from cockpit.run.readings import Evidence, Scalar, ShownStatus
from cockpit.run.state import EMPTY, RunState
from cockpit.run.state_watch import ProbeState
from cockpit.text import shortened

LIMIT = 64
"""Entries of one selection: two of them fit into a line of the log with room to spare."""

SAMPLE_SILENCE_S = 12.0
"""The keeper writes ages every 10 s at least; after that and a slow disk, ages are no longer kept up."""

_VALUE_LIMIT = 160
_WORD = late(r"[a-z][a-z0-9_]*")


class ProbeNow(Struct, frozen=True):
    """A probe as it may be shown now."""

    status: ShownStatus
    age_s: float | None
    """At most this old; None: never read, or read before a reboot."""


def probe_now(probe: Probe, known: ProbeState, now: Instant) -> ProbeNow:
    """What may be said of `probe` at `now`."""
    if known.status == "unread":
        return ProbeNow("unread", None)
    if not known.as_of_boot:
        return ProbeNow(known.status, None)
    if known.as_of_boot != now.boot:
        return ProbeNow("stale", None)
    silent_s = max(0.0, now.mono - known.as_of_mono)
    age_s = None if known.age_s is None else known.age_s + silent_s
    is_old = age_s is not None and age_s > 2 * probe.interval_s + SAMPLE_SILENCE_S
    if is_old and silent_s > SAMPLE_SILENCE_S and not probe.on_demand:
        return ProbeNow("stale", age_s)
    return ProbeNow(known.status, age_s)


def evidence(state: RunState, now: Instant) -> tuple[Evidence, ...]:
    """The probes that the gate at the cursor names, then every other one that is not passing; at most `LIMIT`."""
    if state.started is None:
        return ()
    named = gate_probes(state)
    chosen: list[Evidence] = []
    others: list[Evidence] = []
    for probe in state.profile.probes:
        seen = probe_now(probe, state.probes[probe.id], now)
        if probe.id in named:
            chosen.append(_entry(probe, state.probes[probe.id], seen))
        elif seen.status != "pass":
            others.append(_entry(probe, state.probes[probe.id], seen))
    return (*chosen, *others)[:LIMIT]


def counts(state: RunState, now: Instant) -> dict[str, int]:
    """How many probes show each status; statuses that none shows are left out."""
    tally: dict[str, int] = {}
    for probe in state.profile.probes if state is not EMPTY else ():
        status = probe_now(probe, state.probes[probe.id], now).status
        tally[status] = tally.get(status, 0) + 1
    return tally


def gate_probes(state: RunState) -> frozenset[str]:
    """Ids of the probes that the gate at the cursor names.

    Found by their names, since conditions are read by the keeper alone: a name inside a text literal counts too, which
    adds a probe to the evidence and hurts nobody.
    """
    if state.cursor is None:
        return frozenset()
    words = {word for text in gate_conditions(state.profile, state.cursor.gate) for word in _WORD.findall(text)}
    return frozenset(words & state.probes.keys())


def recorded(seen: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Evidence handed in from a screen, bounded as one selection is."""
    return tuple(
        Evidence(entry.probe, entry.status, _bounded(entry.value), shortened(entry.unit, 20), entry.age_s)
        for entry in seen[:LIMIT]
    )


def _entry(probe: Probe, known: ProbeState, seen: ProbeNow) -> Evidence:
    reading = known.reading
    return Evidence(
        probe=probe.id,
        status=seen.status,
        value=_bounded(reading.value) if reading else None,
        unit=shortened(reading.unit, 20) if reading else "",
        age_s=None if seen.age_s is None else round(seen.age_s, 1),
    )


def _bounded(value: Scalar) -> Scalar:
    return shortened(value, _VALUE_LIMIT) if isinstance(value, str) else value
