"""From readings to `probes.sampled`: what has changed since the last sample, and everything once a minute.

Invariant: whoever folds all samples knows, for every probe, its newest reading as a person would read it, and how old
the last one is; at least every 10 s while the keeper lives. No line grows past `LINE_BYTES`, however many probes.
It reads no clock and writes nothing: the caller asks once a second, and before it tells what a gate says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from cockpit.keeper.rounding import says_the_same, written
from cockpit.run.events import ProbesSampled
from cockpit.run.readings import Reading

SILENCE_S = 10.0
"""The longest time without a sample."""
KEY_S = 60.0
"""Between key frames."""
LINE_BYTES = 32 * 1024
"""Of the readings in one line; the log's limit is twice that."""


class Sampler:
    """The newest reading of every probe, and what was told of it."""

    def __init__(self, probes: Sequence[str], ended: Mapping[str, float] | None = None) -> None:
        """Sample these probes, in the profile's order. `ended`: when an earlier keeper's last readings ended."""
        self._latest: dict[str, Reading] = {}
        self._told: dict[str, Reading] = {}
        self._ended: dict[str, float | None] = {probe: (ended or {}).get(probe) for probe in probes}
        self._changed: dict[str, None] = {}
        self._last_mono: float | None = None
        self._last_key_mono: float | None = None

    def take(self, reading: Reading) -> None:
        """A probe was read."""
        latest = written(reading)
        self._latest[reading.probe] = latest
        self._ended[reading.probe] = reading.ended_mono
        told = self._told.get(reading.probe)
        if told is None or not says_the_same(told, latest):
            self._changed[reading.probe] = None

    def sample(self, now_mono: float) -> tuple[ProbesSampled, ...]:
        """What to append now: nothing, one event, or several where one line cannot hold it."""
        is_key = self._last_key_mono is None or now_mono - self._last_key_mono >= KEY_S
        if is_key and not self._latest:
            return ()
        is_due = self._last_mono is None or now_mono - self._last_mono >= SILENCE_S
        if not (is_key or is_due or self._changed):
            return ()
        chosen = [self._latest[probe] for probe in (self._ended if is_key else self._changed) if probe in self._latest]
        self._told.update((reading.probe, reading) for reading in chosen)
        self._changed.clear()
        self._last_mono = now_mono
        if is_key:
            self._last_key_mono = now_mono
        # Rounded up: an age is never said to be less than it is.
        ages = tuple(None if ended is None else max(0, math.ceil(now_mono - ended)) for ended in self._ended.values())
        return tuple(ProbesSampled(key=is_key, readings=part, ages=ages) for part in _lines(chosen))


def _lines(readings: Sequence[Reading]) -> Iterator[tuple[Reading, ...]]:
    part: list[Reading] = []
    size = 0
    for reading in readings:
        bytes_ = len(msgspec.json.encode(reading))
        if part and size + bytes_ > LINE_BYTES:
            yield tuple(part)
            part, size = [], 0
        part.append(reading)
        size += bytes_
    yield tuple(part)
