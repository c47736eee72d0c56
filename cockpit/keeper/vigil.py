"""What each probe's status is: after `fail_after`, and `stale` when its last reading is too old to count.

Invariant: every change of a status is told once, with what it was before; a probe that was never read is `unread` and
never `stale`. Pure: it is told the time, on the clock of the readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cockpit.keeper.resting import Pace
from cockpit.keeper.rounding import written
from cockpit.probes.reading import Debounce
from cockpit.profile.model import Probe
from cockpit.run.events import ProbeChanged
from cockpit.run.readings import Reading, ShownStatus, Status


def stale_after_s(probe: Probe, interval_s: float = 0.0) -> float:
    """The age from which a reading no longer counts; `interval_s`: how often it is read now, if not as declared."""
    return 2 * (interval_s or probe.interval_s)


class Vigil:
    """The statuses of all probes of a run."""

    def __init__(self, probes: Iterable[Probe], statuses: Mapping[str, ShownStatus], now_mono: float) -> None:
        """Go on from `statuses`, as an earlier keeper left them."""
        self._watches = {probe.id: _Watch(probe, statuses.get(probe.id, "unread"), now_mono) for probe in probes}
        self._pace = Pace()

    def pace(self, pace: Pace) -> None:
        """Probes are read in this way from now on: a probe that rests is not said to be late."""
        if pace == self._pace:
            return
        self._pace = pace
        for probe, watch in self._watches.items():
            watch.pace(pace.asked.get(probe, 0.0), pace.detail if probe in pace.resting else "")

    def take(self, reading: Reading) -> Iterator[ProbeChanged]:
        """A probe was read."""
        yield from self._watches[reading.probe].take(reading)

    def look(self, now_mono: float) -> Iterator[ProbeChanged]:
        """Time has passed."""
        for watch in self._watches.values():
            yield from watch.look(now_mono)

    def knows(self, probe: str) -> bool:
        """Whether the profile has such a probe."""
        return probe in self._watches

    def is_stale(self, probe: str, now_mono: float) -> bool:
        """Whether its last reading is too old to count."""
        return self._watches[probe].is_old(now_mono)


class _Watch:
    def __init__(self, probe: Probe, status: ShownStatus, now_mono: float) -> None:
        self._probe = probe
        self._limit_s = stale_after_s(probe)
        self._debounce = Debounce(probe.fail_after)
        if status in ("pass", "warn", "fail", "error"):
            self._debounce.go_on_from(status)
        self._status: ShownStatus = status
        self._last_mono = now_mono
        self._last: Reading | None = None
        self._rests = ""
        """Why it is not read, unless it is."""

    def pace(self, interval_s: float, rests: str) -> None:
        self._limit_s = stale_after_s(self._probe, interval_s)
        self._rests = "" if interval_s else rests

    def take(self, reading: Reading) -> Iterator[ProbeChanged]:
        self._last_mono = reading.ended_mono
        self._last = written(reading)
        status: Status | None = self._debounce.status(reading.status)
        if status is not None and status != self._status:
            yield self._changed(status, self._last.detail)

    def look(self, now_mono: float) -> Iterator[ProbeChanged]:
        if self._status not in ("stale", "unread") and self.is_old(now_mono):
            yield self._changed("stale", self._rests or f"no reading within {self._limit_s:g} s")

    def is_old(self, now_mono: float) -> bool:
        return now_mono - self._last_mono > self._limit_s

    def _changed(self, status: ShownStatus, detail: str) -> ProbeChanged:
        previous, self._status = self._status, status
        last = self._last
        return ProbeChanged(
            probe=self._probe.id,
            previous=previous,
            status=status,
            value=last.value if last else None,
            unit=last.unit if last else "",
            latency_ms=last.latency_ms if last else None,
            detail=detail,
        )
