"""What each probe's status is: after `fail_after`, and `stale` when its last reading is too old to count.

Invariant: every change of a status is told once, with what it was before; a probe that was never read is `unread` and
never `stale`. Pure: it is told the time, on the clock of the readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cockpit.keeper.rounding import written
from cockpit.probes.reading import Debounce
from cockpit.profile.model import Probe
from cockpit.run.events import ProbeChanged
from cockpit.run.readings import Reading, ShownStatus, Status


def stale_after_s(probe: Probe) -> float:
    """The age from which a reading no longer counts."""
    return 2 * probe.interval_s


class Vigil:
    """The statuses of all probes of a run."""

    def __init__(self, probes: Iterable[Probe], statuses: Mapping[str, ShownStatus], now_mono: float) -> None:
        """Go on from `statuses`, as an earlier keeper left them."""
        self._watches = {probe.id: _Watch(probe, statuses.get(probe.id, "unread"), now_mono) for probe in probes}

    def take(self, reading: Reading) -> Iterator[ProbeChanged]:
        """A probe was read."""
        yield from self._watches[reading.probe].take(reading)

    def look(self, now_mono: float) -> Iterator[ProbeChanged]:
        """Time has passed."""
        for watch in self._watches.values():
            yield from watch.look(now_mono)

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

    def take(self, reading: Reading) -> Iterator[ProbeChanged]:
        self._last_mono = reading.ended_mono
        self._last = written(reading)
        status: Status | None = self._debounce.status(reading.status)
        if status is not None and status != self._status:
            yield self._changed(status, self._last.detail)

    def look(self, now_mono: float) -> Iterator[ProbeChanged]:
        if self._status not in ("stale", "unread") and self.is_old(now_mono):
            yield self._changed("stale", f"no reading within {self._limit_s:g} s")

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
